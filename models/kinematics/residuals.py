"""Residuals of a body of 3-D joints and their analytic Jacobians.

Every function returns residuals (B, R) in standard deviations and their
Jacobian (B, R, 52) with respect to the unknowns: 17 joints × (x, y, z) in
units of person size, then log(stature / person size).
"""

from __future__ import annotations

import torch
from torch import Tensor

UNKNOWNS = 52
SMALLEST = 1e-4


def split(unknowns: Tensor) -> tuple[Tensor, Tensor]:
    """Joints (B, 17, 3) and log scale (B,) of the unknowns (B, 52)."""
    return unknowns[:, :51].unflatten(1, (17, 3)), unknowns[:, 51]


def relative_lengths(
    unknowns: Tensor, bones: Tensor, lengths: Tensor
) -> tuple[Tensor, Tensor]:
    """Bone lengths divided by their expected lengths.

    Args:
        unknowns: (B, 52).
        bones: Joint pairs (E, 2).
        lengths: Expected lengths (E,) as fractions of stature.

    Returns:
        Ratios (B, E), 1 where a bone has its expected length, and their
        Jacobian (B, E, 52). A bone of zero length has a zero derivative.
    """
    joints, log_scale = split(unknowns)
    difference = joints[:, bones[:, 0]] - joints[:, bones[:, 1]]
    length = (difference.square().sum(-1) + SMALLEST**2).sqrt()
    unit = torch.exp(-log_scale)[:, None] / lengths
    ratio = length * unit
    slope = difference * (unit / length)[..., None]
    jacobian = unknowns.new_zeros(*ratio.shape, UNKNOWNS)
    place = torch.arange(3, device=bones.device)
    for side, sign in ((0, 1.0), (1, -1.0)):
        columns = 3 * bones[:, side, None] + place
        index = columns.expand(len(unknowns), -1, -1)
        jacobian.scatter_(2, index, sign * slope)
    jacobian[..., 51] = -ratio
    return ratio, jacobian


def hinge_limits(
    unknowns: Tensor, hinges: Tensor, smallest: Tensor, spread: float
) -> tuple[Tensor, Tensor]:
    """How far a hinge is folded beyond its limit.

    Args:
        unknowns: (B, 52).
        hinges: Joint triples (upper, middle, lower), (M, 3).
        smallest: Smallest interior angles (M,) in radians.
        spread: Tolerance on the cosine of the angle.

    Returns:
        ``max(0, cos(angle) - cos(smallest)) / spread`` (B, M) and its
        Jacobian (B, M, 52).
    """
    joints, _ = split(unknowns)
    upper, middle, lower = (joints[:, hinges[:, k]] for k in range(3))
    first, second = upper - middle, lower - middle
    one = (first.square().sum(-1, keepdim=True) + SMALLEST**2).sqrt()
    two = (second.square().sum(-1, keepdim=True) + SMALLEST**2).sqrt()
    cosine = (first * second).sum(-1, keepdim=True) / (one * two)
    by_first = (second / (one * two)) - cosine * first / one**2
    by_second = (first / (one * two)) - cosine * second / two**2
    excess = cosine[..., 0] - smallest.cos()
    active = (excess > 0)[..., None].to(excess) / spread
    jacobian = unknowns.new_zeros(*excess.shape, UNKNOWNS)
    place = torch.arange(3, device=hinges.device)
    slopes = (by_first, -by_first - by_second, by_second)
    for k, slope in enumerate(slopes):
        index = (3 * hinges[:, k, None] + place).expand(len(unknowns), -1, -1)
        jacobian.scatter_(2, index, slope * active)
    return excess.clamp(min=0) / spread, jacobian
