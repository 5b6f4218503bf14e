"""Trust from distances, and the fusion of two kinds of it."""

import torch
from torch import Tensor

ALPHA = 10.0


FUSIONS = ('min', 'mean', 'solvability', 'identifiability')


def decay(distance: Tensor, alpha: float) -> Tensor:
    """``exp(-alpha · distance)``: 1 at zero, in [0, 1]."""
    return torch.exp(-alpha * distance)


def fuse(solvability: Tensor, identifiability: Tensor, fusion: str) -> Tensor:
    """Combine the two scores.

    Args:
        solvability: (B, 17) in [0, 1].
        identifiability: (B, 17) in [0, 1].
        fusion: One of ``FUSIONS``.

    Returns:
        Trust (B, 17) in [0, 1]; NaN where an input it uses is NaN.

    Raises:
        ValueError: Unknown ``fusion``.
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
