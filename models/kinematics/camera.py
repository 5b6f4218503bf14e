"""The scaled-orthographic camera.

Convention: camera axes x right, y down, z away from the viewer; a point
projects to its x and y. The scale is part of the body (``exp(log_scale)``
times fractions of stature), so a projected point is in units of person size.
"""

from __future__ import annotations

import torch
from torch import Tensor


def project(points: Tensor) -> Tensor:
    """Project points (…, 3) to the image (…, 2)."""
    return points[..., :2]


def default_size(points: Tensor, visible: Tensor) -> Tensor:
    """Longer side of the box around the visible joints.

    Args:
        points: Keypoints (B, 17, 2), any unit; hidden joints must be finite.
        visible: Weights (B, 17); 0 hides a joint.

    Returns:
        (B,) in the unit of ``points``; 0 where nothing is visible.
    """
    hidden = (visible <= 0)[..., None]
    low = points.masked_fill(hidden, torch.inf).amin(1)
    high = points.masked_fill(hidden, -torch.inf).amax(1)
    return (high - low).amax(1).clamp(min=0)


def turn(points: Tensor, angle: float) -> Tensor:
    """Turn points (…, 3) about the vertical axis.

    Convention: radians; positive angles turn z toward x, so a body that
    faces the camera turns to the image's left at 90°.
    """
    turned = points.new_full((), angle)
    cos, sin = turned.cos(), turned.sin()
    x, y, z = points.unbind(-1)
    return torch.stack((cos * x + sin * z, y, cos * z - sin * x), -1)
