"""How well a score in [0, 1] states the chance that a joint is right."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._validation import (
    check_probabilities,
    check_scores,
    check_scores_and_correct,
)


class ReliabilityBins(NamedTuple):
    """The M bins of a reliability diagram.

    Attributes:
        edges: (M + 1,) ascending edges; bin m is (edges[m], edges[m + 1]],
            the first one also holds its lower edge.
        count: (M,) number of joints.
        mean_score: (M,) mean score, NaN in an empty bin.
        accuracy: (M,) share of right joints, NaN in an empty bin.
    """

    edges: NDArray[np.float64]
    count: NDArray[np.int64]
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


def equal_mass_edges(scores: ArrayLike, num_bins: int) -> NDArray[np.float64]:
    """Edges that give every bin the same number of scores.

    The m-th inner edge is the ⌈mN/M⌉-th smallest score. Tied scores stay in
    one bin, so bins are uneven, or empty, where ties are many.

    Args:
        scores: (N,) scores in [0, 1].
        num_bins: Number of bins M.

    Returns:
        (M + 1,) edges from 0 to 1, ascending, repeated where a bin is empty.

    Raises:
        ValueError: If a score lies outside [0, 1] or is NaN, or if
            ``num_bins`` is below 1.

    Examples:
        >>> equal_mass_edges([0.1, 0.2, 0.3, 0.9], 2)
        array([0. , 0.2, 1. ])
    """
    _check_num_bins(num_bins)
    score_values = check_scores(scores)
    check_probabilities(score_values)
    rank = -(-np.arange(1, num_bins) * score_values.size // num_bins)
    return np.concatenate([[0.0], np.sort(score_values)[rank - 1], [1.0]])


def reliability_bins(
    scores: ArrayLike, correct: ArrayLike, edges: ArrayLike
) -> ReliabilityBins:
    """Mean score and share of right joints in each bin.

    Args:
        scores: (N,) scores in [0, 1].
        correct: (N,) bool, True where the joint is right.
        edges: (M + 1,) ascending edges from 0 to 1, as from
            :func:`equal_width_edges` or :func:`equal_mass_edges`.

    Returns:
        The bins.

    Raises:
        ValueError: If a score lies outside [0, 1] or is NaN, the lengths
            differ, or the edges do not ascend from 0 to 1.

    Examples:
        >>> bins = reliability_bins(
        ...     [0.25, 0.75, 1.0], [False, True, True], equal_width_edges(2)
        ... )
        >>> bins.count, bins.mean_score, bins.accuracy
        (array([1, 2]), array([0.25 , 0.875]), array([0., 1.]))
    """
    score_values, is_right = check_scores_and_correct(scores, correct)
    check_probabilities(score_values)
    bin_edges = _check_edges(edges)
    num_bins = bin_edges.size - 1
    index = np.searchsorted(bin_edges[1:-1], score_values, side='left')
    count = np.bincount(index, minlength=num_bins)
    score_sum = np.bincount(index, score_values, minlength=num_bins)
    right_sum = np.bincount(index, is_right, minlength=num_bins)
    divisor = np.where(count > 0, count, np.nan)
    return ReliabilityBins(
        bin_edges, count, score_sum / divisor, right_sum / divisor
    )


def ece(scores: ArrayLike, correct: ArrayLike, num_bins: int) -> float:
    """Expected calibration error over bins of equal width.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    The estimate is biased and depends on the bins; read it together with
    :func:`ece_mass` and :func:`brier`.

    Args:
        scores: (N,) scores in [0, 1].
        correct: (N,) bool, True where the joint is right.
        num_bins: Number of bins.

    Returns:
        Mean gap between score and accuracy in [0, 1], weighted by bin count.

    Raises:
        ValueError: If a score lies outside [0, 1] or is NaN, the lengths
            differ, or ``num_bins`` is below 1.

    Examples:
        >>> ece([0.25, 0.25, 0.75, 0.75], [False, False, True, True], 2)
        0.25
    """
    edges = equal_width_edges(num_bins)
    return _expected_gap(reliability_bins(scores, correct, edges))


def ece_mass(scores: ArrayLike, correct: ArrayLike, num_bins: int) -> float:
    """Expected calibration error over bins of equal count.

    Source: Nixon et al., "Measuring Calibration in Deep Learning", CVPR
    workshops 2019 (adaptive bins). For ties see :func:`equal_mass_edges`.

    Args:
        scores: (N,) scores in [0, 1].
        correct: (N,) bool, True where the joint is right.
        num_bins: Number of bins.

    Returns:
        Mean gap between score and accuracy in [0, 1], weighted by bin count.

    Raises:
        ValueError: If a score lies outside [0, 1] or is NaN, the lengths
            differ, or ``num_bins`` is below 1.

    Examples:
        >>> ece_mass([0.5, 0.75, 1.0, 1.0], [False, True, True, True], 2)
        0.0625
    """
    edges = equal_mass_edges(scores, num_bins)
    return _expected_gap(reliability_bins(scores, correct, edges))


def brier(scores: ArrayLike, correct: ArrayLike) -> float:
    """Mean squared difference between score and correctness.

    Source: Brier, "Verification of Forecasts Expressed in Terms of
    Probability", Monthly Weather Review 1950 (binary form).

    Args:
        scores: (N,) scores in [0, 1].
        correct: (N,) bool, True where the joint is right.

    Returns:
        A value in [0, 1], 0 is best.

    Raises:
        ValueError: If a score lies outside [0, 1] or is NaN, or the lengths
            differ.

    Examples:
        >>> brier([0.5, 1.0], [False, True])
        0.125
    """
    score_values, is_right = check_scores_and_correct(scores, correct)
    check_probabilities(score_values)
    return float(np.mean((score_values - is_right) ** 2))


def accuracy_at(
    scores: ArrayLike, correct: ArrayLike, threshold: float
) -> float:
    """Share of joints judged rightly by ``score >= threshold``.

    Args:
        scores: (N,) scores of any range.
        correct: (N,) bool, True where the joint is right.
        threshold: Lowest score that says "right".

    Returns:
        A value in [0, 1].

    Raises:
        ValueError: If the inputs are not finite vectors of one length.

    Examples:
        >>> accuracy_at([0.5, 0.4, 0.9], [True, True, True], 0.5)
        0.6666666666666666
    """
    score_values, is_right = check_scores_and_correct(scores, correct)
    return float(np.mean((score_values >= threshold) == is_right))


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
