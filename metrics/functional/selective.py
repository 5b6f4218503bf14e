"""Risk that remains when the joints with the lowest scores are dropped."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma

from ._validation import check_sample_weight, check_scores_and_risk
from .score_groups import ScoreGroups, dot, group_risk


class RiskCoverageCurve(NamedTuple):
    """Risk of the best-scored joints, for every number of kept joints.

    Attributes:
        coverage: (N,) share of joints kept, 1/N, 2/N, …, 1 without weights.
        selective_risk: (N,) mean risk of the kept joints.
        generalized_risk: (N,) risk of the kept joints summed over N: for a
            binary risk the probability that a joint is kept *and* wrong.
    """

    coverage: NDArray[np.float64]
    selective_risk: NDArray[np.float64]
    generalized_risk: NDArray[np.float64]


def risk_coverage_curve(
    scores: ArrayLike,
    risk: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> RiskCoverageCurve:
    """Risk against coverage, joints kept from the highest score down.

    Convention:
        Each joint of a tied group carries the group's mean risk. This is the
        expectation over all orders of the tied joints, so the result does not
        depend on the order of the input. No threshold separates tied joints:
        points inside a group are reached by keeping some of them at random.

    Args:
        scores: (N,) scores of any range, higher is kept longer.
        risk: (N,) loss of each joint: 0/1 for correct/wrong, or any real
            loss.
        sample_weight: (N,) repetitions of each joint, at least 0; 1 by
            default.

    Returns:
        The curve with one point per joint of positive weight, reached when
        all its repetitions are kept.

    Raises:
        ValueError: If the inputs are not finite vectors of one length, or the
            weights are negative or all 0.

    Examples:
        >>> curve = risk_coverage_curve([0.9, 0.5, 0.5, 0.1], [0, 1, 0, 1])
        >>> curve.selective_risk
        array([0.        , 0.25      , 0.33333333, 0.5       ])
        >>> curve.generalized_risk
        array([0.   , 0.125, 0.25 , 0.5  ])
    """
    score_values, risk_values = check_scores_and_risk(scores, risk)
    weight = check_sample_weight(sample_weight, score_values.shape)
    order = np.argsort(-score_values, kind='stable')
    order = order[weight[order] > 0]
    weight = weight[order]
    groups = group_risk(score_values[order], risk_values[order], weight)
    group = np.searchsorted(groups.scores, score_values[order])
    mean_risk = (groups.risk / groups.weight)[group]
    kept = np.cumsum(weight)
    risk_sum = np.cumsum(weight * mean_risk)
    return RiskCoverageCurve(
        coverage=kept / kept[-1],
        selective_risk=risk_sum / kept,
        generalized_risk=risk_sum / kept[-1],
    )


def aurc(
    scores: ArrayLike,
    risk: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Area under the risk–coverage curve: mean selective risk.

    Source: Geifman et al., "Bias-Reduced Uncertainty Estimation for Deep
    Neural Classifiers", ICLR 2019. The mean is over the N coverages; ties as
    in :func:`risk_coverage_curve`.

    Args:
        scores: (N,) scores of any range, higher is kept longer.
        risk: (N,) loss of each joint, binary or not.
        sample_weight: (N,) repetitions of each joint, at least 0; 1 by
            default. Fractions interpolate between whole repetitions.

    Returns:
        The area in units of ``risk``, low is good; a score without
        information reaches the mean risk.

    Raises:
        ValueError: If the inputs are not finite vectors of one length, or the
            weights are negative or all 0.

    Examples:
        >>> aurc([0.9, 0.5, 0.4, 0.1], [0, 0, 0, 1])
        0.0625
    """
    return aurc_from_groups(group_risk(scores, risk, sample_weight))


def aurc_from_groups(groups: ScoreGroups) -> float:
    """Compute :func:`aurc` of grouped joints.

    With N joints, a group of w joints and risk e below a higher-scored ones
    contributes ``e · m / (w · n)`` to the selective risk at ``n = a + m``
    kept joints, ``m = 1 … w``, and ``e / n`` at every larger n. Summed over n
    this is ``e · (1 − a · (H(a + w) − H(a)) / w + H(N) − H(a + w))``, H being
    the harmonic numbers.

    Args:
        groups: Joints by score.

    Returns:
        The area in units of risk.

    Example:
        >>> groups = group_risk([0.9, 0.5, 0.4, 0.1], [0, 0, 0, 1], None)
        >>> aurc_from_groups(groups)
        0.0625
    """
    at = groups.with_risk
    risk, weight = groups.risk.take(at), groups.weight.take(at)
    kept = groups.kept.take(at)
    above = kept - weight
    harmonic = _whole_harmonic if groups.is_whole else _harmonic
    at_kept = harmonic(kept)
    share = above / np.where(weight > 0, weight, 1)
    inside = 1 - share * (at_kept - harmonic(above))
    below = harmonic(np.array(groups.total)) - at_kept
    return dot(risk, inside + below) / groups.total


