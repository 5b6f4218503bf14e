"""How well a score in [0, 1] states the probability of a correct joint."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._validation import (
    check_probabilities,
    check_sample_weight,
    check_scores_and_correct,
)
from .score_groups import ScoreGroups, dot, group_correct, group_risk


@dataclass(frozen=True)
class ReliabilityBins:
    """The M bins of a reliability diagram.

    Attributes:
        edges: (M + 1,) ascending edges; bin m is (edges[m], edges[m + 1]],
            the first one also holds its lower edge.
        count: (M,) sum of weights, the number of joints without weights.
        mean_score: (M,) mean score, NaN in an empty bin.
        accuracy: (M,) share of correct joints, NaN in an empty bin.
    """

    edges: NDArray[np.float64]
    count: NDArray[np.float64]
    mean_score: NDArray[np.float64]
    accuracy: NDArray[np.float64]


def equal_width_edges(num_bins: int) -> NDArray[np.float64]:
    """Edges that cut [0, 1] into bins of one width.

    Args:
        num_bins: Number of bins M.

    Returns:
        (M + 1,) ascending edges from 0 to 1.

    Raises:
        ValueError: If ``num_bins`` is below 1.

    Examples:
        >>> equal_width_edges(4)
        array([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    _check_num_bins(num_bins)
    return np.linspace(0, 1, num_bins + 1)


def equal_mass_edges(
    scores: ArrayLike,
    num_bins: int,
    *,
    sample_weight: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Edges that give every bin the same number of scores.

    The m-th inner edge is the ⌈mN/M⌉-th smallest score. Tied scores stay in
    one bin, so bins are uneven, or empty, where ties are many.

    Args:
        scores: (N,) scores in [0, 1].
        num_bins: Number of bins M.
        sample_weight: (N,) repetitions of each joint, at least 0; 1 by
            default.

    Returns:
        (M + 1,) edges from 0 to 1, ascending, repeated where a bin is empty.

    Raises:
        ValueError: If a score lies outside [0, 1] or is NaN, the weights are
            negative or all 0, or ``num_bins`` is below 1.

    Examples:
        >>> equal_mass_edges([0.1, 0.2, 0.3, 0.9], 2)
        array([0. , 0.2, 1. ])
    """
    check_probabilities(scores)
    groups = group_risk(scores, np.zeros(np.shape(scores)), sample_weight)
    return _equal_mass_edges(groups, num_bins)


def reliability_bins(
    scores: ArrayLike,
    correct: ArrayLike,
    edges: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> ReliabilityBins:
    """Mean score and share of correct joints in each bin.

    Args:
        scores: (N,) scores in [0, 1].
        correct: (N,) bool, True where the joint is correct.
        edges: (M + 1,) ascending edges from 0 to 1, as from
            :func:`equal_width_edges` or :func:`equal_mass_edges`.
        sample_weight: (N,) repetitions of each joint, at least 0; 1 by
            default.

    Returns:
        The bins.

    Raises:
        ValueError: If a score lies outside [0, 1] or is NaN, the lengths
            differ, the weights are negative or all 0, or the edges do not
            ascend from 0 to 1.

    Examples:
        >>> bins = reliability_bins(
        ...     [0.25, 0.75, 1.0], [False, True, True], equal_width_edges(2)
        ... )
        >>> bins.count, bins.mean_score, bins.accuracy
        (array([1., 2.]), array([0.25 , 0.875]), array([0., 1.]))
    """
    groups = _group_probabilities(scores, correct, sample_weight)
    return _fill_bins(groups, _check_edges(edges))


def ece(
    scores: ArrayLike,
    correct: ArrayLike,
    num_bins: int,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Expected calibration error over bins of equal width.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    The estimate is biased and depends on the bins; read it together with
    :func:`ece_mass` and :func:`brier`.

    Args:
        scores: (N,) scores in [0, 1].
        correct: (N,) bool, True where the joint is correct.
        num_bins: Number of bins.
        sample_weight: (N,) repetitions of each joint, at least 0; 1 by
            default.

    Returns:
        Mean gap between score and accuracy in [0, 1], weighted by bin count.

    Raises:
        ValueError: If a score lies outside [0, 1] or is NaN, the lengths
            differ, the weights are negative or all 0, or ``num_bins`` is
            below 1.

    Examples:
        >>> ece([0.25, 0.25, 0.75, 0.75], [False, False, True, True], 2)
        0.25
    """
    groups = _group_probabilities(scores, correct, sample_weight)
    return ece_from_groups(groups, num_bins)


def ece_from_groups(groups: ScoreGroups, num_bins: int) -> float:
    """Compute :func:`ece` of grouped joints.

    Args:
        groups: Joints by score, which is clipped to [0, 1], with a binary
            risk.
        num_bins: Number of bins.

    Returns:
        The value.

    Example:
        >>> from self_verify_pose.metrics.functional import score_groups
        >>> groups = score_groups.group_correct([0.25, 0.75], [0, 1], None)
        >>> ece_from_groups(groups, 2)
        0.25
    """
    return _expected_gap(_fill_bins(groups, equal_width_edges(num_bins)))


def ece_mass(
    scores: ArrayLike,
    correct: ArrayLike,
    num_bins: int,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Expected calibration error over bins of equal count.

    Source: Nixon et al., "Measuring Calibration in Deep Learning", CVPR
    workshops 2019 (adaptive bins). For ties see :func:`equal_mass_edges`.

    Args:
        scores: (N,) scores in [0, 1].
        correct: (N,) bool, True where the joint is correct.
        num_bins: Number of bins.
        sample_weight: (N,) repetitions of each joint, at least 0; 1 by
            default.

    Returns:
        Mean gap between score and accuracy in [0, 1], weighted by bin count.

    Raises:
        ValueError: If a score lies outside [0, 1] or is NaN, the lengths
            differ, the weights are negative or all 0, or ``num_bins`` is
            below 1.

    Examples:
        >>> ece_mass([0.5, 0.75, 1.0, 1.0], [False, True, True, True], 2)
        0.0625
    """
    groups = _group_probabilities(scores, correct, sample_weight)
    return ece_mass_from_groups(groups, num_bins)


def ece_mass_from_groups(groups: ScoreGroups, num_bins: int) -> float:
    """Compute :func:`ece_mass` of grouped joints.

    Args:
        groups: Joints by score, which is clipped to [0, 1], with a binary
            risk.
        num_bins: Number of bins.

    Returns:
        The value.

    Example:
        >>> from self_verify_pose.metrics.functional import score_groups
        >>> groups = score_groups.group_correct([0.5, 1.0], [0, 1], None)
        >>> ece_mass_from_groups(groups, 2)
        0.25
    """
    edges = _equal_mass_edges(groups, num_bins)
    return _expected_gap(_fill_bins(groups, edges))


def brier(
    scores: ArrayLike,
    correct: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Mean squared difference between score and correctness.

    Source: Brier, "Verification of Forecasts Expressed in Terms of
    Probability", Monthly Weather Review 1950 (binary form).

    Args:
        scores: (N,) scores in [0, 1].
        correct: (N,) bool, True where the joint is correct.
        sample_weight: (N,) repetitions of each joint, at least 0; 1 by
            default.

    Returns:
        A value in [0, 1], 0 is best.

    Raises:
        ValueError: If a score lies outside [0, 1] or is NaN, the lengths
            differ, or the weights are negative or all 0.

    Examples:
        >>> brier([0.5, 1.0], [False, True])
        0.125
    """
    return brier_from_groups(
        _group_probabilities(scores, correct, sample_weight)
    )


def brier_from_groups(groups: ScoreGroups) -> float:
    """Compute :func:`brier` of grouped joints.

    Args:
        groups: Joints by score, which is clipped to [0, 1], with a binary
            risk.

    Returns:
        The value.

    Example:
        >>> from self_verify_pose.metrics.functional import score_groups
        >>> groups = score_groups.group_correct([0.5, 1.0], [0, 1], None)
        >>> brier_from_groups(groups)
        0.125
    """
    # Σ w p² − 2 Σ c p + Σ c, c being the weight of the correct joints
    squares = dot(groups.weighted_probabilities, groups.probabilities)
    squares -= 2 * dot(groups.correct, groups.probabilities)
    return (squares + groups.total - groups.total_risk) / groups.total


def accuracy_at(
    scores: ArrayLike,
    correct: ArrayLike,
    threshold: float,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Share of joints that ``score >= threshold`` classifies correctly.

    Args:
        scores: (N,) scores of any range.
        correct: (N,) bool, True where the joint is correct.
        threshold: Lowest score that predicts a correct joint.
        sample_weight: (N,) repetitions of each joint, at least 0; 1 by
            default.

    Returns:
        A value in [0, 1].

    Raises:
        ValueError: If the inputs are not finite vectors of one length, or the
            weights are negative or all 0.

    Examples:
        >>> accuracy_at([0.5, 0.4, 0.9], [True, True, True], 0.5)
        0.6666666666666666
    """
    score_values, is_correct = check_scores_and_correct(scores, correct)
    weight = check_sample_weight(sample_weight, score_values.shape)
    agrees = (score_values >= threshold) == is_correct
    return float(np.average(agrees, weights=weight))


def _group_probabilities(
    scores: ArrayLike, correct: ArrayLike, sample_weight: ArrayLike | None
) -> ScoreGroups:
    check_probabilities(scores)
    return group_correct(scores, correct, sample_weight)


def _equal_mass_edges(
    groups: ScoreGroups, num_bins: int
) -> NDArray[np.float64]:
    _check_num_bins(num_bins)
    wanted = np.arange(1, num_bins) * groups.total / num_bins
    # rounding of fractional weights must not lead behind the last group
    last = np.searchsorted(groups.reached[:-1], wanted)
    return np.concatenate([[0.0], groups.probabilities[last], [1.0]])


def _fill_bins(
    groups: ScoreGroups, edges: NDArray[np.float64]
) -> ReliabilityBins:
    inner = np.searchsorted(groups.probabilities, edges[1:-1], side='right')
    bounds = list(pairwise([0, *inner, groups.weight.size]))
    count, score_sum, correct_sum = (
        np.array([values[start:stop].sum() for start, stop in bounds])
        for values in (
            groups.weight,
            groups.weighted_probabilities,
            groups.correct,
        )
    )
    divisor = np.where(count > 0, count, np.nan)
    return ReliabilityBins(
        edges, count, score_sum / divisor, correct_sum / divisor
    )


def _expected_gap(bins: ReliabilityBins) -> float:
    gap = np.abs(bins.mean_score - bins.accuracy)
    filled = bins.count > 0
    return float(np.average(gap[filled], weights=bins.count[filled]))


def _check_num_bins(num_bins: int) -> None:
    if num_bins < 1:
        raise ValueError(f'num_bins must be at least 1, found {num_bins}.')


def _check_edges(edges: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(edges, dtype=np.float64)
    ascending = values.ndim == 1 and values.size > 1
    if ascending:
        ascending = bool((np.diff(values) >= 0).all())
    if not ascending or values[0] != 0 or values[-1] != 1:
        raise ValueError(
            f'edges must ascend from 0 to 1, found {values.tolist()}; use '
            'equal_width_edges or equal_mass_edges.'
        )
    return values
