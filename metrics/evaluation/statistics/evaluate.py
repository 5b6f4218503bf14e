"""Evaluate every score of the same joints, with bootstrap intervals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ....constants import NUM_BINS, NUM_BOOTSTRAP, PCK_THRESHOLD, RAW_SCORE
from ...functional.calibration import (
    brier_from_groups,
    ece_from_groups,
    ece_mass_from_groups,
)
from ...functional.ranking import aupr_error_from_groups, auroc_from_groups
from ...functional.score_groups import ScoreGroups, SortedScores
from ...functional.selective import (
    augrc_from_groups,
    aurc_from_groups,
    coverage_from_groups,
)
from ..evaluation_input import Criterion, EvaluationInput, Floats, Mask
from .resampling import ImageDraws, draw_images

MAX_RISK = 0.05
LEVEL = 95
METRICS: dict[str, Callable[[ScoreGroups], float]] = {
    'AUROC': auroc_from_groups,
    'AUPR_error': aupr_error_from_groups,
    'ECE': partial(ece_from_groups, num_bins=NUM_BINS),
    'ECE_mass': partial(ece_mass_from_groups, num_bins=NUM_BINS),
    'Brier': brier_from_groups,
    'AURC': aurc_from_groups,
    'AUGRC': augrc_from_groups,
    'Coverage': partial(coverage_from_groups, max_risk=MAX_RISK),
}
MORE_IS_BETTER = ('AUROC', 'AUPR_error', 'Coverage')


class Estimate(NamedTuple):
    """A value with its bootstrap interval.

    Attributes:
        value: The value on all joints.
        low: Lower end of the 95 % interval, NaN where there is none.
        high: Upper end.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Evaluation:
    """Metrics of all scores of the same joints.

    Attributes:
        num_joints: Labeled joints.
        num_persons: Persons with a labeled joint.
        num_images: Images with a labeled joint: what is resampled.
        error_rate: Share of wrong joints, the base rate of ``AUPR_error``.
        scorers: Estimates by score, then by metric of ``METRICS``.
        reference: The score that the others are compared with.
        differences: Each score minus the reference, by score and metric, on
            the same draws.
        warnings: Reasons for values that are NaN or need care.
    """

    num_joints: int
    num_persons: int
    num_images: int
    error_rate: Estimate
    scorers: dict[str, dict[str, Estimate]]
    reference: str
    differences: dict[str, dict[str, Estimate]]
    warnings: tuple[str, ...]


def evaluate_scores(
    joints: EvaluationInput,
    names: Sequence[str] | None = None,
    dist_thr: float = PCK_THRESHOLD,
    criterion: Criterion = 'bbox',
    n_bootstrap: int = NUM_BOOTSTRAP,
    seed: int = 0,
    reference: str | None = None,
) -> Evaluation:
    """Evaluate scores by how well they tell correct from wrong joints.

    Intervals hold the middle 95 % of the statistics of images drawn with
    replacement; all scores see the same draws. ``ECE``, ``ECE_mass`` and
    ``Brier`` read the score, clipped to [0, 1], as the probability of a
    correct joint.

    Args:
        joints: Predictions beside the truth.
        names: Scores to evaluate; all by default.
        dist_thr: Largest error of a correct joint in units of person size, for
            'bbox'.
        criterion: Rule for a correct joint, see
            :meth:`EvaluationInput.correct`.
        n_bootstrap: Number of draws; 0 for no intervals.
        seed: Seed of the draws.
        reference: Score that the others are compared with; by default
            ``keypoint_scores``, else the first.

    Returns:
        The estimates. ``AUROC`` and ``AUPR_error`` are NaN, with a warning,
        where all joints are correct or all are wrong; intervals are NaN, with
        a warning, where there is one image only.

    Raises:
        ValueError: If a name, the criterion or a number is not as described.

    Example:
        With the ``joints`` of :class:`EvaluationInput`:

        >>> evaluation = evaluate_scores(joints, n_bootstrap=0)
        >>> for name, values in evaluation.scorers.items():
        ...     print(name, round(values['AUROC'].value, 3))
        keypoint_scores 0.917
        keypoint_trust 1.0
    """
    names = check_names(joints, names)
    if reference is None:
        reference = RAW_SCORE if RAW_SCORE in names else names[0]
    if reference not in names:
        raise ValueError(
            f'reference: expected one of {", ".join(names)}, found '
            f'{reference!r}; choose one of them.'
        )
    labeled = joints.truth.labeled
    correct = joints.correct(dist_thr, criterion)[labeled]
    draws = draw_images(joints, n_bootstrap, seed)
    values = {
        name: bootstrap_metrics(
            SortedScores(joints.scores[name][labeled], ~correct), draws
        )
        for name in names
    }
    return Evaluation(
        num_joints=correct.size,
        num_persons=int(labeled.any(1).sum()),
        num_images=draws.counts.shape[1],
        error_rate=_error_rate(correct, draws),
        scorers={n: _estimates(values[n]) for n in names},
        reference=reference,
        differences={
            n: _estimates(values[n] - values[reference])
            for n in names
            if n != reference
        },
        warnings=_warnings(joints, names, correct, draws.counts.shape[1]),
    )


