"""Logistic regression on the evidence, kept as plain arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from .evidence import Evidence
from .persons import Floats

_STRENGTH = 0.03  # inverse, of the regularization of standardized features


@dataclass(frozen=True)
class LinearModel:
    """Log odds that are linear in the features.

    Attributes:
        weights: ``(F,)`` weight of each feature.
        shift: Log odds where all features are 0.
    """

    weights: Floats
    shift: float

    @classmethod
    def fit(
        cls,
        inputs: NDArray[np.float32],
        correct: NDArray[np.bool_],
        seed: int,
    ) -> 'LinearModel':
        """Fit the model to joints.

        Args:
            inputs: ``(M, F)`` features.
            correct: ``(M,)`` whether each joint is correct.
            seed: Not used; the fit has no random part.

        Returns:
            The model.
        """
        del seed
        mean, spread = inputs.mean(0), inputs.std(0)
        spread[spread == 0] = 1
        model = LogisticRegression(C=_STRENGTH, max_iter=300)
        model.fit((inputs - mean) / spread, correct)
        weights = model.coef_[0] / spread
        return cls(weights, float(model.intercept_[0] - mean @ weights))

    def __call__(self, evidence: Evidence) -> Floats:
        """Evaluate the model.

        Args:
            evidence: Features of N persons with K joints.

        Returns:
            ``(N, K)`` log odds.
        """
        own, shared = evidence
        first, others = np.split(self.weights, [len(own)])
        logits = np.tensordot(first, own, 1) + (others @ shared)[:, None]
        return np.asarray(logits + self.shift, np.float64)
