"""Refinement of decoded keypoints between the cells, as MMPose's codecs do.

The codecs of MMPose decode on the CPU, one sample after the other. These are
the same computations for a batch on any device, so that a training step can
decode without waiting.

Convention:
    Offsets are ``(x, y)`` in cells of the heatmap (or bins of an axis), from
    the cell of the maximum.

Source: Zhang et al., "Distribution-Aware Coordinate Representation for Human
Pose Estimation" (DARK), CVPR 2020; Huang et al., "The Devil Is in the
Details" (UDP), CVPR 2020.
"""

import cv2
import torch
from torch import Tensor
from torch.nn import functional

from ..geometry.precision import full_precision

# what mmpose clips blurred heatmaps to before it takes their logarithm
_LOWEST, _HIGHEST = 1e-3, 50.0
_LOWEST_DARK = 1e-10


def shift_offsets(heatmaps: Tensor, cells: Tensor) -> Tensor:
    """Move a quarter of a cell toward the larger neighbor along each axis.

    Args:
        heatmaps: ``(B, K, h, w)`` heatmaps.
        cells: ``(B, K, 2)`` cells of the maxima, whole numbers.

    Returns:
        ``(B, K, 2)`` offsets of -0.25, 0 or 0.25; 0 at the border, as
        mmpose's ``refine_keypoints``.

    Example:
        >>> heatmap = torch.zeros(1, 1, 5, 5)
        >>> heatmap[0, 0, 2, 2:4] = torch.tensor([1.0, 0.5])
        >>> shift_offsets(heatmap, torch.tensor([[[2, 2]]]))
        tensor([[[0.2500, 0.0000]]])
    """
    height, width = heatmaps.shape[-2:]
    x, y = cells.unbind(-1)
    right, left = (_at(heatmaps, cells, dx, 0) for dx in (1, -1))
    below, above = (_at(heatmaps, cells, 0, dy) for dy in (1, -1))
    inside_x = (x > 1) & (x < width - 1) & (y > 0)
    inside_y = (y > 1) & (y < height - 1) & (x > 0)
    offsets = torch.stack(
        [(right - left) * inside_x, (below - above) * inside_y], -1
    )
    return 0.25 * offsets.sign()


def dark_offsets(heatmaps: Tensor, cells: Tensor, kernel: int) -> Tensor:
    """Find the maximum of the blurred log heatmap by one Newton step (DARK).

    Args:
        heatmaps: ``(B, K, h, w)`` heatmaps.
        cells: ``(B, K, 2)`` cells of the maxima, whole numbers.
        kernel: Size of the Gaussian blur in cells, odd.

    Returns:
        ``(B, K, 2)`` offsets, as mmpose's ``refine_keypoints_dark``: 0
        within two cells of the border and where the Hessian is singular.

    Example:
        >>> x = torch.arange(9.0)
        >>> heatmap = torch.exp(-((x - 4.3) ** 2 + (x[:, None] - 4) ** 2) / 4)
        >>> at = torch.tensor([[[4, 4]]])
        >>> offsets = dark_offsets(heatmap[None, None], at, 3)
        >>> offsets[..., 0].round(decimals=2)
        tensor([[0.3000]])
    """
    logs = blur(heatmaps, kernel).clamp_min(_LOWEST_DARK).log()

    def at(dx: int, dy: int) -> Tensor:
        return _at(logs, cells, dx, dy)

    center = at(0, 0)
    xx = 0.25 * (at(2, 0) - 2 * center + at(-2, 0))
    yy = 0.25 * (at(0, 2) - 2 * center + at(0, -2))
    xy = 0.25 * (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1))
    gradient = 0.5 * torch.stack(
        [at(1, 0) - at(-1, 0), at(0, 1) - at(0, -1)], -1
    )
    x, y = cells.unbind(-1)
    height, width = heatmaps.shape[-2:]
    inside = (x > 1) & (x < width - 2) & (y > 1) & (y < height - 2)
    determinant = xx * yy - xy.square()
    solvable = inside & (determinant != 0)
    step = _newton_step(xx, xy, yy, gradient)
    return torch.where(solvable[..., None], step, torch.zeros_like(step))


def dark_udp_offsets(heatmaps: Tensor, cells: Tensor, kernel: int) -> Tensor:
    """Find the maximum of the blurred log heatmap as UDP does.

    Args:
        heatmaps: ``(B, K, h, w)`` heatmaps.
        cells: ``(B, K, 2)`` cells of the maxima, whole numbers.
        kernel: Size of the Gaussian blur in cells, odd.

    Returns:
        ``(B, K, 2)`` offsets, as mmpose's ``refine_keypoints_dark_udp``.

    Example:
        >>> x = torch.arange(9.0)
        >>> heatmap = torch.exp(-((x - 4.3) ** 2 + (x[:, None] - 4) ** 2) / 4)
        >>> at = torch.tensor([[[4, 4]]])
        >>> offsets = dark_udp_offsets(heatmap[None, None], at, 3)
        >>> offsets[..., 0].round(decimals=2)
        tensor([[0.3000]])
    """
    logs = blur(heatmaps, kernel).clamp(_LOWEST, _HIGHEST).log()

    def at(dx: int, dy: int) -> Tensor:
        return _at(logs, cells, dx, dy)

    center, right, left = at(0, 0), at(1, 0), at(-1, 0)
    below, above = at(0, 1), at(0, -1)
    eps = torch.finfo(torch.float32).eps
    xx = right - 2 * center + left + eps
    yy = below - 2 * center + above + eps
    mixed = at(1, 1) - right - below + 2 * center - left - above + at(-1, -1)
    gradient = 0.5 * torch.stack([right - left, below - above], -1)
    return _newton_step(xx, 0.5 * mixed, yy, gradient)


