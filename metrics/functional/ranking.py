"""How well a score ranks right joints above wrong ones."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import average_precision_score, roc_auc_score

from ._validation import check_scores_and_correct


def auroc(scores: ArrayLike, correct: ArrayLike) -> float:
    """Chance that a right joint scores higher than a wrong one.

    Convention:
        Right joints are the positives; a tie counts one half.

    Args:
        scores: (N,) scores of any range, higher is surer.
        correct: (N,) bool, True where the joint is right.

    Returns:
        A value in [0, 1], or NaN if all joints are right or all are wrong.

    Raises:
        ValueError: If the inputs are not finite vectors of one length.

    Examples:
        >>> auroc([0.9, 0.8, 0.3, 0.8], [True, True, False, False])
        0.875
    """
    score_values, is_right = check_scores_and_correct(scores, correct)
    if is_right.all() or not is_right.any():
        return float('nan')
    return float(roc_auc_score(is_right, score_values))


def aupr(scores: ArrayLike, correct: ArrayLike) -> float:
    """Average precision of finding the right joints.

    Convention:
        Right joints are the positives; ties share one threshold and the
        curve is summed in steps, without interpolation.

    Args:
        scores: (N,) scores of any range, higher is surer.
        correct: (N,) bool, True where the joint is right.

    Returns:
        A value in [0, 1], or NaN if all joints are right or all are wrong.
        A score without information reaches the share of right joints.

    Raises:
        ValueError: If the inputs are not finite vectors of one length.

    Examples:
        >>> aupr([0.9, 0.8, 0.7, 0.6], [True, False, True, False])
        0.8333333333333333
    """
    score_values, is_right = check_scores_and_correct(scores, correct)
    if is_right.all() or not is_right.any():
        return float('nan')
    return float(average_precision_score(is_right, score_values))


def aupr_error(scores: ArrayLike, correct: ArrayLike) -> float:
    """Average precision of finding the wrong joints by a low score.

    Convention:
        Wrong joints are the positives and −score ranks them.

    Args:
        scores: (N,) scores of any range, higher is surer.
        correct: (N,) bool, True where the joint is right.

    Returns:
        A value in [0, 1], or NaN if all joints are right or all are wrong.
        A score without information reaches the share of wrong joints.

    Raises:
        ValueError: If the inputs are not finite vectors of one length.

    Examples:
        >>> aupr_error([0.9, 0.8, 0.7, 0.6], [True, False, True, False])
        0.8333333333333333
    """
    score_values, is_right = check_scores_and_correct(scores, correct)
    return aupr(-score_values, np.logical_not(is_right))