def check_names(
    joints: EvaluationInput, names: Sequence[str] | None
) -> list[str]:
    """Return the names of the scores to evaluate.

    Args:
        joints: Predictions beside the truth.
        names: Scores to evaluate; None for all.

    Returns:
        The names.

    Raises:
        ValueError: If there is no score of a name.

    Example:
        With the ``joints`` of :class:`EvaluationInput`:

        >>> check_names(joints, None)
        ['keypoint_scores', 'keypoint_trust']
    """
    chosen = list(joints.scores if names is None else names)
    unknown = [name for name in chosen if name not in joints.scores]
    if unknown or not chosen:
        raise ValueError(
            f'names: expected some of {", ".join(joints.scores)}, found '
            f'{", ".join(unknown) or "none"}; choose among the scores of the '
            'predictions.'
        )
    return chosen


def bootstrap_metrics(scores: SortedScores, draws: ImageDraws) -> Floats:
    """Compute all metrics of one score on all joints and on every draw.

    Args:
        scores: J joints, with a binary risk.
        draws: B draws of the images of these joints.

    Returns:
        (1 + B, 8) values in the order of ``METRICS``, those of all joints
        first.

    Example:
        The first draw holds both joints, the second one no wrong joint:

        >>> risk = np.array([False, True])
        >>> scores = SortedScores(np.array([0.9, 0.2]), risk)
        >>> draws = ImageDraws(np.array([0, 1]), np.array([[1, 1], [2, 0]]))
        >>> values = bootstrap_metrics(scores, draws)
        >>> values[:, list(METRICS).index('AUROC')]
        array([ 1.,  1., nan])
    """
    once = np.ones(scores.order.size, np.int64)
    drawn = draws.select(scores.order).joint_weights()
    return np.array(
        [
            [metric(groups) for metric in METRICS.values()]
            for groups in map(scores.group_sorted, chain([once], drawn))
        ]
    )


def make_estimate(value: float, draws: ArrayLike) -> Estimate:
    """Return a value with the middle 95 % of its draws that are defined.

    Args:
        value: The value on all joints.
        draws: (B,) values of the draws, NaN where one is undefined.

    Returns:
        The estimate; its interval is NaN where no draw is defined.

    Example:
        >>> make_estimate(0.5, [0.4, 0.6, np.nan])
        Estimate(value=0.5, low=0.405, high=0.595)
    """
    drawn = np.asarray(draws, np.float64)
    defined = drawn[np.isfinite(drawn)]
    if not defined.size:
        return Estimate(float(value), float('nan'), float('nan'))
    tail = (100 - LEVEL) / 2
    low, high = np.percentile(defined, (tail, 100 - tail))
    return Estimate(float(value), float(low), float(high))


def _estimates(values: Floats) -> dict[str, Estimate]:
    return {
        name: make_estimate(column[0], column[1:])
        for name, column in zip(METRICS, values.T, strict=True)
    }


def _error_rate(correct: Mask, draws: ImageDraws) -> Estimate:
    rates = [
        np.average(~correct, weights=weights)
        for weights in draws.joint_weights()
    ]
    return make_estimate(1 - correct.mean(), rates)


def _warnings(
    joints: EvaluationInput, names: list[str], correct: Mask, num_images: int
) -> tuple[str, ...]:
    messages = []
    if correct.all() or not correct.any():
        messages.append(
            f'All {correct.size} labeled joints are '
            f'{"correct" if correct.all() else "wrong"}: AUROC and AUPR_error '
            'are NaN.'
        )
    if num_images == 1:
        messages.append('One image only: there are no intervals.')
    for name in names:
        scores = joints.scores[name][joints.truth.labeled]
        outside = (scores < 0) | (scores > 1)
        if outside.any():
            messages.append(
                f'{name} ranges over [{scores.min():.4g}, '
                f'{scores.max():.4g}]; {outside.mean():.2%} lie outside '
                '[0, 1] and are clipped for ECE, ECE_mass and Brier.'
            )
    return tuple(messages)
