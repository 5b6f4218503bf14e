"""Predicted persons, whatever predicted them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...metrics.functional import person_size

Floats = NDArray[np.float64]


class PredictedPersons(NamedTuple):
    """Keypoints of N persons with K joints each.

    Args:
        keypoints: ``(N, K, 2)`` predicted points (x, y) in pixels.
        scores: ``(N, K)`` scores of any range, higher is surer.
        boxes: ``(N, 4)`` boxes (x1, y1, x2, y2) in pixels.
    """

    keypoints: Floats
    scores: Floats
    boxes: Floats

    def take(self, rows: NDArray[np.generic]) -> 'PredictedPersons':
        """Select some of the persons.

        Args:
            rows: ``(M,)`` positions, or an ``(N,)`` mask.

        Returns:
            The selected persons.
        """
        return PredictedPersons(*(values[rows] for values in self))

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
