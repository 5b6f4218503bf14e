"""Trust for predicted persons of any estimator, fitted to labeled ones."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from ...metrics.functional import auroc
from .boosted_trees import BoostedTrees
from .evidence import joint_evidence
from .linear_model import LinearModel
from .persons import Floats, PredictedPersons
from .score_map import ScoreMap

# Shares of a model in the log odds; the others are the score map's.
_SHARES = (0.25, 0.5, 0.75, 1.0)
_FOLDS = 5
_NUM_DRAWS = 50
_MAX_JOINTS = 60_000  # that a model is fitted to
_FEWEST_PERSONS = 20

Model = BoostedTrees | LinearModel
MODELS: dict[str, type[Model]] = {
    'trees': BoostedTrees,
    'linear': LinearModel,
}
Mask = NDArray[np.bool_]


class LabeledPersons(NamedTuple):
    """Predicted persons with labels.

    Args:
        persons: N persons with K joints.
        correct: ``(N, K)`` whether each joint is correct.
        labeled: ``(N, K)`` where that is known.
        images: ``(N,)`` image of each person.
    """

    persons: PredictedPersons
    correct: Mask
    labeled: Mask
    images: NDArray[np.generic]

    def take(self, rows: NDArray[np.generic]) -> 'LabeledPersons':
        """Select some of the persons.

        Args:
            rows: ``(M,)`` positions, or an ``(N,)`` mask.

        Returns:
            The selected persons.
        """
        persons, *others = self
        return LabeledPersons(
            persons.take(rows), *(values[rows] for values in others)
        )


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


@dataclass(frozen=True)
class PosthocTrust:
    """Probability that each joint is correct, from predictions alone.

    The log odds are those of the score map, or a weighted mean of these and
    of a model of the evidence, where cross-validation by image finds that
    this ranks joints better by more than its standard error.

    Attributes:
        score_map: The map of each joint's score.
        kind: ``'trees'``, ``'linear'``, or ``'map'`` for the map alone.
        model: The model of the evidence, None for the map alone.
        share: Share of the model in the log odds.
        scale: Slope of the calibration of the log odds.
        shift: Shift of that calibration.
        found: What cross-validation found.
    """

    score_map: ScoreMap
    kind: str
    model: Model | None
    share: float
    scale: float
    shift: float
    found: CrossValidation

    @property
    def num_joints(self) -> int:
        """Number of joints of a person."""
        return len(self.score_map.shift)

    @classmethod
    def fit(cls, known: LabeledPersons, seed: int = 0) -> 'PosthocTrust':
        """Fit the trust, and choose by cross-validation what it consists of.

        Args:
            known: Predicted persons with labels.
            seed: Seed of all that is random.

        Returns:
            The trust.

        Raises:
            ValueError: If there are too few persons or images, or all joints
                are correct, or all are wrong.
        """
        _check(known)
        mapped, held_out = _cross_validate(known, seed)
        choice = _choose(known, mapped, held_out, seed)
        logits = mapped
        if choice.kind != 'map':
            logits = _mix(mapped, held_out[choice.kind], choice.share)
        scale, shift = _calibrate(logits, known)
        score_map = _fit_map(known)
        model: Model | None = None
        if choice.kind != 'map':
            evidence = _evidence(known.persons, score_map)
            model = _fit_model(choice.kind, evidence, known, seed)
        return cls(
            score_map,
            choice.kind,
            model,
            choice.share,
            scale,
            shift,
            choice.found,
        )

    def predict(self, persons: PredictedPersons) -> Floats:
        """Predict the probability that each joint is correct.

        Args:
            persons: N persons with the joints that it was fitted to.

        Returns:
            ``(N, K)`` trust in [0, 1].

        Raises:
            ValueError: If the persons have another number of joints.
        """
        if persons.scores.shape[1] != self.num_joints:
            raise ValueError(
                f'persons: expected {self.num_joints} joints, as the trust '
                f'was fitted to, found {persons.scores.shape[1]}; give '
                'predictions of the same estimator.'
            )
        logits = self.score_map(persons.scores)
        if self.model is not None:
            evidence = joint_evidence(persons, logits)
            logits = _mix(logits, _predict(self.model, evidence), self.share)
        return np.asarray(1 / (1 + np.exp(-self.scale * logits - self.shift)))


class _Choice(NamedTuple):
    kind: str
    share: float
    found: CrossValidation


def _check(known: LabeledPersons) -> None:
    count, images = len(known.images), len(np.unique(known.images))
    if count < _FEWEST_PERSONS or images < 2 * _FOLDS:
        raise ValueError(
            f'expected at least {_FEWEST_PERSONS} labeled persons in '
            f'{2 * _FOLDS} images, found {count} in {images}; label more.'
        )
    correct = known.correct[known.labeled]
    if correct.all() or not correct.any():
        raise ValueError(
            'expected correct and wrong joints to tell apart, found '
            f'{correct.sum()} correct ones of {correct.size}; give other '
            'persons.'
        )


def _folds(
    known: LabeledPersons,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    folds = GroupKFold(_FOLDS, shuffle=True, random_state=0)
    yield from folds.split(known.correct, groups=known.images)


def _cross_validate(
    known: LabeledPersons, seed: int
) -> tuple[Floats, dict[str, Floats]]:
    """Log odds of the score map and of each model, from the other folds."""
    held_out = {name: np.zeros(known.correct.shape) for name in MODELS}
    mapped = np.zeros(known.correct.shape)
    for fitted, tested in _folds(known):
        part, persons = known.take(fitted), known.persons.take(tested)
        score_map = _fit_map(part)
        logits = score_map(persons.scores)
        mapped[tested] = logits
        fitted_evidence = _evidence(part.persons, score_map)
        evidence = _evidence(persons, score_map)
        for name in MODELS:
            model = _fit_model(name, fitted_evidence, part, seed)
            held_out[name][tested] = _predict(model, evidence)
    return mapped, held_out


def _fit_map(known: LabeledPersons) -> ScoreMap:
    return ScoreMap.fit(known.persons.scores, known.correct, known.labeled)


def _evidence(
    persons: PredictedPersons, score_map: ScoreMap
) -> NDArray[np.float32]:
    return joint_evidence(persons, score_map(persons.scores))


def _fit_model(
    name: str,
    evidence: NDArray[np.float32],
    known: LabeledPersons,
    seed: int,
) -> Model:
    inputs, correct = evidence[known.labeled], known.correct[known.labeled]
    if len(inputs) > _MAX_JOINTS:
        rows = np.random.default_rng(seed).permutation(len(inputs))
        rows = rows[:_MAX_JOINTS]
        inputs, correct = inputs[rows], correct[rows]
    model: Model = MODELS[name].fit(inputs, correct, seed)
    return model


def _predict(model: Model, evidence: NDArray[np.float32]) -> Floats:
    return model(evidence.reshape(-1, evidence.shape[-1])).reshape(
        evidence.shape[:2]
    )


def _mix(mapped: Floats, logits: Floats, share: float) -> Floats:
    return (1 - share) * mapped + share * logits


def _choose(
    known: LabeledPersons,
    mapped: Floats,
    held_out: dict[str, Floats],
    seed: int,
) -> _Choice:
    """Choose a model and its share; the map where none gains surely."""
    labeled = known.labeled
    correct = known.correct[labeled]

    def measure(logits: Floats) -> float:
        return auroc(logits[labeled], correct)

    score, alone = measure(known.persons.scores), measure(mapped)
    candidates = {
        (name, share): _mix(mapped, logits, share)
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
        return _Choice('map', 0.0, found)
    found = CrossValidation(score, alone, measured[best], gain, error)
    return _Choice(*best, found)


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
