import dataclasses

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from self_verify_pose.engine.posthoc.boosted_trees import (
    OPTIONS,
    BoostedTrees,
)
from self_verify_pose.engine.posthoc.evidence import Evidence


def as_evidence(rows):
    """Rows (N K, 6) of persons with 3 joints; features 2 and on are shared."""
    by_person = rows.reshape(-1, 3, 6)
    own = np.moveaxis(by_person[..., :2], 2, 0)
    return Evidence(own, by_person[:, 0, 2:].T)


def draw(count, seed, digits=7):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, 3, 6)).round(digits).astype(np.float32)
    rows[..., 2:] = rows[:, :1, 2:]
    return rows.reshape(-1, 6)


@pytest.fixture(scope='module')
def data():
    inputs = draw(200, 0, digits=1)
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
    for rows in (inputs, draw(200, 1)):
        np.testing.assert_allclose(
            trees(as_evidence(rows)).ravel(),
            model.decision_function(rows),
            atol=1e-5,
        )


def test_nobody_has_no_log_odds(trees):
    assert trees(as_evidence(draw(0, 0))).shape == (0, 3)


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
    one = Evidence(np.float32([[[0.5, 0.6]]]), np.empty((0, 1), np.float32))
    np.testing.assert_array_equal(good(one), [[1, 2]])
    with pytest.raises(ValueError, match='a tree'):
        dataclasses.replace(good, **{field: values}).check()