def dark_offsets_1d(logits: Tensor, modes: Tensor, kernel: int) -> Tensor:
    """Find the maximum of a blurred log axis by one Newton step.

    Args:
        logits: ``(B, K, N)`` values along an axis.
        modes: ``(B, K)`` bins of the maxima.
        kernel: Size of the Gaussian blur in bins, odd.

    Returns:
        ``(B, K)`` offsets in bins, as mmpose's ``refine_simcc_dark``.

    Example:
        >>> axis = torch.exp(-((torch.arange(9.0) - 4.3) ** 2) / 4)
        >>> offset = dark_offsets_1d(axis[None, None], torch.tensor([[4]]), 3)
        >>> offset.round(decimals=2)
        tensor([[0.3000]])
    """
    weights = _kernel(kernel, logits)
    with full_precision(logits):
        blurred = functional.conv1d(
            logits.flatten(0, 1)[:, None],
            weights.view(1, 1, -1),
            padding=kernel // 2,
        ).view_as(logits)
    top = blurred.amax(-1)
    scale = logits.amax(-1) / top.masked_fill(top == 0, 1.0)
    blurred = blurred * scale[..., None]
    logs = blurred.clamp(_LOWEST, _HIGHEST).log()
    center, right, left, right2, left2 = (
        logs.gather(-1, (modes + step)[..., None].clamp(0, logs.shape[-1] - 1))
        for step in (0, 1, -1, 2, -2)
    )
    first = 0.5 * (right - left)
    second = 1e-9 + 0.25 * (right2 - 2 * center + left2)
    return -(first / second).squeeze(-1)


def blur(heatmaps: Tensor, kernel: int) -> Tensor:
    """Blur heatmaps and restore their maxima, as mmpose's ``gaussian_blur``.

    Args:
        heatmaps: ``(B, K, h, w)`` heatmaps.
        kernel: Size of the Gaussian in cells, odd.

    Returns:
        ``(B, K, h, w)`` blurred heatmaps; zeros surround the heatmap.

    Example:
        >>> heatmap = torch.zeros(1, 1, 3, 3)
        >>> heatmap[0, 0, 1, 1] = 1.0
        >>> blur(heatmap, 3)[0, 0, 1]
        tensor([0.5000, 1.0000, 0.5000])
    """
    blurred = smooth(heatmaps, kernel, 'constant')
    top = blurred.amax((-2, -1))
    scale = heatmaps.amax((-2, -1)) / top.masked_fill(top == 0, 1.0)
    return blurred * scale[..., None, None]


def smooth(heatmaps: Tensor, kernel: int, border: str) -> Tensor:
    """Convolve heatmaps with a Gaussian.

    Args:
        heatmaps: ``(B, K, h, w)`` heatmaps.
        kernel: Size of the Gaussian in cells, odd; OpenCV derives its
            standard deviation from it.
        border: Values outside, a mode of ``torch.nn.functional.pad``.

    Returns:
        ``(B, K, h, w)`` blurred heatmaps.

    Example:
        >>> heatmap = torch.zeros(1, 1, 3, 3)
        >>> heatmap[0, 0, 1, 1] = 1.0
        >>> smooth(heatmap, 3, 'constant')[0, 0, 1]
        tensor([0.1250, 0.2500, 0.1250])
    """
    weights = _kernel(kernel, heatmaps)
    reach = kernel // 2
    maps = functional.pad(
        heatmaps.flatten(0, 1)[:, None], (reach,) * 4, mode=border
    )
    with full_precision(heatmaps):
        maps = functional.conv2d(maps, weights.view(1, 1, 1, -1))
        maps = functional.conv2d(maps, weights.view(1, 1, -1, 1))
    return maps.view_as(heatmaps)


def _kernel(size: int, like: Tensor) -> Tensor:
    weights = torch.from_numpy(cv2.getGaussianKernel(size, 0)).flatten()
    return weights.to(like, non_blocking=True)


def _at(maps: Tensor, cells: Tensor, dx: int, dy: int) -> Tensor:
    """Values beside cells, ``(B, K)``; the border is repeated."""
    height, width = maps.shape[-2:]
    x, y = cells.unbind(-1)
    column = (x.long() + dx).clamp(0, width - 1)
    row = (y.long() + dy).clamp(0, height - 1)
    index = (row * width + column)[..., None]
    return maps.flatten(-2).gather(-1, index).squeeze(-1)


def _newton_step(
    xx: Tensor, xy: Tensor, yy: Tensor, gradient: Tensor
) -> Tensor:
    """``-H^-1 g`` for 2 x 2 Hessians."""
    x, y = gradient.unbind(-1)
    determinant = xx * yy - xy.square()
    solution = torch.stack([yy * x - xy * y, xx * y - xy * x], -1)
    return -solution / determinant[..., None]
