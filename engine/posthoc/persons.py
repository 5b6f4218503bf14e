"""Predicted persons, whatever predicted them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...metrics.functional import person_size

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class SecondPredictions(NamedTuple):
    """What a second estimator predicts of N persons with K joints each.

    Args:
        keypoints: ``(N, K, 2)`` points (x, y) in pixels, NaN where a person
            or a joint was not predicted.
        scores: ``(N, K)`` scores of any range, NaN likewise.
    """

    keypoints: Floats
    scores: Floats

    def take(self, rows: NDArray[np.generic]) -> 'SecondPredictions':
        """Select some of the persons.

        Args:
            rows: ``(M,)`` positions, or an ``(N,)`` mask.

        Returns:
            The selected persons.
        """
        return SecondPredictions(*(values[rows] for values in self))


class PredictedPersons(NamedTuple):
    """Keypoints of N persons with K joints each.

    Args:
        keypoints: ``(N, K, 2)`` predicted points (x, y) in pixels.
        scores: ``(N, K)`` scores of any range, higher means more certain.
        boxes: ``(N, 4)`` boxes (x1, y1, x2, y2) in pixels.
        second: What a second estimator predicts, if there is one.
    """

    keypoints: Floats
    scores: Floats
    boxes: Floats
    second: SecondPredictions | None = None

    def take(self, rows: NDArray[np.generic]) -> 'PredictedPersons':
        """Select some of the persons.

        Args:
            rows: ``(M,)`` positions, or an ``(N,)`` mask.

        Returns:
            The selected persons.
        """
        second = self.second and self.second.take(rows)
        keypoints, scores, boxes = (values[rows] for values in self[:3])
        return PredictedPersons(keypoints, scores, boxes, second)

    @property
    def sizes(self) -> Floats:
        """``(N,)`` longer sides of the boxes in pixels."""
        return person_size(self.boxes)

    @property
    def points(self) -> Floats:
        """``(N, K, 2)`` points from the box center, in person sizes."""
        center = (self.boxes[:, :2] + self.boxes[:, 2:]) / 2
        points = self.keypoints - center[:, None]
        return points / np.maximum(self.sizes, 1.0)[:, None, None]


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


def pool(parts: Sequence[LabeledPersons]) -> LabeledPersons:
    """Join labeled persons, such as those of several files.

    Args:
        parts: Persons with the same joints, without a second estimator's
            predictions.

    Returns:
        The persons, with the images of each part numbered anew.
    """
    images, start = [], 0
    for part in parts:
        names, numbers = np.unique(part.images, return_inverse=True)
        images.append(numbers + start)
        start += len(names)
    persons = (
        np.concatenate([getattr(part.persons, name) for part in parts])
        for name in ('keypoints', 'scores', 'boxes')
    )
    return LabeledPersons(
        PredictedPersons(*persons),
        np.concatenate([part.correct for part in parts]),
        np.concatenate([part.labeled for part in parts]),
        np.concatenate(images),
    )
