"""The second view of a training step: rotated or strongly augmented."""

from torch import Tensor

from ..options import ConsistencyOptions
from .similarity import SimilarityTransform
from .strong import strong_view


def second_view(
    images: Tensor,
    sizes: Tensor,
    options: ConsistencyOptions,
    fill: Tensor,
) -> tuple[Tensor, SimilarityTransform]:
    """Make the view that the prediction for the crops is compared with.

    Args:
        images: ``(B, 3, H, W)`` normalized crops.
        sizes: ``(B,)`` person sizes, read for their device.
        options: Options of rotation consistency.
        fill: ``(3,)`` color of pixels that a rotated crop does not cover.

    Returns:
        ``(B, 3, H, W)`` views, and the transforms from the crops to them.

    Example:
        >>> import torch
        >>> images = torch.zeros(2, 3, 256, 192)
        >>> options = ConsistencyOptions(max_deg=30.0)
        >>> view, transform = second_view(
        ...     images, torch.ones(2), options, torch.zeros(3)
        ... )
        >>> view.shape, bool((transform.angles.abs() <= torch.pi / 6).all())
        (torch.Size([2, 3, 256, 192]), True)
    """
    if options.hard_view is not None:
        return strong_view(images, options.hard_view, fill)
    transform = SimilarityTransform.random_rotation(sizes, options.max_deg)
    return transform.apply_to_images(images, fill), transform