def augrc(
    scores: ArrayLike,
    risk: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Area under the generalized risk–coverage curve.

    For a binary risk this is the mean probability of an undetected error. It
    equals (1 − AUROC) · a · (1 − a) + (1 − a)² / 2, a being the share of
    correct joints. The curve starts at (0, 0) and is joined by straight
    lines, which is exact for ties.

    Source: Traub et al., "Overcoming Common Flaws in the Evaluation of
    Selective Classification Systems", NeurIPS 2024.

    Args:
        scores: (N,) scores of any range, higher is kept longer.
        risk: (N,) loss of each joint, binary or not.
        sample_weight: (N,) repetitions of each joint, at least 0; 1 by
            default.

    Returns:
        The area in units of ``risk``, low is good; a score without
        information reaches half the mean risk.

    Raises:
        ValueError: If the inputs are not finite vectors of one length, or the
            weights are negative or all 0.

    Examples:
        >>> augrc([0.9, 0.5, 0.4, 0.1], [0, 0, 0, 1])
        0.03125
    """
    return augrc_from_groups(group_risk(scores, risk, sample_weight))


def augrc_from_groups(groups: ScoreGroups) -> float:
    """Compute :func:`augrc` of grouped joints.

    Args:
        groups: Joints by score.

    Returns:
        The area in units of risk.

    Example:
        >>> groups = group_risk([0.9, 0.5, 0.4, 0.1], [0, 0, 0, 1], None)
        >>> augrc_from_groups(groups)
        0.03125
    """
    mean_height = groups.kept_risk - groups.risk / 2
    return dot(groups.weight, mean_height) / groups.total**2


def coverage_at_risk(
    scores: ArrayLike,
    risk: ArrayLike,
    max_risk: float,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Largest share of joints that can be kept at a given mean risk.

    Convention:
        Joints are kept by a threshold, so tied joints are kept together.
        The largest coverage counts, also where a smaller one is too risky.

    Args:
        scores: (N,) scores of any range, higher is kept longer.
        risk: (N,) loss of each joint, binary or not.
        max_risk: Largest mean risk of the kept joints.
        sample_weight: (N,) repetitions of each joint, at least 0; 1 by
            default.

    Returns:
        A value in [0, 1], 0 if no threshold reaches the risk.

    Raises:
        ValueError: If the inputs are not finite vectors of one length, or the
            weights are negative or all 0.

    Examples:
        >>> coverage_at_risk([0.9, 0.5, 0.4, 0.1], [0, 0, 0, 1], 0.05)
        0.75
    """
    groups = group_risk(scores, risk, sample_weight)
    return coverage_from_groups(groups, max_risk)


def coverage_from_groups(groups: ScoreGroups, max_risk: float) -> float:
    """Compute :func:`coverage_at_risk` of grouped joints.

    Args:
        groups: Joints by score.
        max_risk: Largest mean risk of the kept joints.

    Returns:
        A value in [0, 1].

    Example:
        >>> groups = group_risk([0.9, 0.5, 0.4, 0.1], [0, 0, 0, 1], None)
        >>> coverage_from_groups(groups, 0.05)
        0.75
    """
    allowed = groups.kept_risk <= max_risk * groups.kept
    lowest = np.argmax(allowed)
    return float(groups.kept[lowest] * allowed[lowest] / groups.total)


def _harmonic(count: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 + 1/2 + … + 1/count, continued to fractions by digamma."""
    return np.asarray(digamma(count + 1) + np.euler_gamma)


def _whole_harmonic(count: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 + 1/2 + … + 1/count of whole numbers, looked up."""
    counts = count.astype(np.int64)
    size = 1 << int(counts.max(initial=0)).bit_length()
    return np.asarray(_harmonic_table(size).take(counts))


@lru_cache(maxsize=32)
def _harmonic_table(size: int) -> NDArray[np.float64]:
    return np.append(0.0, np.cumsum(1 / np.arange(1, size + 1)))
