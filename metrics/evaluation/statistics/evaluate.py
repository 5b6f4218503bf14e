"""Judge every score of the same joints, with bootstrap intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ....constants import NUM_BINS, PCK_THRESHOLD, RAW_SCORE
from ...functional import (
    augrc,
    aupr_error,
    aurc,
    auroc,
    brier,
    coverage_at_risk,
    ece,
    ece_mass,
)
from ..evaluation_input import Criterion, EvaluationInput, Floats, Mask
from .resampling import (
    RANKING,
    calibration_draws,
    draw_images,
    harmonic_numbers,
    ranking_draw,
    sort_joints,
)

MAX_RISK = 0.05
LEVEL = 95
# metric: is more better?
METRICS = {
    'AUROC': True,
    'AUPR_error': True,
    'ECE': False,
    'ECE_mass': False,
    'Brier': False,
    'AURC': False,
    'AUGRC': False,
    'Coverage': True,
}


class Estimate(NamedTuple):
    """A figure with its bootstrap interval.

    Attributes:
        value: The figure on all joints.
        low: Lower end of the 95 % interval, NaN where there is none.
        high: Upper end.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Evaluation:
    """What every score of the same joints reaches.

    Attributes:
        num_joints: Labeled joints.
        num_persons: Persons with a labeled joint.
        num_images: Images with a labeled joint: what is resampled.
        error_rate: Share of wrong joints, the base rate of ``AUPR_error``.
        scorers: Figures by score, then by metric of ``METRICS``.
        reference: The score that the others are compared with.
        differences: Each score minus the reference, by score and metric, on
            the same draws.
        warnings: What makes a figure NaN or odd.
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
    n_bootstrap: int = 200,
    seed: int = 0,
    reference: str | None = None,
) -> Evaluation:
    """Judge scores by whether the joints they trust are right.

    Intervals hold the middle 95 % of the statistics of images drawn with
    replacement; all scores see the same draws. ``ECE``, ``ECE_mass`` and
    ``Brier`` read the score, clipped to [0, 1], as the chance of being right.

    Args:
        joints: Predictions beside the truth.
        names: Scores to judge; all by default.
        dist_thr: Largest error of a right joint in units of person size, for
            'bbox'.
        criterion: When a joint is right, see :meth:`EvaluationInput.correct`.
        n_bootstrap: Number of draws; 0 for no intervals.
        seed: Seed of the draws.
        reference: Score that the others are compared with; by default
            ``keypoint_scores``, else the first.

    Returns:
        The figures. ``AUROC`` and ``AUPR_error`` are NaN, with a warning,
        where all joints are right or all are wrong; intervals are NaN, with a
        warning, where there is one image only.

    Raises:
        ValueError: If a name, the criterion or a number is not as described.
    """
    names = check_names(joints, names)
    if reference is None:
        reference = RAW_SCORE if RAW_SCORE in names else names[0]
    if reference not in names:
        raise ValueError(
            f'reference: expected one of {", ".join(names)}, found '
            f'{reference!r}; choose one of them.'
        )
    if n_bootstrap < 0:
        raise ValueError(
            f'n_bootstrap: expected 0 or more draws, found {n_bootstrap}.'
        )
    labeled = joints.truth.labeled
    correct = joints.correct(dist_thr, criterion)[labeled]
    image = image_positions(joints)
    counts = draw_counts(image, n_bootstrap, seed)
    values, draws = {}, {}
    for name in names:
        scores = joints.scores[name][labeled]
        values[name] = figures(scores, correct)
        draws[name] = figure_draws(scores, correct, image, counts)
    return Evaluation(
        num_joints=correct.size,
        num_persons=int(labeled.any(1).sum()),
        num_images=int(image.max()) + 1,
        error_rate=_error_rate(correct, image, counts),
        scorers={n: _estimates(values[n], draws[n]) for n in names},
        reference=reference,
        differences={
            n: _estimates(
                values[n] - values[reference], draws[n] - draws[reference]
            )
            for n in names
            if n != reference
        },
        warnings=_warnings(joints, names, correct, counts.shape[1]),
    )


def check_names(
    joints: EvaluationInput, names: Sequence[str] | None
) -> list[str]:
    """Return the names of the scores to judge.

    Args:
        joints: Predictions beside the truth.
        names: Scores to judge; None for all.

    Returns:
        The names.

    Raises:
        ValueError: If there is no score of a name.
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


