"""Choice of what trust consists of, by cross-validation by image."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from ...metrics.functional import auroc
from .boosted_trees import BoostedTrees
from .evidence import Evidence, joint_evidence
from .linear_model import LinearModel
from .persons import Floats, LabeledPersons, PredictedPersons
from .score_map import ScoreMap

# Shares of a model in the log odds; the others are the score map's.
_SHARES = (0.25, 0.5, 0.75, 1.0)
_NUM_DRAWS = 50
_MAX_JOINTS = 60_000  # that a model is fitted to
_MAX_PERSONS = 1_500  # that cross-validation is of
FOLDS = 5

Model = BoostedTrees | LinearModel
MODELS: dict[str, type[Model]] = {
    'trees': BoostedTrees,
    'linear': LinearModel,
}


class CrossValidation(NamedTuple):
    """Figures of the persons of the folds that a fit did not see.

    Args:
        score_auroc: AUROC of the scores as they are.
        map_auroc: AUROC of the score map.
        auroc: AUROC of the trust.
        gain: The latter minus the AUROC of the score map.
        error: Standard error of the gain, by drawing images.
    """

    score_auroc: float
    map_auroc: float
    auroc: float
    gain: float
    error: float


class Choice(NamedTuple):
    """What trust consists of.

    Args:
        kind: A key of ``MODELS``, or ``'map'`` for the score map alone.
        share: Share of the model in the log odds.
        scale: Slope of the calibration of the log odds.
        shift: Shift of that calibration.
        found: Result of the cross-validation.
    """

    kind: str
    share: float
    scale: float
    shift: float
    found: CrossValidation


def choose_model(known: LabeledPersons, seed: int) -> Choice:
    """Choose a model and its share; the map where none gains surely.

    Args:
        known: Predicted persons with labels; of more than ``_MAX_PERSONS``
            those of some of the images are taken.
        seed: Seed of all that is random.

    Returns:
        The choice, and the calibration of its log odds.
    """
    known = _some_images(known, seed)
    mapped, held_out = _cross_validate(known, seed)
    labeled = known.labeled
    correct = known.correct[labeled]

    def measure(logits: Floats) -> float:
        return auroc(logits[labeled], correct)

    score, alone = measure(known.persons.scores), measure(mapped)
    candidates = {
        (name, share): mix(mapped, logits, share)
        for name, logits in held_out.items()
        for share in _SHARES
    }
    measured = {key: measure(one) for key, one in candidates.items()}
    best = max(measured, key=measured.__getitem__)
    gain = measured[best] - alone
    error = _standard_error(
        known,
        lambda weight: _gain(known, candidates[best], mapped, weight),
        seed,
    )
    if gain <= error:
        found = CrossValidation(score, alone, alone, 0.0, error)
        return Choice('map', 0.0, *_calibrate(mapped, known), found)
    found = CrossValidation(score, alone, measured[best], gain, error)
    return Choice(*best, *_calibrate(candidates[best], known), found)


def fit_map(known: LabeledPersons) -> ScoreMap:
    """Fit the map of each joint's score.

    Args:
        known: Predicted persons with labels.

    Returns:
        The map.
    """
    return ScoreMap.fit(known.persons.scores, known.correct, known.labeled)


def fit_model(
    name: str, known: LabeledPersons, score_map: ScoreMap, seed: int
) -> Model:
    """Fit a model to the evidence.

    Args:
        name: A key of ``MODELS``.
        known: Predicted persons with labels.
        score_map: Map of their scores.
        seed: Seed of all that is random.

    Returns:
        The model.
    """
    return _fit(name, _evidence(known.persons, score_map), known, seed)


def mix(mapped: Floats, logits: Floats, share: float) -> Floats:
    """Weight the log odds of the score map and of a model.

    Args:
        mapped: Log odds of the score map.
        logits: Log odds of the model.
        share: Weight of the latter in [0, 1].

    Returns:
        The weighted mean.
    """
    return (1 - share) * mapped + share * logits


def _some_images(known: LabeledPersons, seed: int) -> LabeledPersons:
    """The persons of the first images in a random order."""
    if len(known.images) <= _MAX_PERSONS:
        return known
    names, image = np.unique(known.images, return_inverse=True)
    place = np.random.default_rng(seed).permutation(len(names))[image]
    counts = np.cumsum(np.bincount(place))
    return known.take(place <= np.searchsorted(counts, _MAX_PERSONS))


def _folds(
    known: LabeledPersons,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    folds = GroupKFold(FOLDS, shuffle=True, random_state=0)
    yield from folds.split(known.correct, groups=known.images)


def _cross_validate(
    known: LabeledPersons, seed: int
) -> tuple[Floats, dict[str, Floats]]:
    """Log odds of the score map and of each model, from the other folds."""
    held_out = {name: np.zeros(known.correct.shape) for name in MODELS}
    mapped = np.zeros(known.correct.shape)
    for fitted, tested in _folds(known):
        part, persons = known.take(fitted), known.persons.take(tested)
        score_map = fit_map(part)
        mapped[tested] = score_map(persons.scores)
        fitted_evidence = _evidence(part.persons, score_map)
        evidence = _evidence(persons, score_map)
        for name in MODELS:
            model = _fit(name, fitted_evidence, part, seed)
            held_out[name][tested] = model(evidence)
    return mapped, held_out


def _evidence(persons: PredictedPersons, score_map: ScoreMap) -> Evidence:
    return joint_evidence(persons, score_map(persons.scores))


def _fit(
    name: str, evidence: Evidence, known: LabeledPersons, seed: int
) -> Model:
    which = np.flatnonzero(known.labeled)
    if len(which) > _MAX_JOINTS:
        order = np.random.default_rng(seed).permutation(len(which))
        which = np.sort(which[order[:_MAX_JOINTS]])
    used = np.zeros(known.labeled.shape, bool)
    used.flat[which] = True
    model: Model = MODELS[name].fit(
        evidence.joined(used), known.correct[used], seed
    )
    return model


def _gain(
    known: LabeledPersons, logits: Floats, mapped: Floats, weight: Floats
) -> float:
    labeled, correct = known.labeled, known.correct[known.labeled]
    with_model, alone = (
        auroc(values[labeled], correct, sample_weight=weight)
        for values in (logits, mapped)
    )
    return with_model - alone


def _standard_error(
    known: LabeledPersons, measure: Callable[[Floats], float], seed: int
) -> float:
    """Spread of a figure over draws of images, with replacement."""
    names, image = np.unique(known.images, return_inverse=True)
    image = np.repeat(image, known.labeled.sum(1))
    draws = np.random.default_rng(seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), _NUM_DRAWS
    )
    return float(np.nanstd([measure(counts[image]) for counts in draws]))


def _calibrate(logits: Floats, known: LabeledPersons) -> tuple[float, float]:
    """Slope and shift of the log odds by logistic regression."""
    model = LogisticRegression(C=1e6).fit(
        logits[known.labeled][:, None], known.correct[known.labeled]
    )
    scale = float(model.coef_[0, 0])
    if scale <= 0:  # the scores tell nothing
        return 0.0, float(model.intercept_[0])
    return scale, float(model.intercept_[0])
