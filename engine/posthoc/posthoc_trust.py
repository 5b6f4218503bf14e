"""Trust for predicted persons of any estimator, fitted to labeled ones."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from .evidence import joint_evidence
from .model_choice import (
    FOLDS,
    CrossValidation,
    Model,
    choose_model,
    fit_map,
    fit_model,
    mix,
)
from .persons import Floats, LabeledPersons, PredictedPersons
from .score_map import ScoreMap

_FEWEST_PERSONS = 20
_CHUNK = 1024  # persons, whose features the caches of a core hold


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
        with_second: Whether the evidence holds a second estimator's
            predictions.
        found: Result of the cross-validation.
    """

    score_map: ScoreMap
    kind: str
    model: Model | None
    share: float
    scale: float
    shift: float
    with_second: bool
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
        choice = choose_model(known, seed)
        score_map, model = fit_map(known), None
        if choice.kind != 'map':
            model = fit_model(choice.kind, known, score_map, seed)
        return cls(
            score_map,
            choice.kind,
            model,
            choice.share,
            choice.scale,
            choice.shift,
            model is not None and known.persons.second is not None,
            choice.found,
        )

    def predict(self, persons: PredictedPersons) -> Floats:
        """Predict the probability that each joint is correct.

        Args:
            persons: N persons with the joints that it was fitted to, and a
                second estimator's predictions where it was fitted with them.

        Returns:
            ``(N, K)`` trust in [0, 1].

        Raises:
            ValueError: If the persons have another number of joints, or the
                second estimator's predictions are missing.
        """
        if persons.scores.shape[1] != self.num_joints:
            raise ValueError(
                f'persons: expected {self.num_joints} joints, as the trust '
                f'was fitted to, found {persons.scores.shape[1]}; give '
                'predictions of the same estimator.'
            )
        if not self.with_second:
            persons = persons._replace(second=None)
        elif persons.second is None:
            raise ValueError(
                'persons: expected the predictions of a second estimator, as '
                'the trust was fitted with them, found none; give them '
                '(--second).'
            )
        parts = np.split(
            np.arange(len(persons.scores)),
            np.arange(_CHUNK, len(persons.scores), _CHUNK),
        )
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            logits = [
                *pool.map(lambda p: self._logits(persons.take(p)), parts)
            ]
        return 1 / (
            1 + np.exp(-self.scale * np.concatenate(logits) - self.shift)
        )

    def _logits(self, persons: PredictedPersons) -> Floats:
        logits = self.score_map(persons.scores)
        if self.model is None:
            return logits
        evidence = joint_evidence(persons, logits)
        return mix(logits, self.model(evidence), self.share)


def _check(known: LabeledPersons) -> None:
    count, images = len(known.images), len(np.unique(known.images))
    if count < _FEWEST_PERSONS or images < 2 * FOLDS:
        raise ValueError(
            f'expected at least {_FEWEST_PERSONS} labeled persons in '
            f'{2 * FOLDS} images, found {count} in {images}; label more.'
        )
    correct = known.correct[known.labeled]
    if correct.all() or not correct.any():
        raise ValueError(
            'expected correct and wrong joints to tell apart, found '
            f'{correct.sum()} correct ones of {correct.size}; give other '
            'persons.'
        )
