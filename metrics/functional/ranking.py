"""How well a score ranks correct joints above wrong ones."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .score_groups import ScoreGroups, dot, group_correct


def auroc(
    scores: ArrayLike,
    correct: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Probability that a correct joint scores higher than a wrong one.

    Convention:
        Correct joints are the positives; a tie counts one half.

    Args:
        scores: (N,) scores of any range, higher means more certain.
        correct: (N,) bool, True where the joint is correct.
        sample_weight: (N,) repetitions of each joint, at least 0; 1 by
            default.

    Returns:
        A value in [0, 1], or NaN if all joints are correct or all are wrong.

    Raises:
        ValueError: If the inputs are not finite vectors of one length, or the
            weights are negative or all 0.

    Examples:
        >>> auroc([0.9, 0.8, 0.3, 0.8], [True, True, False, False])
        0.875
    """
    return auroc_from_groups(group_correct(scores, correct, sample_weight))


def auroc_from_groups(groups: ScoreGroups) -> float:
    """Compute :func:`auroc` of grouped joints.

    Args:
        groups: Joints by score, with a binary risk.

    Returns:
        The value; NaN also if there is no joint.

    Example:
        >>> groups = group_correct([0.9, 0.8, 0.3, 0.8], [1, 1, 0, 0], None)
        >>> auroc_from_groups(groups)
        0.875
    """
    at = groups.with_risk
    wrong, reached = groups.risk.take(at), groups.reached.take(at)
    weight = reached - np.where(at > 0, groups.reached.take(at - 1), 0)
    wrong_reached = np.cumsum(wrong)
    num_wrong = float(wrong_reached[-1]) if at.size else 0.0
    num_correct = groups.total - num_wrong
    if not num_correct or not num_wrong:
        return float('nan')
    below = reached - weight - (wrong_reached - wrong)
    lost = dot(wrong, below + (weight - wrong) / 2)
    return 1 - lost / (num_correct * num_wrong)


def aupr(
    scores: ArrayLike,
    correct: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Average precision of finding the correct joints by a high score.

    Convention:
        Correct joints are the positives; ties share one threshold and the
        curve is summed in steps, without interpolation.

    Args:
        scores: (N,) scores of any range, higher means more certain.
        correct: (N,) bool, True where the joint is correct.
        sample_weight: (N,) repetitions of each joint, at least 0; 1 by
            default.

    Returns:
        A value in [0, 1], or NaN if all joints are correct or all are wrong.
        A score without information reaches the share of correct joints.

    Raises:
        ValueError: If the inputs are not finite vectors of one length, or the
            weights are negative or all 0.

    Examples:
        >>> aupr([0.9, 0.8, 0.7, 0.6], [True, False, True, False])
        0.8333333333333333
    """
    groups = group_correct(scores, correct, sample_weight)
    at = np.flatnonzero(groups.correct)
    kept_correct = groups.kept - groups.kept_risk
    return _average_precision(
        groups.correct[at], kept_correct[at], groups.kept[at], groups.total
    )


def aupr_error(
    scores: ArrayLike,
    correct: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Average precision of finding the wrong joints by a low score.

    Convention:
        Wrong joints are the positives and −score ranks them.

    Args:
        scores: (N,) scores of any range, higher means more certain.
        correct: (N,) bool, True where the joint is correct.
        sample_weight: (N,) repetitions of each joint, at least 0; 1 by
            default.

    Returns:
        A value in [0, 1], or NaN if all joints are correct or all are wrong.
        A score without information reaches the share of wrong joints.

    Raises:
        ValueError: If the inputs are not finite vectors of one length, or the
            weights are negative or all 0.

    Examples:
        >>> aupr_error([0.9, 0.8, 0.7, 0.6], [True, False, True, False])
        0.8333333333333333
    """
    return aupr_error_from_groups(
        group_correct(scores, correct, sample_weight)
    )


def aupr_error_from_groups(groups: ScoreGroups) -> float:
    """Compute :func:`aupr_error` of grouped joints.

    Args:
        groups: Joints by score, with a binary risk.

    Returns:
        The value.

    Example:
        >>> groups = group_correct([0.9, 0.8, 0.7], [1, 0, 1], None)
        >>> aupr_error_from_groups(groups)
        0.5
    """
    at = groups.with_risk
    return _average_precision(
        groups.risk[at],
        groups.reached_risk[at],
        groups.reached[at],
        groups.total,
    )


def _average_precision(
    positive: NDArray[np.float64],
    positive_retrieved: NDArray[np.float64],
    retrieved: NDArray[np.float64],
    total: float,
) -> float:
    """Average precision of groups with positives, and the sums up to each."""
    num_positive = positive_retrieved.max(initial=0)
    if num_positive in (0, total):
        return float('nan')
    # groups of weight 0 may come first
    precision = positive_retrieved / np.where(retrieved > 0, retrieved, 1)
    return dot(positive, precision) / float(num_positive)
