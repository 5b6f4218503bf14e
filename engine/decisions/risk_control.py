"""Thresholds that keep the share of wrong joints below a risk.

By Learn-Then-Test, with the image as the unit, since the joints of one image
depend on each other. The kept joints of an image share its weight, which is 1
where enough of them are kept and smaller in proportion where fewer are: a
crowd counts as much as a person, and a single kept joint less. With the excess
of wrong joints over the risk as loss, an image's loss lies in [0, 1] whatever
the number of persons, and a test of its mean needs no further assumption.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .optional import import_optional

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Share of the images that chooses the candidates, and is not tested on
SELECTION = 0.2
_CANDIDATES = 100
# Parts of the largest stake, and of the capital that is staked in this way
_STAKES = 0.5 ** np.arange(6)
_WEIGHTS = _STAKES / _STAKES.sum()


class LabeledScores(NamedTuple):
    """Scores of joints whose correctness is known.

    Args:
        scores: ``(J,)`` scores of any range, higher means more certain.
        correct: ``(J,)`` whether each joint is correct.
        images: ``(J,)`` image of each joint.
    """

    scores: Floats
    correct: Mask
    images: NDArray[np.generic]

    def take(self, rows: NDArray[np.generic]) -> 'LabeledScores':
        """Select some of the joints.

        Args:
            rows: ``(M,)`` positions, or a ``(J,)`` mask.

        Returns:
            The selected joints.
        """
        return LabeledScores(*(values[rows] for values in self))


class Threshold(NamedTuple):
    """A threshold and what it does on the data that it was chosen on.

    Args:
        threshold: Joints with at least this score are kept; None where no
            threshold is guaranteed.
        reason: Why there is none; empty where there is one.
        images: Number of images with a labeled joint.
        joints: Number of labeled joints.
        kept: Share of the labeled joints that are kept.
        wrong: Share of wrong joints among the kept ones, with the weights of
            their images.
    """

    threshold: float | None
    reason: str
    images: int
    joints: int
    kept: float = 0.0
    wrong: float = 0.0


@lru_cache
def fewest_images(risk: float, confidence: float) -> int:
    """Number of images below which nothing can be guaranteed.

    Args:
        risk: Largest wanted mean of the losses, in (0, 1).
        confidence: Probability of the guarantee, in (0, 1).

    Returns:
        Number of images with which losses of 0 alone suffice, those that
        choose the candidates included.

    Example:
        >>> fewest_images(0.05, 0.9)
        70
    """
    tested = 1
    while betting_p_values(np.zeros((tested, 1)), risk)[0] > 1 - confidence:
        tested += 1
    return math.ceil(tested / (1 - SELECTION))


def choose_threshold(
    joints: LabeledScores,
    risk: float,
    confidence: float,
    full_weight: int = 1,
    seed: int = 0,
) -> Threshold:
    """Choose the lowest threshold that keeps the risk.

    A random fifth of the images gives the candidates, the quantiles of its
    scores, and the one to begin with, where its losses fall short of the risk
    most. The other images test one candidate after the other, from this one
    downwards, until one cannot be shown to keep the risk. So the probability
    that the chosen threshold breaks it is at most ``1 - confidence``, if the
    images are independent draws of those to come.

    Args:
        joints: Labeled joints.
        risk: Largest share of wrong joints among the kept ones, in (0, 1).
        confidence: Probability with which the promise holds, in (0, 1).
        full_weight: Number of kept joints from which on an image has the
            weight 1.
        seed: Seed of the division of the images.

    Returns:
        The threshold.

    References:
        Angelopoulos et al., Learn then Test, Annals of Applied Statistics
        2025: fixed sequence testing.
    """
    names, images = np.unique(joints.images, return_inverse=True)
    counts = len(names), len(images)
    fewest = fewest_images(risk, confidence)
    if len(names) < fewest:
        reason = f'too few labels: {len(names)} images, {fewest} are needed'
        return Threshold(None, reason, *counts)
    order = np.random.default_rng(seed).permutation(len(names))
    selected = np.isin(images, order[: round(SELECTION * len(names))])
    candidates = _candidates(joints.take(selected), risk, full_weight)
    kept, wrong = count_kept(joints.take(~selected), candidates)
    procedure = import_optional('mapie.risk_control', 'decisions')
    p_values = betting_p_values(_losses(kept, wrong, risk, full_weight), risk)
    passed = procedure.control_fwer(p_values, 1 - confidence, 'fixed_sequence')
    if not len(passed):
        return Threshold(None, 'no threshold can be shown to keep it', *counts)
    value = float(candidates[passed[-1]])
    share = float((joints.scores >= value).mean())
    found = wrong_share(joints, value, full_weight)
    return Threshold(value, '', *counts, share, found)


def wrong_share(
    joints: LabeledScores, threshold: float, full_weight: int = 1
) -> float:
    """Share of wrong joints among the kept ones, with the images' weights.

    Args:
        joints: Labeled joints.
        threshold: Joints with at least this score are kept.
        full_weight: See :func:`choose_threshold`.

    Returns:
        The share; 0 where nothing is kept.
    """
    kept, wrong = count_kept(joints, np.array([threshold]))
    weight = 1 / np.maximum(kept, full_weight)
    return float((weight * wrong).sum() / max((weight * kept).sum(), 1e-12))


def _candidates(
    joints: LabeledScores, risk: float, full_weight: int
) -> Floats:
    """Descending thresholds, from the one with the best prospects."""
    steps = np.linspace(0, 1, _CANDIDATES + 1)
    grid = np.unique(np.quantile(joints.scores, steps, method='nearest'))
    grid = grid[::-1]
    losses = _losses(*count_kept(joints, grid), risk, full_weight)
    return np.asarray(grid[int(np.argmin(losses.sum(0))) :], np.float64)


def _losses(
    kept: Floats, wrong: Floats, risk: float, full_weight: int
) -> Floats:
    """Losses in [0, 1], whose mean is the risk where the promise just holds.

    A joint that is kept counts as 1 if it is wrong, else 0; joints that fail
    to full weight count as the risk.
    """
    return risk + (wrong - risk * kept) / np.maximum(kept, full_weight)


def count_kept(
    joints: LabeledScores, thresholds: Floats
) -> tuple[Floats, Floats]:
    """Count kept joints, and wrong ones among them, in each image.

    Args:
        joints: Labeled joints of I images.
        thresholds: ``(T,)`` thresholds in descending order.

    Returns:
        Two ``(I, T)`` arrays of numbers.
    """
    names, images = np.unique(joints.images, return_inverse=True)
    # position of the first threshold that keeps the joint
    first = np.searchsorted(-thresholds, -joints.scores)
    counts = np.zeros((2, len(names), len(thresholds) + 1))
    np.add.at(counts[0], (images, first), 1)
    np.add.at(counts[1], (images, first), ~joints.correct)
    kept, wrong = counts.cumsum(-1)[..., :-1]
    return kept, wrong


def betting_p_values(losses: Floats, risk: float) -> Floats:
    """Compute p-values of the hypotheses that mean losses exceed a risk.

    A gambler stakes parts of a capital on losses below the risk. If they are
    not, the capital does not grow on average; its inverse is then a p-value
    for any number of images. Half of the capital takes the largest stake,
    which is best for few images, a quarter half of it, and so on.

    Args:
        losses: ``(I, T)`` losses in [0, 1].
        risk: The mean of the hypotheses, in (0, 1).

    Returns:
        ``(T,)`` p-values.

    References:
        Waudby-Smith and Ramdas, Estimating means of bounded random variables
        by betting, JRSS B 2024, Section 4.

    Example:
        >>> betting_p_values(np.zeros((60, 1)), 0.05).round(3)
        array([0.079])
    """
    stakes = _STAKES[:, None] / (1 - risk)
    capital = np.log(np.tile(_WEIGHTS[:, None], losses.shape[1]))
    with np.errstate(divide='ignore'):
        for row in losses - risk:
            capital += np.log(np.maximum(1 - stakes * row, 0))
    total = np.logaddexp.reduce(capital, axis=0)
    return np.asarray(np.exp(-np.maximum(total, 0)))
