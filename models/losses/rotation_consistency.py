"""Rotation consistency: does the prediction turn with the image?"""

import torch
from torch import Tensor

from ..geometry.coordinates import Size2D, inside_crop
from ..geometry.rotation import rotate_points


def rotation_inconsistency(
    upright: Tensor,
    rotated: Tensor,
    angles: Tensor,
    person_size: Tensor,
    input_size: Size2D,
    scales: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Measure how far a prediction fails to turn with its image.

    Args:
        upright: ``(B, K, 2)`` joints decoded from the upright crop, pixels.
        rotated: ``(B, K, 2)`` joints decoded from the turned crop, pixels.
        angles: ``(B,)`` angles of the turned crop in radians.
        person_size: ``(B,)`` longer side of the person's box in pixels of
            the crop.
        input_size: Crop size ``(W, H)`` in pixels.
        scales: ``(B,)`` magnification of the turned crop; 1 by default.

    Returns:
        ``(B, K)`` distance of ``rotated`` from the turned ``upright`` in
        units of person size, and a ``(B, K)`` boolean mask: True where the
        turned joint is still inside the crop, so that the distance counts.

    Convention:
        Positive angles turn x toward y about ``((W-1)/2, (H-1)/2)``.
    """
    expected = rotate_points(upright, angles, input_size, scales)
    distance = torch.linalg.vector_norm(rotated - expected, dim=-1)
    if scales is not None:
        person_size = person_size * scales
    return distance / person_size.unsqueeze(-1), inside_crop(
        expected, input_size
    )
