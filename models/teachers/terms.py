"""Terms of the objective that a teacher minimizes.

The data term depends on the projected joints only and serves every body:
robust distances to the keypoints and distances to the pose prior. The
residual terms are those of a body of free joints: bone lengths and hinge
limits, each with its analytic Jacobian.

Convention: the unknowns of the free joints are the 17 joints × (x, y, z) in
units of person size, then log(stature / person size).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from ...skeleton import NUM_JOINTS

# Layout of the unknowns of free joints.
NUM_COORDINATES = 3 * NUM_JOINTS
LOG_SCALE = NUM_COORDINATES
NUM_UNKNOWNS = NUM_COORDINATES + 1
DEPTHS = slice(2, NUM_COORDINATES, 3)

# Added to lengths (in squares), which keeps derivatives finite at zero.
_MIN_LENGTH = 1e-4


@dataclass(frozen=True)
class FitTargets:
    """Positions that the projected joints are fitted to.

    Attributes:
        points: Keypoints p (B, 17, 2) in units of person size.
        weights: Weights w (B, 17): confidence over variance.
        prior_mean: Mean m of the pose prior (B, 17, 2).
        prior_precision: 1 / s² of the pose prior per axis (B, 17, 2).
    """

    points: Tensor
    weights: Tensor
    prior_mean: Tensor
    prior_precision: Tensor


class DataTerm(NamedTuple):
    """Second-order expansion of the data term at projected joints P.

    Attributes:
        energy: Its part of E (B,).
        gradient: Half its derivative by P (B, 17, 2).
        curvature: Half its second derivative per axis (B, 17, 2), with the
            robust weights held.
    """

    energy: Tensor
    gradient: Tensor
    curvature: Tensor


def robust_weights(squared: Tensor, width: float) -> Tensor:
    """Geman–McClure weight ρ'(e²), 1 at zero.

    Source: Geman and McClure, Bull. Int. Stat. Inst. 52 (1987).

    Args:
        squared: Squared errors e² of any shape in units of person size².
        width: Width c of the loss in units of person size.

    Returns:
        Weights in [0, 1] of the same shape.

    Example:
        >>> robust_weights(torch.tensor([0.0, 0.05**2]), 0.05)
        tensor([1.0000, 0.2500])
    """
    return (width**2 / (width**2 + squared)).square()


def data_term(
    targets: FitTargets, width: float
) -> Callable[[Tensor], DataTerm]:
    """Make the part of the objective that sees the projected joints only.

    Args:
        targets: Keypoints, weights and pose prior.
        width: Width c of the robust loss in units of person size.

    Returns:
        A function of projected joints P (B, 17, 2) that returns
        ``Σ_j w_j ρ(|P_j - p_j|) + Σ_j |(P_j - m_j) / s_j|²`` and its
        derivatives.

    Example:
        >>> points = torch.zeros(1, 17, 2)
        >>> one = torch.ones(1, 17)
        >>> targets = FitTargets(points, one, points, torch.zeros(1, 17, 2))
        >>> data_term(targets, 0.05)(points).energy
        tensor([0.])
        >>> data_term(targets, 0.05)(points + 9).energy
        tensor([0.0425])
    """

    def expand(points: Tensor) -> DataTerm:
        error = points - targets.points
        squared = error.square().sum(-1)
        prior_error = points - targets.prior_mean
        weights = targets.weights * robust_weights(squared, width)
        loss = targets.weights * width**2 * squared / (width**2 + squared)
        prior_gradient = targets.prior_precision * prior_error
        return DataTerm(
            loss.sum(1) + (prior_gradient * prior_error).sum((1, 2)),
            weights[..., None] * error + prior_gradient,
            weights[..., None] + targets.prior_precision,
        )

    return expand


def coordinates(values: Tensor) -> Tensor:
    """View the coordinates in a vector over the unknowns of free joints.

    Args:
        values: Vectors (B, 52) over the unknowns.

    Returns:
        View (B, 17, 3) of the joints' x, y and z.

    Example:
        >>> coordinates(torch.zeros(1, NUM_UNKNOWNS)).shape
        torch.Size([1, 17, 3])
    """
    return torch.unflatten(values[:, :NUM_COORDINATES], 1, (NUM_JOINTS, 3))


def relative_lengths(
    unknowns: Tensor, bones: Tensor, lengths: Tensor
) -> tuple[Tensor, Tensor]:
    """Bone lengths divided by their expected lengths.

    Args:
        unknowns: Free joints (B, 52).
        bones: Joint pairs (E, 2).
        lengths: Expected lengths (E,) as fractions of stature.

    Returns:
        Ratios (B, E), 1 where a bone has its expected length, and their
        Jacobian (B, E, 52). A bone of zero length has a zero derivative.

    Example:
        >>> unknowns = torch.zeros(1, NUM_UNKNOWNS)
        >>> coordinates(unknowns)[0, 1] = torch.tensor([0.1, 0.0, 0.0])
        >>> bone = torch.tensor([[0, 1]])
        >>> relative_lengths(unknowns, bone, torch.tensor([0.1]))[0]
        tensor([[1.0000]])
    """
    joints = coordinates(unknowns)
    difference = joints[:, bones[:, 0]] - joints[:, bones[:, 1]]
    length = (difference.square().sum(-1) + _MIN_LENGTH**2).sqrt()
    unit = torch.exp(-unknowns[:, LOG_SCALE])[:, None] / lengths
    ratio = length * unit
    slope = difference * (unit / length)[..., None]
    jacobian = _scatter(bones, (slope, -slope))
    jacobian[..., LOG_SCALE] = -ratio
    return ratio, jacobian


def hinge_limits(
    unknowns: Tensor, hinges: Tensor, min_angles: Tensor, spread: float
) -> tuple[Tensor, Tensor]:
    """Excess of the cosine of a hinge's angle over that of its limit.

    Args:
        unknowns: Free joints (B, 52).
        hinges: Joint triples (upper, middle, lower), (M, 3).
        min_angles: Smallest interior angles (M,) in radians.
        spread: Standard deviation of the excess (a cosine).

    Returns:
        ``max(0, cos(angle) - cos(min_angle)) / spread`` (B, M) and its
        Jacobian (B, M, 52).

    Example:
        >>> unknowns = torch.zeros(1, NUM_UNKNOWNS)
        >>> coordinates(unknowns)[0, :2, 0] = torch.tensor([1.0, 0.0])
        >>> coordinates(unknowns)[0, 2, 0] = 1.0
        >>> hinge = torch.tensor([[0, 1, 2]])
        >>> hinge_limits(unknowns, hinge, torch.tensor([torch.pi / 2]), 0.1)[0]
        tensor([[10.]])
    """
    joints = coordinates(unknowns)
    upper, middle, lower = (joints[:, hinges[:, k]] for k in range(3))
    first, second = upper - middle, lower - middle
    first_length = _norm(first)
    second_length = _norm(second)
    product = first_length * second_length
    cosine = (first * second).sum(-1, keepdim=True) / product
    by_first = (second / product) - cosine * first / first_length**2
    by_second = (first / product) - cosine * second / second_length**2
    excess = cosine[..., 0] - min_angles.cos()
    active = (excess > 0)[..., None].to(excess) / spread
    slopes = (by_first, -by_first - by_second, by_second)
    jacobian = _scatter(hinges, [slope * active for slope in slopes])
    return excess.clamp(min=0) / spread, jacobian


def _norm(vectors: Tensor) -> Tensor:
    """Lengths (…, 1) of vectors (…, 3), never zero."""
    squared = vectors.square().sum(-1, keepdim=True)
    return (squared + _MIN_LENGTH**2).sqrt()


def _scatter(joints: Tensor, slopes: Sequence[Tensor]) -> Tensor:
    """Jacobian (B, R, 52) from slopes (B, R, 3) by the R × J joints."""
    count, rows, _ = slopes[0].shape
    jacobian = slopes[0].new_zeros(count, rows, NUM_UNKNOWNS)
    axes = torch.arange(3, device=joints.device)
    for position, slope in enumerate(slopes):
        columns = 3 * joints[:, position, None] + axes
        jacobian.scatter_(2, columns.expand(count, -1, -1), slope)
    return jacobian
