import dataclasses

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from self_verify_pose.engine.posthoc.boosted_trees import (
    OPTIONS,
    BoostedTrees,
)


@pytest.fixture(scope='module')
def data():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(600, 6)).round(1).astype(np.float32)
    inputs[:, 5] = 1  # never split
    correct = inputs[:, 0] + inputs[:, 1] * inputs[:, 2] > 0
    return inputs, correct


@pytest.fixture(scope='module')
def trees(data):
    return BoostedTrees.fit(*data, seed=3)


def test_the_arrays_say_what_scikit_learn_says(data, trees):
    inputs, correct = data
    model = HistGradientBoostingClassifier(**OPTIONS, random_state=3)
    model.fit(inputs, correct)
    # values on the thresholds, and between them
    others = np.random.default_rng(1).normal(size=inputs.shape)
    for rows in (inputs, others.astype(np.float32)):
        np.testing.assert_allclose(
            trees(rows), model.decision_function(rows), atol=1e-5
        )


@pytest.mark.parametrize('count', [0, 1, 8193])
def test_rows_do_not_depend_on_each_other(data, trees, count):
    rows = np.resize(data[0], (count, 6))
    expected = np.resize(trees(data[0]), count)
    np.testing.assert_array_equal(trees(rows), expected)


@pytest.mark.parametrize(
    ('field', 'values'),
    [
        ('features', [[0, 1]]),
        ('thresholds', [[float('nan')]]),
        ('values', [[1.0] * 9]),
        ('left_leaves', [[4]]),
        ('values', [[1.0, float('inf')]]),
        ('features', [[-1]]),
    ],
)
def test_trees_that_cannot_be_evaluated_are_refused(field, values):
    good = BoostedTrees([[0]], [[0.5]], [[1]], [[1.0, 2.0]], 0.0)
    good.check()
    np.testing.assert_array_equal(good(np.float32([[0.5], [0.6]])), [1, 2])
    with pytest.raises(ValueError, match='a tree'):
        dataclasses.replace(good, **{field: values}).check()
