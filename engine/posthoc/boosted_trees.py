"""Gradient-boosted trees of scikit-learn, kept as plain arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from .evidence import Evidence, Singles
from .persons import Floats

_MAX_LEAVES = 8  # as many as Bits has
OPTIONS: dict[str, Any] = {
    'max_iter': 150,
    'learning_rate': 0.07,
    'max_leaf_nodes': _MAX_LEAVES,
    'min_samples_leaf': 30,
    'l2_regularization': 5.0,
    'max_features': 0.4,
    'early_stopping': False,
}

Bits = NDArray[np.uint8]


@dataclass(frozen=True)
class BoostedTrees:
    """Trees of at most ``_MAX_LEAVES`` leaves whose values are summed up.

    Each inner node sends a row to the left where its feature is at most the
    threshold. To be evaluated without walking down, a tree knows for each
    inner node the leaves on its left: a row that goes right can not end in
    them, and it ends in the first leaf that remains (QuickScorer, Lucchese et
    al., SIGIR 2015).

    Attributes:
        features: For each tree the feature of each inner node.
        thresholds: For each tree the threshold of each inner node.
        left_leaves: For each tree the leaves on the left of each inner node,
            as the bits of an integer.
        values: For each tree the log odds of each leaf, from left to right.
        baseline: Log odds that the values are added to.
    """

    features: list[list[int]]
    thresholds: list[list[float]]
    left_leaves: list[list[int]]
    values: list[list[float]]
    baseline: float

    @classmethod
    def fit(
        cls, inputs: Singles, correct: NDArray[np.bool_], seed: int
    ) -> 'BoostedTrees':
        """Fit trees to joints.

        Args:
            inputs: ``(M, F)`` features.
            correct: ``(M,)`` whether each joint is correct.
            seed: Seed of the features that each split may choose.

        Returns:
            The trees.
        """
        model = HistGradientBoostingClassifier(**OPTIONS, random_state=seed)
        model.fit(inputs, correct)
        trees = [_flatten(one.nodes) for (one,) in model._predictors]
        baseline = float(np.ravel(model._baseline_prediction)[0])
        features, thresholds, left_leaves, values = (
            [tree[part] for tree in trees] for part in range(4)
        )
        return cls(features, thresholds, left_leaves, values, baseline)

    def __call__(self, evidence: Evidence) -> Floats:
        """Sum up the values of the leaves.

        Args:
            evidence: Features of N persons with K joints.

        Returns:
            ``(N, K)`` log odds.
        """
        logits = np.full(evidence.own.shape[1:], self.baseline, np.float32)
        for tree in zip(
            self.features,
            self.thresholds,
            self.left_leaves,
            self._tables,
            strict=True,
        ):
            logits += _evaluate(evidence, *tree)
        return logits.astype(np.float64)

    def check(self) -> None:
        """Raise unless the trees can be evaluated.

        Raises:
            ValueError: If lists do not fit, or a number is out of range.
        """
        trees = zip(
            self.features,
            self.thresholds,
            self.left_leaves,
            self.values,
            strict=True,
        )
        for features, thresholds, leaves, values in trees:
            sizes = {len(features), len(thresholds), len(leaves)}
            if sizes != {len(values) - 1} or len(values) > _MAX_LEAVES:
                raise ValueError('a tree of lists that do not fit')
            known = all(0 < one < 1 << len(values) for one in leaves)
            if not known or min(features, default=0) < 0:
                raise ValueError('a tree of leaves that are not there')
            if not np.isfinite([*thresholds, *values]).all():
                raise ValueError('a tree with NaN or infinite numbers')

    @property
    def _tables(self) -> list[Singles]:
        """For each tree the value of each set of excluded leaves."""
        return [_value_table(values) for values in self.values]


def _flatten(nodes: NDArray[Any]) -> tuple[list[Any], ...]:
    """Order the nodes of a tree from left to right."""
    features: list[int] = []
    thresholds: list[float] = []
    left_leaves: list[int] = []
    values: list[float] = []

    def visit(index: int) -> None:
        node = nodes[index]
        if node['is_leaf']:
            values.append(float(node['value']))
            return
        first = len(values)
        visit(int(node['left']))
        features.append(int(node['feature_idx']))
        thresholds.append(_as_single(float(node['num_threshold'])))
        left_leaves.append((1 << len(values)) - (1 << first))
        visit(int(node['right']))

    visit(0)
    return features, thresholds, left_leaves, values


def _as_single(threshold: float) -> float:
    """Largest float32 that is at most a threshold: singles compare alike."""
    single = np.float32(threshold)
    if float(single) > threshold:
        single = np.nextafter(single, np.float32(-np.inf))
    return float(single)


def _value_table(values: list[float]) -> Singles:
    """Value of the first leaf whose bit is 0, for all sets of leaves."""
    table = np.full(1 << len(values), values[-1], np.float32)
    sets = np.arange(len(table))
    for leaf in reversed(range(len(values))):
        table[(sets >> leaf) & 1 == 0] = values[leaf]
    return table


def _evaluate(
    evidence: Evidence,
    features: list[int],
    thresholds: list[float],
    left_leaves: list[int],
    table: Singles,
) -> Singles:
    own, shared = evidence
    excluded: Bits = np.zeros(own.shape[1:], np.uint8)
    of_person: Bits = np.zeros((shared.shape[1], 1), np.uint8)
    for feature, threshold, leaves in zip(
        features, thresholds, left_leaves, strict=True
    ):
        if feature < len(own):
            column, bits = own[feature], excluded
        else:
            column, bits = shared[feature - len(own), :, None], of_person
        goes_right = column > np.float32(threshold)
        bits |= goes_right.view(np.uint8) * np.uint8(leaves)
    excluded |= of_person
    return table.take(excluded)
