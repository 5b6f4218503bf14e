"""Bootstrap by image: all statistics of resampled joints, presorted once.

A draw takes images with replacement, so all joints of an image come, or stay
away, together. Resampling is counting: a draw is a number per image, and
every statistic is that of the joints repeated so often. The joints are sorted
once; a draw costs a few cumulative sums.

Source: Field and Welsh, "Bootstrapping Clustered Data", Journal of the Royal
Statistical Society B, 2007 (the cluster bootstrap).
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...functional._validation import check_scores_and_correct
from ...functional.calibration import equal_width_edges

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

RANKING = ('AUROC', 'AUPR_error', 'AURC', 'AUGRC', 'Coverage', 'ECE_mass')


class SortedJoints(NamedTuple):
    """Joints in ascending order of their score.

    A group is a run of tied joints; only groups with a wrong joint are kept,
    which is all that the ranking statistics need.

    Attributes:
        image: (N,) position of each joint's image, 0 … I − 1.
        wrong_image: (E,) the same of the E wrong joints.
        starts: (G,) position of the first joint of each group.
        stops: (G,) position after its last joint.
        wrong_starts: (G,) position of its first joint among the wrong ones.
        gap: (N,) score, clipped to [0, 1], minus correctness.
        chance_stops: (N,) position after the last joint of the same clipped
            score.
    """

    image: Counts
    wrong_image: Counts
    starts: Counts
    stops: Counts
    wrong_starts: Counts
    gap: Floats
    chance_stops: Counts


def draw_images(num_images: int, draws: int, seed: int) -> Counts:
    """Draw images with replacement.

    Args:
        num_images: Number of images I.
        draws: Number of draws B.
        seed: Seed of the random numbers.

    Returns:
        (B, I) how often each draw holds each image; rows sum to I.
    """
    rng = np.random.default_rng(seed)
    share = np.full(num_images, 1 / num_images)
    return rng.multinomial(num_images, share, size=draws)


def sort_joints(
    scores: ArrayLike, correct: ArrayLike, image: ArrayLike
) -> SortedJoints:
    """Sort joints by their score, once for all draws.

    Args:
        scores: (N,) scores of any range, higher is surer.
        correct: (N,) bool, True where the joint is right.
        image: (N,) position of each joint's image, 0 … I − 1.

    Returns:
        The joints in ascending order.

    Raises:
        ValueError: If scores or correctness are not finite vectors of one
            length.
    """
    score_values, is_right = check_scores_and_correct(scores, correct)
    order = np.argsort(score_values, kind='stable')
    ordered, is_right = score_values[order], is_right[order]
    images = np.asarray(image, dtype=np.int64)[order]
    chance = np.clip(ordered, 0, 1)
    wrong = ordered[~is_right]
    values, wrong_starts = np.unique(wrong, return_index=True)
    return SortedJoints(
        image=images,
        wrong_image=images[~is_right],
        starts=np.searchsorted(ordered, values, side='left'),
        stops=np.searchsorted(ordered, values, side='right'),
        wrong_starts=wrong_starts,
        gap=chance - is_right,
        chance_stops=np.searchsorted(chance, chance, side='right'),
    )


def harmonic_numbers(largest: int) -> Floats:
    """Return 0, 1, 1 + 1/2, … up to the given number of terms."""
    return np.append(0.0, np.cumsum(1 / np.arange(1, largest + 1)))


def ranking_draw(
    joints: SortedJoints,
    counts: NDArray[np.generic],
    max_risk: float,
    num_bins: int,
    harmonic: Floats,
) -> Floats:
    """All statistics of one draw that need the order of the joints.

    Each equals the function of that name on the repeated joints.

    Args:
        joints: Sorted joints.
        counts: (I,) how often each image is drawn.
        max_risk: Largest risk of ``Coverage``.
        num_bins: Number of bins of ``ECE_mass``.
        harmonic: Harmonic numbers up to the number of repeated joints.

    Returns:
        (6,) values in the order of ``RANKING``; NaN for the first two where
        all joints are right or all are wrong.
    """
    tally = _tally(joints, np.asarray(counts, np.float64))
    accuracy = 1 - tally.num_wrong / tally.total
    spread = accuracy * (1 - accuracy)
    area = _roc_area(tally)
    lost = (1 - area) * spread if spread else 0.0
    return np.array(
        [
            area,
            _error_precision(tally),
            _mean_selective_risk(tally, harmonic),
            lost + (1 - accuracy) ** 2 / 2,
            _largest_coverage(tally, max_risk),
            _mass_gap(tally, joints, num_bins),
        ]
    )


def auroc_draw(joints: SortedJoints, counts: NDArray[np.generic]) -> float:
    """AUROC of one draw.

    Args:
        joints: Sorted joints.
        counts: (I,) how often each image is drawn.

    Returns:
        The chance that a right joint scores higher than a wrong one, NaN
        where all joints are right or all are wrong.
    """
    return _roc_area(_tally(joints, np.asarray(counts, np.float64)))


def calibration_draws(
    scores: ArrayLike,
    correct: ArrayLike,
    image: ArrayLike,
    counts: Counts,
    num_bins: int,
) -> tuple[Floats, Floats]:
    """Calibration error over bins of equal width and Brier score.

    Args:
        scores: (N,) scores; they are clipped to [0, 1].
        correct: (N,) bool, True where the joint is right.
        image: (N,) position of each joint's image, 0 … I − 1.
        counts: (B, I) how often each draw holds each image.
        num_bins: Number of bins.

    Returns:
        (B,) ``ece`` and (B,) ``brier`` of the repeated joints.
    """
    num_images = counts.shape[1]
    chance = np.clip(scores, 0, 1)
    gap = chance - np.asarray(correct)
    edges = equal_width_edges(num_bins)[1:-1]
    cell = np.searchsorted(edges, chance, side='left')
    cell += np.asarray(image) * num_bins
    gaps = np.bincount(cell, gap, minlength=num_images * num_bins)
    squares = np.bincount(image, gap**2, minlength=num_images)
    weights = counts.astype(np.float64)
    total = weights @ np.bincount(image, minlength=num_images)
    error = np.abs(weights @ gaps.reshape(num_images, num_bins)).sum(1)
    return error / total, weights @ squares / total


class _Tally(NamedTuple):
    """Repeated joints per group with a wrong joint, from the lowest up.

    Attributes:
        weight: (N,) repetitions of each joint.
        reached: (N + 1,) their sum up to each joint.
        below: (G,) joints below the group.
        own: (G,) joints in it.
        wrong_below: (G,) wrong joints below it.
        wrong: (G,) wrong joints in it.
        total: All joints.
        num_wrong: All wrong joints.
    """

    weight: Floats
    reached: Floats
    below: Floats
    own: Floats
    wrong_below: Floats
    wrong: Floats
    total: float
    num_wrong: float


def _tally(joints: SortedJoints, counts: Floats) -> _Tally:
    # sums of whole numbers are exact in double precision
    weight = counts[joints.image]
    reached = np.empty(len(weight) + 1)
    reached[0] = 0
    np.cumsum(weight, out=reached[1:])
    wrong_reached = np.append(0.0, np.cumsum(counts[joints.wrong_image]))
    below = reached[joints.starts]
    wrong_below = wrong_reached[joints.wrong_starts]
    return _Tally(
        weight,
        reached,
        below,
        reached[joints.stops] - below,
        wrong_below,
        np.diff(wrong_below, append=wrong_reached[-1]),
        reached[-1],
        wrong_reached[-1],
    )


def _roc_area(tally: _Tally) -> float:
    """Share of pairs in which the right joint scores higher."""
    num_right = tally.total - tally.num_wrong
    if not num_right or not tally.num_wrong:
        return float('nan')
    not_above = tally.below - tally.wrong_below
    not_above += (tally.own - tally.wrong) / 2
    lost = np.dot(tally.wrong, not_above)
    return float(1 - lost / (num_right * tally.num_wrong))


def _error_precision(tally: _Tally) -> float:
    """Average precision of the wrong joints, found from the lowest score."""
    if tally.num_wrong in (0, tally.total):
        return float('nan')
    looked_at = np.maximum(tally.below + tally.own, 1)
    precision = (tally.wrong_below + tally.wrong) / looked_at
    return float(np.dot(tally.wrong, precision) / tally.num_wrong)


def _mean_selective_risk(tally: _Tally, harmonic: Floats) -> float:
    """Mean risk over all numbers of kept joints, ties in random order.

    A group with ``e`` wrong of ``w`` joints and ``a`` joints above it adds
    ``e · m / (w · n)`` at ``n = a + m`` kept joints, ``m`` = 1 … ``w``, and
    ``e / n`` at every larger ``n``. Summed over ``n`` this is
    ``e (1 − a (H(a + w) − H(a)) / w) + e (H(N) − H(a + w))``.
    """
    above = tally.total - tally.below - tally.own
    at_above = harmonic[above.astype(np.int64)]
    at_kept = harmonic[(above + tally.own).astype(np.int64)]
    share = above / np.maximum(tally.own, 1)
    steps = 1 - share * (at_kept - at_above) - at_kept
    area = np.dot(tally.wrong, steps)
    area += tally.num_wrong * harmonic[int(tally.total)]
    return float(area / tally.total)


def _largest_coverage(tally: _Tally, max_risk: float) -> float:
    """Largest share kept whose mean risk stays within the limit.

    It ends at the lowest joint of all, or right above a group that holds a
    wrong joint: right joints below do not raise the risk.
    """
    kept = np.append(tally.total, tally.total - tally.below - tally.own)
    wrong_above = tally.num_wrong - tally.wrong_below - tally.wrong
    wrong = np.append(tally.num_wrong, wrong_above)
    allowed = wrong <= max_risk * kept
    return float(kept[np.argmax(allowed)] / tally.total)


def _mass_gap(tally: _Tally, joints: SortedJoints, num_bins: int) -> float:
    """Calibration error over bins of equal count."""
    size = int(tally.total)
    rank = -(-np.arange(1, num_bins) * size // num_bins)
    last = np.searchsorted(tally.reached[1:], rank)
    edges = np.concatenate([[0], joints.chance_stops[last], [len(joints.gap)]])
    gap = [
        np.dot(tally.weight[start:stop], joints.gap[start:stop])
        for start, stop in pairwise(edges)
    ]
    return float(np.abs(gap).sum() / size)
