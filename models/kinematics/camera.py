"""The scaled-orthographic camera.

Convention: camera axes x right, y down, z away from the viewer; a point
projects to its x and y. The scale is part of the body (``exp(log_scale)``
times fractions of stature), so a projected point is in units of person size.
"""

import torch
from torch import Tensor


def default_size(points: Tensor, weights: Tensor) -> Tensor:
    """Longer side of the box around the joints with a positive weight.

    Args:
        points: Keypoints (B, K, 2), any unit; all finite.
        weights: Weights (B, K); 0 leaves a joint out.

    Returns:
        (B,) in the unit of ``points``; 0 where no joint is left.

    Example:
        >>> points = torch.tensor([[[0.0, 0.0], [30.0, 40.0], [900.0, 0.0]]])
        >>> default_size(points, torch.tensor([[1.0, 1.0, 0.0]]))
        tensor([40.])
    """
    hidden = (weights <= 0)[..., None]
    low = points.masked_fill(hidden, torch.inf).amin(1)
    high = points.masked_fill(hidden, -torch.inf).amax(1)
    return (high - low).amax(1).clamp(min=0)


def rotate_yaw(points: Tensor, angle: float) -> Tensor:
    """Rotate points about the vertical axis.

    Convention: positive angles turn z toward x, so a body that faces the
    camera turns to the image's left at 90°.

    Args:
        points: Points (…, 3) in camera axes, any unit.
        angle: Angle in radians.

    Returns:
        Rotated points (…, 3).

    Example:
        >>> left = torch.tensor([0.0, 0.0, 1.0])
        >>> rotate_yaw(left, torch.pi / 2).round(decimals=3)
        tensor([1., 0., -0.])
    """
    yaw = points.new_full((), angle)
    cos, sin = yaw.cos(), yaw.sin()
    x, y, z = points.unbind(-1)
    return torch.stack((cos * x + sin * z, y, cos * z - sin * x), -1)
