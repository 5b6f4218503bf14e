"""Trust from distances, and the fusion of solvability and identifiability."""

from typing import Literal, get_args

import torch
from torch import Tensor

Fusion = Literal['min', 'mean', 'solvability', 'identifiability']
FUSIONS: tuple[str, ...] = get_args(Fusion)


def decay(distance: Tensor, alpha: float) -> Tensor:
    """Map distances to [0, 1] by ``exp(-alpha · distance)``, 1 at zero.

    Args:
        distance: Distances of any shape in units of person size, ≥ 0.
        alpha: Decay rate per person size.

    Returns:
        Values in [0, 1] of the same shape.

    Example:
        >>> decay(torch.tensor([0.0, 0.1]), 10.0)
        tensor([1.0000, 0.3679])
    """
    return torch.exp(-alpha * distance)


def fuse(solvability: Tensor, identifiability: Tensor, fusion: str) -> Tensor:
    """Combine solvability and identifiability into one trust.

    Args:
        solvability: (B, 17) in [0, 1].
        identifiability: (B, 17) in [0, 1].
        fusion: One of ``FUSIONS``: the smaller, the mean, or one of the two.

    Returns:
        Trust (B, 17) in [0, 1]; NaN where an input it uses is NaN.

    Raises:
        ValueError: Unknown ``fusion``.

    Example:
        >>> solvability = torch.tensor([[0.9, 0.4]])
        >>> fuse(solvability, torch.tensor([[0.5, 0.8]]), 'min')
        tensor([[0.5000, 0.4000]])
    """
    if fusion == 'min':
        return torch.minimum(solvability, identifiability)
    if fusion == 'mean':
        return (solvability + identifiability) / 2
    if fusion == 'solvability':
        return solvability
    if fusion == 'identifiability':
        return identifiability
    raise ValueError(
        f'expected fusion to be one of {FUSIONS}, found {fusion!r}'
    )
