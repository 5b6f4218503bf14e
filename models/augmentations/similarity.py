"""Rotation and scaling of a view about the center of its crop."""

from typing import NamedTuple

import torch
from torch import Tensor
from typing_extensions import Self

from ..geometry.coordinates import Size2D
from ..geometry.rotation import rotate_images, rotate_points


class SimilarityTransform(NamedTuple):
    """Rotation and magnification of B views about the centers of the crops.

    Convention:
        A positive angle turns x toward y about ``((W - 1) / 2,
        (H - 1) / 2)``.

    Args:
        angles: ``(B,)`` angles in radians.
        scales: ``(B,)`` factors of magnification.
    """

    angles: Tensor
    scales: Tensor

    @classmethod
    def identity(cls, like: Tensor) -> Self:
        """Return the transform that changes nothing.

        Args:
            like: ``(B,)`` tensor whose device and dtype it takes.

        Returns:
            Zero angles, scales of one.
        """
        return cls(torch.zeros_like(like), torch.ones_like(like))

    @classmethod
    def random_rotation(cls, like: Tensor, max_deg: float) -> Self:
        """Draw one angle per view, evenly from ``[-max_deg, max_deg]``.

        Args:
            like: ``(B,)`` tensor whose device it takes.
            max_deg: Largest angle in degrees.

        Returns:
            Random angles, scales of one, float32.
        """
        unit = torch.rand(len(like), device=like.device) * 2 - 1
        angles = torch.deg2rad(unit * max_deg)
        return cls(angles, torch.ones_like(angles))

    def inverse(self) -> Self:
        """Return the transform from the views back to the crops.

        Returns:
            The inverse transform.
        """
        return type(self)(-self.angles, 1 / self.scales)

    def apply_to_points(self, points: Tensor, input_size: Size2D) -> Tensor:
        """Transform points.

        Args:
            points: ``(B, K, 2)`` points in pixels of the crops.
            input_size: Crop size ``(W, H)`` in pixels.

        Returns:
            ``(B, K, 2)`` points in pixels of the views.
        """
        return rotate_points(points, self.angles, input_size, self.scales)

    def apply_to_images(self, images: Tensor, fill: Tensor) -> Tensor:
        """Transform images, bilinearly.

        Args:
            images: ``(B, C, H, W)`` crops.
            fill: ``(C,)`` color of pixels that the crop does not cover.

        Returns:
            ``(B, C, H, W)`` views.
        """
        return rotate_images(images, self.angles, fill, self.scales)
