"""Rotation and scaling of crops and of points in them about the center.

Convention:
    Angles are in radians; a positive angle turns x toward y, which is
    clockwise on the screen since y points down. Points are ``(x, y)`` in
    pixels, pixel centers at integers, and the center of rotation is
    ``((W - 1) / 2, (H - 1) / 2)``. The rotation is one in pixels: it keeps
    lengths and angles whatever the aspect ratio of the crop.
"""

import torch
from torch import Tensor

from .coordinates import Size2D, crop_center
from .precision import full_precision


def rotation_matrices(angles: Tensor) -> Tensor:
    """Return the matrices that turn ``(x, y)`` columns by the given angles.

    Args:
        angles: ``(B,)`` angles in radians.

    Returns:
        ``(B, 2, 2)`` matrices ``[[cos, -sin], [sin, cos]]``.

    Example:
        >>> quarter = rotation_matrices(torch.tensor([torch.pi / 2]))
        >>> (quarter @ torch.tensor([2.0, 1.0])).round(decimals=3)
        tensor([[-1.,  2.]])
    """
    cos, sin = angles.cos(), angles.sin()
    rows = (torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1))
    return torch.stack(rows, -2)


def rotate_points(
    points: Tensor,
    angles: Tensor,
    input_size: Size2D,
    scales: Tensor | None = None,
) -> Tensor:
    """Turn points about the center of their crop.

    Args:
        points: ``(B, K, 2)`` points in pixels.
        angles: ``(B,)`` angles in radians.
        input_size: Crop size ``(W, H)`` in pixels.
        scales: ``(B,)`` factors of the distance from the center; 1 by
            default.

    Returns:
        ``(B, K, 2)`` turned points in pixels.

    Example:
        >>> point = torch.tensor([[[3.0, 1.0]]])
        >>> quarter = torch.tensor([torch.pi / 2])
        >>> rotate_points(point, quarter, (5, 3)).round(decimals=3)
        tensor([[[2., 2.]]])
    """
    center = crop_center(points, input_size)
    with full_precision(points):
        turned = (points - center) @ rotation_matrices(angles).mT
    if scales is not None:
        turned = turned * scales.view(-1, 1, 1)
    return turned + center


def rotate_images(
    images: Tensor,
    angles: Tensor,
    fill: Tensor,
    scales: Tensor | None = None,
) -> Tensor:
    """Turn images about their center, bilinearly.

    What stands at ``p`` in the image stands at ``rotate_points(p)`` in the
    result.

    Args:
        images: ``(B, C, H, W)`` images.
        angles: ``(B,)`` angles in radians.
        fill: ``(C,)`` color of what the image does not cover.
        scales: ``(B,)`` factors of magnification; 1 by default.

    Returns:
        ``(B, C, H, W)`` turned images.

    Example:
        >>> image = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
        >>> quarter = torch.tensor([torch.pi / 2])
        >>> rotate_images(image, quarter, torch.zeros(1)).round(decimals=3)
        tensor([[[[3., 1.],
                  [4., 2.]]]])
    """
    height, width = images.shape[-2:]
    # normalized output -> pixels -> turned back -> normalized input
    scale = torch.stack(
        [images.new_full((), (n - 1) / 2) for n in (width, height)]
    )
    inverse = rotation_matrices(-angles.to(images.dtype))
    if scales is not None:
        inverse = inverse / scales.to(images.dtype).view(-1, 1, 1)
    matrix = inverse * scale / scale.unsqueeze(-1)
    x, y = (
        torch.linspace(-1, 1, n, dtype=images.dtype, device=images.device)
        for n in (width, height)
    )
    # affine_grid would multiply matrices, which takes four times as long
    grid = (
        x[:, None] * matrix[:, None, None, :, 0]
        + y[:, None, None] * matrix[:, None, None, :, 1]
    )
    fill = fill.to(images).view(1, -1, 1, 1)
    turned = torch.nn.functional.grid_sample(
        images - fill,
        grid,
        mode='bilinear',
        padding_mode='zeros',
        align_corners=True,
    )
    return turned.add_(fill)
