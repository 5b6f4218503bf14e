"""A monotone map of each joint from its score to the log odds of correct."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from .persons import Floats

# Inverse strength of the pull of each joint's own map to the common one: its
# columns are this times as large as the common ones.
_OWN = 0.3
_LOGIT_LIMIT = 12.0


@dataclass(frozen=True)
class ScoreMap:
    """Log odds, piecewise linear and increasing in the standardized score.

    Convention: z = (score - center) / spread; the log odds of joint k are
    ``shift[k] + slope[k] z + below min(z, 0) + above max(z - 1, 0)``.

    Attributes:
        center: Mean of the scores that it was fitted to.
        spread: Their standard deviation.
        shift: ``(K,)`` log odds at the center.
        slope: ``(K,)`` slope between the knots.
        below: Additional slope below z = 0.
        above: Additional slope above z = 1.
    """

    center: float
    spread: float
    shift: Floats
    slope: Floats
    below: float
    above: float

    @classmethod
    def fit(
        cls,
        scores: Floats,
        correct: NDArray[np.bool_],
        labeled: NDArray[np.bool_],
    ) -> 'ScoreMap':
        """Fit the map by logistic regression.

        Args:
            scores: ``(N, K)`` scores.
            correct: ``(N, K)`` whether each joint is correct.
            labeled: ``(N, K)`` where that is known.

        Returns:
            The map of the most parts that increases; a constant where no
            score tells correct from wrong joints.
        """
        known, joint = scores[labeled], np.nonzero(labeled)[1]
        truth, count = correct[labeled], scores.shape[1]
        center, spread = float(known.mean()), float(known.std()) or 1.0
        z = (known - center) / spread
        for parts in (3, 1):  # with knots, without
            inputs = np.column_stack(
                [_basis(z)[:, :parts], _own(z, joint, count)]
            )
            model = LogisticRegression(max_iter=2000).fit(inputs, truth)
            weights = np.zeros(3 + 2 * count)
            weights[:parts] = model.coef_[0, :parts]
            weights[3:] = model.coef_[0, parts:] * _OWN
            shift = float(model.intercept_[0]) + weights[3 : 3 + count]
            slope = weights[0] + weights[3 + count :]
            below, above = weights[1:3]
            steepest = [slope, slope + below, slope + above]
            if np.min(steepest) > 0:
                return cls(
                    center, spread, shift, slope, float(below), float(above)
                )
        rate = np.clip(truth.mean(), 1e-4, 1 - 1e-4)
        constant = np.full(count, np.log(rate / (1 - rate)))
        return cls(center, spread, constant, np.zeros(count), 0.0, 0.0)

    def __call__(self, scores: Floats) -> Floats:
        """Map scores to log odds.

        Args:
            scores: ``(N, K)`` scores.

        Returns:
            ``(N, K)`` log odds.
        """
        z = (scores - self.center) / self.spread
        logits = self.shift + self.slope * z
        logits += self.below * np.minimum(z, 0)
        logits += self.above * np.maximum(z - 1, 0)
        return np.asarray(np.clip(logits, -_LOGIT_LIMIT, _LOGIT_LIMIT))


def _basis(z: Floats) -> Floats:
    return np.column_stack([z, np.minimum(z, 0), np.maximum(z - 1, 0)])


def _own(z: Floats, joint: NDArray[np.int64], count: int) -> Floats:
    """Columns of each joint's own shift and slope."""
    own = _OWN * np.eye(count)[joint]
    return np.column_stack([own, own * z[:, None]])
