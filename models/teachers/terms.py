"""Residuals of a body of 3-D joints and their analytic Jacobians.

Every function returns residuals (B, R) in standard deviations and their
Jacobian (B, R, 52) with respect to the unknowns: 17 joints × (x, y, z) in
units of person size, then log(stature / person size).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import NamedTuple

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


@dataclass(frozen=True)
class Targets:
    """What a body is fitted to.

    Attributes:
        points: Keypoints p (B, 17, 2).
        weights: Weights w (B, 17), inverse variances times visibility.
        prior_mean: m (B, 17, 2).
        prior_precision: 1 / s² per axis (B, 17, 2).
    """

    points: Tensor
    weights: Tensor
    prior_mean: Tensor
    prior_precision: Tensor

    def take(self, rows: Tensor) -> Targets:
        """The samples at ``rows``."""
        return Targets(*(getattr(self, f.name)[rows] for f in fields(self)))


class DataTerm(NamedTuple):
    """The pull of keypoints and prior on projected joints P.

    Attributes:
        energy: Its part of E (B,).
        force: Half its derivative by P (B, 17, 2).
        stiffness: Half its second derivative per axis (B, 17, 2), with the
            robust weights held.
    """

    energy: Tensor
    force: Tensor
    stiffness: Tensor


def robust_weights(squared: Tensor, width: float) -> Tensor:
    """Geman–McClure weight ρ'(e²) of squared errors, 1 at zero.

    Source: Geman and McClure, Bull. Int. Stat. Inst. 52 (1987).
    """
    return (width**2 / (width**2 + squared)).square()


def data_term(targets: Targets, width: float) -> Callable[[Tensor], DataTerm]:
    """The part of the objective that sees the projected joints only."""

    def attract(points: Tensor) -> DataTerm:
        error = points - targets.points
        squared = error.square().sum(-1)
        away = points - targets.prior_mean
        weights = targets.weights * robust_weights(squared, width)
        loss = targets.weights * width**2 * squared / (width**2 + squared)
        pull = targets.prior_precision * away
        return DataTerm(
            loss.sum(1) + (pull * away).sum((1, 2)),
            weights[..., None] * error + pull,
            weights[..., None] + targets.prior_precision,
        )

    return attract
