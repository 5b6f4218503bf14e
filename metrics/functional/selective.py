"""What is gained by dropping the joints with the lowest scores."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._validation import check_scores_and_risk


class RiskCoverageCurve(NamedTuple):
    """Risk of the best-scored joints, for every number of kept joints.

    Attributes:
        coverage: (N,) share of joints kept, 1/N, 2/N, …, 1.
        selective_risk: (N,) mean risk of the kept joints.
        generalized_risk: (N,) risk of the kept joints summed over N: for a
            binary risk the chance that a joint is kept *and* wrong.
    """

    coverage: NDArray[np.float64]
    selective_risk: NDArray[np.float64]
    generalized_risk: NDArray[np.float64]


def risk_coverage_curve(
    scores: ArrayLike, risk: ArrayLike
) -> RiskCoverageCurve:
    """Risk against coverage, joints kept from the highest score down.

    Convention:
        Each joint of a tied group carries the group's mean risk. This is the
        expectation over all orders of the tied joints, so the result does not
        depend on the order of the input. No threshold separates tied joints:
        points inside a group are reached by keeping some of them at random.

    Args:
        scores: (N,) scores of any range, higher is kept longer.
        risk: (N,) loss of each joint: 0/1 for right/wrong, or any real loss.

    Returns:
        The curve with N points.

    Raises:
        ValueError: If the inputs are not finite vectors of one length.

    Examples:
        >>> curve = risk_coverage_curve([0.9, 0.5, 0.5, 0.1], [0, 1, 0, 1])
        >>> curve.selective_risk
        array([0.        , 0.25      , 0.33333333, 0.5       ])
        >>> curve.generalized_risk
        array([0.   , 0.125, 0.25 , 0.5  ])
    """
    score_values, risk_values = check_scores_and_risk(scores, risk)
    _, group, count = np.unique(
        -score_values, return_inverse=True, return_counts=True
    )
    group_risk = np.bincount(group, risk_values) / count
    risk_sum = np.cumsum(np.repeat(group_risk, count))
    kept = np.arange(1, score_values.size + 1)
    return RiskCoverageCurve(
        coverage=kept / kept.size,
        selective_risk=risk_sum / kept,
        generalized_risk=risk_sum / kept.size,
    )


def aurc(scores: ArrayLike, risk: ArrayLike) -> float:
    """Area under the risk–coverage curve: mean selective risk.

    Source: Geifman et al., "Bias-Reduced Uncertainty Estimation for Deep
    Neural Classifiers", ICLR 2019. The mean is over the N coverages; ties as
    in :func:`risk_coverage_curve`.

    Args:
        scores: (N,) scores of any range, higher is kept longer.
        risk: (N,) loss of each joint, binary or not.

    Returns:
        The area in units of ``risk``, low is good; a score without
        information reaches the mean risk.

    Raises:
        ValueError: If the inputs are not finite vectors of one length.

    Examples:
        >>> aurc([0.9, 0.5, 0.4, 0.1], [0, 0, 0, 1])
        0.0625
    """
    return float(risk_coverage_curve(scores, risk).selective_risk.mean())


def augrc(scores: ArrayLike, risk: ArrayLike) -> float:
    """Area under the generalized risk–coverage curve.

    For a binary risk this is the mean chance of an undetected error. It
    equals (1 − AUROC) · a · (1 − a) + (1 − a)² / 2, a being the share of
    right joints. The curve starts at (0, 0) and is joined by straight lines,
    which is exact for ties.

    Source: Traub et al., "Overcoming Common Flaws in the Evaluation of
    Selective Classification Systems", NeurIPS 2024.

    Args:
        scores: (N,) scores of any range, higher is kept longer.
        risk: (N,) loss of each joint, binary or not.

    Returns:
        The area in units of ``risk``, low is good; a score without
        information reaches half the mean risk.

    Raises:
        ValueError: If the inputs are not finite vectors of one length.

    Examples:
        >>> augrc([0.9, 0.5, 0.4, 0.1], [0, 0, 0, 1])
        0.03125
    """
    height = risk_coverage_curve(scores, risk).generalized_risk
    return float((height.sum() - height[-1] / 2) / height.size)


def coverage_at_risk(
    scores: ArrayLike, risk: ArrayLike, max_risk: float
) -> float:
    """Largest share of joints that can be kept at a given mean risk.

    Convention:
        Joints are kept by a threshold, so tied joints are kept together.
        The largest coverage counts, also where a smaller one is too risky.

    Args:
        scores: (N,) scores of any range, higher is kept longer.
        risk: (N,) loss of each joint, binary or not.
        max_risk: Largest mean risk of the kept joints.

    Returns:
        A value in [0, 1], 0 if no threshold reaches the risk.

    Raises:
        ValueError: If the inputs are not finite vectors of one length.

    Examples:
        >>> coverage_at_risk([0.9, 0.5, 0.4, 0.1], [0, 0, 0, 1], 0.05)
        0.75
    """
    score_values, risk_values = check_scores_and_risk(scores, risk)
    _, group, count = np.unique(
        -score_values, return_inverse=True, return_counts=True
    )
    kept = np.cumsum(count)
    risk_sum = np.cumsum(np.bincount(group, risk_values))
    allowed = kept[risk_sum <= max_risk * kept]
    return float(allowed.max(initial=0) / score_values.size)