def image_positions(joints: EvaluationInput) -> NDArray[np.int64]:
    """Number the images that hold a labeled joint.

    Args:
        joints: Predictions beside the truth.

    Returns:
        (J,) position of the image of each labeled joint, 0 … I − 1.
    """
    labeled = joints.truth.labeled
    per_joint = np.repeat(joints.truth.image_ids, labeled.sum(1))
    return np.unique(per_joint, return_inverse=True)[1]


def draw_counts(
    image: NDArray[np.int64], n_bootstrap: int, seed: int
) -> NDArray[np.int64]:
    """Draw images with replacement, where there are several.

    Args:
        image: (J,) position of each joint's image.
        n_bootstrap: Number of draws.
        seed: Seed of the draws.

    Returns:
        (B, I) how often each draw holds each image; no draw of one image.
    """
    counts = draw_images(image.max() + 1, n_bootstrap, seed)
    return counts if counts.shape[1] > 1 else counts[:0]


def figures(scores: Floats, correct: Mask) -> Floats:
    """All figures of one score.

    Args:
        scores: (J,) scores.
        correct: (J,) bool.

    Returns:
        (8,) in the order of ``METRICS``.
    """
    chance = np.clip(scores, 0, 1)
    return np.array(
        [
            auroc(scores, correct),
            aupr_error(scores, correct),
            ece(chance, correct, NUM_BINS),
            ece_mass(chance, correct, NUM_BINS),
            brier(chance, correct),
            aurc(scores, ~correct),
            augrc(scores, ~correct),
            coverage_at_risk(scores, ~correct, MAX_RISK),
        ]
    )


def figure_draws(
    scores: Floats,
    correct: Mask,
    image: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> Floats:
    """All figures of one score on every draw.

    Args:
        scores: (J,) scores.
        correct: (J,) bool.
        image: (J,) position of each joint's image.
        counts: (B, I) how often each draw holds each image.

    Returns:
        (B, 8) in the order of ``METRICS``.
    """
    if not len(counts):
        return np.empty((0, len(METRICS)))
    joints = sort_joints(scores, correct, image)
    largest = int((counts @ np.bincount(image)).max())
    harmonic = harmonic_numbers(largest)
    ranks = [
        ranking_draw(joints, row, MAX_RISK, NUM_BINS, harmonic)
        for row in counts
    ]
    columns = dict(zip(RANKING, np.array(ranks).T, strict=True))
    columns['ECE'], columns['Brier'] = calibration_draws(
        scores, correct, image, counts, NUM_BINS
    )
    return np.stack([columns[name] for name in METRICS], 1)


def interval(draws: Floats) -> tuple[float, float]:
    """Return the middle 95 % of the draws that are defined.

    Args:
        draws: (B,) values, NaN where a draw leaves the value undefined.

    Returns:
        Lower and upper end, NaN where no draw is defined.
    """
    defined = draws[np.isfinite(draws)]
    if not defined.size:
        return float('nan'), float('nan')
    tail = (100 - LEVEL) / 2
    low, high = np.percentile(defined, (tail, 100 - tail))
    return float(low), float(high)


def _estimates(values: Floats, draws: Floats) -> dict[str, Estimate]:
    return {
        name: Estimate(float(values[k]), *interval(draws[:, k]))
        for k, name in enumerate(METRICS)
    }


def _error_rate(
    correct: Mask, image: NDArray[np.int64], counts: NDArray[np.int64]
) -> Estimate:
    wrong = counts @ np.bincount(image, ~correct)
    rate = wrong / (counts @ np.bincount(image))
    return Estimate(float(1 - correct.mean()), *interval(rate))


def _warnings(
    joints: EvaluationInput, names: list[str], correct: Mask, num_images: int
) -> tuple[str, ...]:
    found = []
    if correct.all() or not correct.any():
        found.append(
            f'All {correct.size} labeled joints are '
            f'{"right" if correct.all() else "wrong"}: AUROC and AUPR_error '
            'are NaN.'
        )
    if num_images == 1:
        found.append('One image only: there are no intervals.')
    for name in names:
        scores = joints.scores[name][joints.truth.labeled]
        outside = (scores < 0) | (scores > 1)
        if outside.any():
            found.append(
                f'{name} ranges over [{scores.min():.4g}, '
                f'{scores.max():.4g}]; {outside.mean():.2%} lie outside '
                '[0, 1] and are clipped for ECE, ECE_mass and Brier.'
            )
    return tuple(found)
