"""Weighted joints summed over equal scores: the input of every statistic.

A weight is a number of repetitions: a joint of weight 2 counts as two equal
joints, one of weight 0 not at all. Own code instead of scikit-learn's curves,
which sort again for each weighting: a bootstrap sorts once and sums per draw.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._validation import (
    check_sample_weight,
    check_scores_and_correct,
    check_scores_and_risk,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ScoreGroups:
    """Weighted joints, summed over equal scores.

    Attributes:
        scores: (G,) scores in ascending order.
        probabilities: (G,) scores clipped to [0, 1].
        reached: (G,) weight of the joints of this score or a lower one.
        risk: (G,) weighted sum of their risk. Where the risk is 1 for a wrong
            and 0 for a correct joint, this is the weight of the wrong joints.
        with_risk: Positions of the groups that hold a joint with a risk,
            also of weight 0.
        is_whole: Whether all weights are whole numbers.
    """

    scores: Floats
    probabilities: Floats
    reached: Floats
    risk: Floats
    with_risk: NDArray[np.intp]
    is_whole: bool = False

    @cached_property
    def weight(self) -> Floats:
        """(G,) weight of the joints of this score, at least 0."""
        return np.diff(self.reached, prepend=0.0)

    @cached_property
    def correct(self) -> Floats:
        """(G,) weight of the correct joints; for a binary risk."""
        return self.weight - self.risk

    @cached_property
    def reached_risk(self) -> Floats:
        """(G,) risk of the joints of this score or a lower one."""
        return np.cumsum(self.risk)

    @cached_property
    def kept(self) -> Floats:
        """(G,) weight of the joints of this score or a higher one."""
        return self.total - (self.reached - self.weight)

    @cached_property
    def kept_risk(self) -> Floats:
        """(G,) risk of the joints of this score or a higher one."""
        return self.total_risk - (self.reached_risk - self.risk)

    @cached_property
    def weighted_probabilities(self) -> Floats:
        """(G,) weight times clipped score."""
        return self.weight * self.probabilities

    @property
    def total(self) -> float:
        """Weight of all joints."""
        return float(self.reached[-1])

    @property
    def total_risk(self) -> float:
        """Risk of all joints."""
        return float(self.risk.sum())


class SortedScores:
    """Joints sorted by their score, to be weighted repeatedly.

    Args:
        scores: (N,) scores of any range, N ≥ 1.
        risk: (N,) loss of each joint, binary or not.

    Attributes:
        order: (N,) positions of the joints in ascending order of the scores.

    Raises:
        ValueError: If the inputs are not finite vectors of one length.

    Examples:
        >>> joints = SortedScores([0.9, 0.2, 0.9], [0, 1, 1])
        >>> joints.group(np.array([1.0, 2.0, 0.0])).weight
        array([2., 1.])
    """

    def __init__(self, scores: ArrayLike, risk: ArrayLike) -> None:
        score_values, risk_values = check_scores_and_risk(scores, risk)
        self.order = np.argsort(score_values, kind='stable')
        ordered = score_values[self.order]
        is_first = np.append(True, ordered[1:] > ordered[:-1])
        self._last = np.flatnonzero(np.append(is_first[1:], True))
        self._scores = ordered[is_first]
        self._probabilities = np.clip(self._scores, 0, 1)
        # joints with a risk, and the groups of these
        risk_values = risk_values[self.order]
        self._risky = np.flatnonzero(risk_values)
        self._risk = risk_values[self._risky]
        self._risky_group = (np.cumsum(is_first) - 1)[self._risky]
        self._with_risk = np.unique(self._risky_group)

    def group(self, weights: NDArray[np.generic]) -> ScoreGroups:
        """Sum the weighted joints over equal scores.

        Args:
            weights: (N,) weights, at least 0, in the order of the scores that
                were given.

        Returns:
            A group for each score, also where its weight is 0.
        """
        return self.group_sorted(weights[self.order])

    def group_sorted(self, weights: NDArray[np.generic]) -> ScoreGroups:
        """Sum the weighted joints over equal scores.

        Args:
            weights: (N,) weights, at least 0, in ascending order of the
                scores (``order``).

        Returns:
            A group for each score, also where its weight is 0.
        """
        risk = np.bincount(
            self._risky_group,
            weights.take(self._risky).astype(np.float64) * self._risk,
            self._scores.size,
        )
        return ScoreGroups(
            self._scores,
            self._probabilities,
            np.cumsum(weights, dtype=np.float64).take(self._last),
            risk.astype(np.float64, copy=False),
            self._with_risk,
            is_whole=weights.dtype.kind in 'biu',
        )


def dot(one: Floats, other: Floats) -> float:
    """Sum of the products of two vectors, in one thread.

    A BLAS starts threads for long vectors, whose waiting doubles the CPU time
    of a bootstrap.

    Args:
        one: (G,) values.
        other: (G,) values.

    Returns:
        The sum.

    Example:
        >>> dot(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
        11.0
    """
    return float(np.einsum('i,i->', one, other))


def group_risk(
    scores: ArrayLike, risk: ArrayLike, sample_weight: ArrayLike | None
) -> ScoreGroups:
    """Sum joints with a real-valued risk over equal scores.

    Args:
        scores: (N,) scores of any range, N ≥ 1.
        risk: (N,) loss of each joint, binary or not.
        sample_weight: (N,) repetitions of each joint; None for 1.

    Returns:
        The groups.

    Raises:
        ValueError: If the inputs are not finite vectors of one length, or the
            weights are negative or all 0.

    Example:
        >>> groups = group_risk([0.9, 0.2, 0.9], [0.1, 0.5, 0.3], None)
        >>> groups.scores, groups.risk
        (array([0.2, 0.9]), array([0.5, 0.4]))
    """
    joints = SortedScores(scores, risk)
    return joints.group(check_sample_weight(sample_weight, np.shape(scores)))


def group_correct(
    scores: ArrayLike, correct: ArrayLike, sample_weight: ArrayLike | None
) -> ScoreGroups:
    """Sum correct and wrong joints over equal scores.

    Args:
        scores: (N,) scores of any range, N ≥ 1.
        correct: (N,) bool, True where the joint is correct.
        sample_weight: (N,) repetitions of each joint; None for 1.

    Returns:
        The groups, whose risk is the weight of the wrong joints.

    Raises:
        ValueError: If the inputs are not finite vectors of one length, or the
            weights are negative or all 0.

    Example:
        >>> groups = group_correct([0.9, 0.2, 0.9], [True, False, False], None)
        >>> groups.correct, groups.weight
        (array([0., 1.]), array([1., 2.]))
    """
    score_values, is_correct = check_scores_and_correct(scores, correct)
    return group_risk(score_values, ~is_correct, sample_weight)
