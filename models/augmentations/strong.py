"""Strong augmentation of crops, under which a pose network makes errors.

A network makes few errors on the images it was trained on, so a trust head
finds few to learn from. A strongly augmented view of the same crop provokes
errors: a keypoint whose prediction moves away from that for the crop itself
is probably wrong.

The augmentations run on batches on the device of the model, between two
forward passes; the transforms of MMPose and albumentations work on single
images on the CPU.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from ..options import StrongAugmentationOptions
from .similarity import SimilarityTransform


def strong_view(
    images: Tensor, options: StrongAugmentationOptions, fill: Tensor
) -> tuple[Tensor, SimilarityTransform]:
    """Augment crops strongly.

    Args:
        images: ``(B, 3, H, W)`` normalized crops.
        options: Strengths and shares of the augmentations.
        fill: ``(3,)`` color of pixels that a rotated crop does not cover.

    Returns:
        ``(B, 3, H, W)`` views, and the transforms from the crops to them.

    Example:
        >>> options = StrongAugmentationOptions()
        >>> view, transform = strong_view(
        ...     torch.zeros(2, 3, 256, 192), options, torch.zeros(3)
        ... )
        >>> view.shape
        torch.Size([2, 3, 256, 192])
    """
    transform = _random_transform(images, options)
    views = images
    for share, change in (
        (options.paste, _cutmix),
        (options.light, _adjust_light),
        (options.blur, _blur),
        (options.low_resolution, _lower_resolution),
    ):
        views = _apply_to_share(views, share, change)
    views = transform.apply_to_images(views, fill)
    for share, change in (
        (options.occlude, _occlude),
        (options.noise, _noise),
    ):
        views = _apply_to_share(views, share, change)
    return views, transform


def _random_transform(
    images: Tensor, options: StrongAugmentationOptions
) -> SimilarityTransform:
    unit = torch.rand(2, len(images), device=images.device) * 2 - 1
    return SimilarityTransform(
        torch.deg2rad(unit[0] * options.max_deg),
        options.max_scale ** unit[1],
    )


def _uniform(images: Tensor, low: float, high: float) -> Tensor:
    draw = torch.rand(len(images), 1, 1, 1, device=images.device)
    return low + (high - low) * draw


def _apply_to_share(
    images: Tensor, share: float, change: Callable[[Tensor], Tensor]
) -> Tensor:
    """Change a random share of a batch; the rest is not computed."""
    count = int(share * len(images) + float(torch.rand(())))
    chosen = torch.randperm(len(images), device=images.device)[:count]
    if not count:
        return images
    return images.index_copy(0, chosen, change(images[chosen]))


def _patch(images: Tensor, low: float, high: float) -> Tensor:
    """Draw a rectangle in each image, ``(B, 1, H, W)`` boolean.

    Its sides are shares from ``low`` to ``high`` of the image's.
    """
    inside = []
    for axis in (-2, -1):
        length = images.shape[axis]
        grid = torch.arange(length, device=images.device) / length
        start = _uniform(images, -0.1, 1.1).flatten()[:, None]
        side = _uniform(images, low, high).flatten()[:, None]
        inside.append((grid - start).abs() < side / 2)
    rows, columns = inside
    return (rows[:, :, None] & columns[:, None, :])[:, None]


def _occlude(images: Tensor) -> Tensor:
    colors = torch.randn(3, len(images), 3, 1, 1, device=images.device)
    for index, color in enumerate(colors):
        patch = _patch(images, 0.08, 0.4)
        if index:
            patch = patch & (_uniform(images, 0, 1) < 0.5)
        images = torch.where(patch, color.to(images.dtype), images)
    return images


def _cutmix(images: Tensor) -> Tensor:
    """Paste a patch of the previous crop of the batch (CutMix)."""
    other = images.roll(1, 0).roll(
        (images.shape[-2] // 5, images.shape[-1] // 3), (-2, -1)
    )
    return torch.where(_patch(images, 0.3, 0.7), other, images)


def _adjust_light(images: Tensor) -> Tensor:
    """Change contrast and brightness."""
    contrast = 2 ** _uniform(images, -1.5, 0.7)
    return images * contrast + _uniform(images, -1, 1)


def _noise(images: Tensor) -> Tensor:
    return images + torch.randn_like(images) * _uniform(images, 0.1, 0.8)


def _blur(images: Tensor) -> Tensor:
    """Blur over 15 pixels along x or y; the rotation turns the direction."""
    across = functional.avg_pool2d(images, (1, 15), 1, (0, 7))
    along = functional.avg_pool2d(images, (15, 1), 1, (7, 0))
    return torch.where(_uniform(images, 0, 1) < 0.5, across, along)


def _lower_resolution(images: Tensor) -> Tensor:
    """Halve the resolution, once, twice or three times."""
    small = functional.avg_pool2d(images, 2)
    views = _enlarge(small, images)
    for share in (0.6, 0.4):
        small = functional.avg_pool2d(small, 2)
        chosen = _uniform(images, 0, 1) < share
        views = torch.where(chosen, _enlarge(small, images), views)
    return views


def _enlarge(small: Tensor, like: Tensor) -> Tensor:
    return functional.interpolate(
        small, like.shape[-2:], mode='bilinear', align_corners=False
    )
