"""Coordinates of a crop: its center, its inside and its feature map.

Convention:
    Points are ``(x, y)`` in pixels of the crop, pixel centers at integers,
    x to the right and y down. ``input_size`` is ``(W, H)``.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from .precision import full_precision

Size2D = tuple[int, int]


def crop_center(points: Tensor, input_size: Size2D) -> Tensor:
    """Return the center of a crop in the dtype and device of ``points``.

    Args:
        points: Any tensor, read for its dtype and device only.
        input_size: Crop size ``(W, H)`` in pixels.

    Returns:
        ``(2,)`` the point ``((W - 1) / 2, (H - 1) / 2)`` in pixels.

    Example:
        >>> crop_center(torch.zeros(1), (192, 256))
        tensor([ 95.5000, 127.5000])
    """
    return (torch.stack([points.new_full((), n) for n in input_size]) - 1) / 2


def inside_crop(points: Tensor, input_size: Size2D) -> Tensor:
    """Tell which points lie on the pixel grid of the crop.

    Args:
        points: ``(..., 2)`` points in pixels.
        input_size: Crop size ``(W, H)`` in pixels.

    Returns:
        ``(...)`` boolean, True where ``0 <= x <= W - 1`` and
        ``0 <= y <= H - 1``.

    Example:
        >>> inside_crop(torch.tensor([[0.0, 255.0], [192.0, 0.0]]), (192, 256))
        tensor([ True, False])
    """
    x, y = points.unbind(-1)
    width, height = input_size
    return (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)


def mirror_points(
    points: Tensor, input_size: Size2D, flip_indices: Sequence[int]
) -> Tensor:
    """Find keypoints in the mirrored crop.

    Args:
        points: ``(B, K, 2)`` points in pixels.
        input_size: Crop size ``(W, H)`` in pixels.
        flip_indices: ``(K,)`` the keypoint that each becomes in a mirror.

    Returns:
        ``(B, K, 2)`` points with ``W - 1 - x`` in place of x, in the order of
        the keypoints of the mirrored crop.

    Example:
        >>> eyes = torch.tensor([[[10.0, 5.0], [20.0, 6.0]]])
        >>> mirror_points(eyes, (192, 256), [1, 0])
        tensor([[[171.,   6.],
                 [181.,   5.]]])
    """
    x, y = points[:, list(flip_indices)].unbind(-1)
    return torch.stack([input_size[0] - 1 - x, y], -1)


def sample_features(
    features: Tensor, points: Tensor, input_size: Size2D
) -> Tensor:
    """Read a feature map at points of the crop, bilinearly.

    Args:
        features: ``(B, C, h, w)`` feature map that covers the whole crop.
        points: ``(B, K, 2)`` points in pixels of the crop. Points outside
            take the value at the border.
        input_size: Crop size ``(W, H)`` in pixels.

    Returns:
        ``(B, K, C)`` features at the points, in at least float32.

    Convention:
        A cell of the feature map covers ``W / w`` pixels; its value sits at
        the middle of them (``align_corners=False``).

    Example:
        >>> features = torch.tensor([[[[0.0, 1.0], [2.0, 3.0]]]])
        >>> middle = torch.tensor([[[1.5, 1.5]]])
        >>> sample_features(features, middle, (4, 4))
        tensor([[[1.5000]]])
    """
    height, width = features.shape[-2:]
    left, x = _cells(points[..., 0], width, input_size[0])
    top, y = _cells(points[..., 1], height, input_size[1])
    rows = torch.stack([top, top, top + 1, top + 1], -1)
    columns = torch.stack([left, left + 1, left, left + 1], -1)
    shares = torch.stack(
        [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y], -1
    )
    samples = torch.arange(features.shape[0], device=features.device)
    # grid_sample takes three times as long for a few points on large maps
    corners = features[samples[:, None, None], :, rows, columns]
    # positions have no room for half precision, see full_precision
    exact = torch.promote_types(features.dtype, torch.float32)
    with full_precision(features):
        mixed = shares.to(exact).unsqueeze(-2) @ corners.to(exact)
    return mixed.squeeze(-2)


def _cells(pixels: Tensor, count: int, length: int) -> tuple[Tensor, Tensor]:
    """Find pixels between the cells of an axis of a feature map.

    Args:
        pixels: ``(...)`` pixels along the axis.
        count: Cells.
        length: Pixels that the cells cover.

    Returns:
        The cell before each pixel, never the last one, and how far from it
        toward the next cell the pixel lies, in [0, 1].
    """
    at = ((pixels + 0.5) * (count / length) - 0.5).clamp(0, count - 1)
    before = at.detach().floor().clamp_max(count - 2)
    return before.long(), at - before
