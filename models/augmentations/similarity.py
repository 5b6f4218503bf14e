"""Rotation and scaling of a view about the center of its crop."""

from typing import NamedTuple

import torch
from torch import Tensor


def random_angles(batch_size: int, max_deg: float, like: Tensor) -> Tensor:
    """Draw one angle per sample, evenly from ``[-max_deg, max_deg]``.

    Args:
        batch_size: Number of angles B.
        max_deg: Largest angle in degrees.
        like: Tensor whose device the angles take.

    Returns:
        ``(B,)`` angles in radians, float32.
    """
    unit = torch.rand(batch_size, device=like.device) * 2 - 1
    return torch.deg2rad(unit * max_deg)


class SimilarityTransform(NamedTuple):
    """How a view is turned and magnified about the center of the crop.

    Args:
        angles: ``(B,)`` angles in radians.
        scales: ``(B,)`` factors of magnification.
    """

    angles: Tensor
    scales: Tensor

    @classmethod
    def upright(cls, like: Tensor) -> 'SimilarityTransform':
        """Return the placement of the crop itself.

        Args:
            like: ``(B,)`` tensor whose device and type it takes.

        Returns:
            Neither turned nor magnified.
        """
        return cls(torch.zeros_like(like), torch.ones_like(like))
