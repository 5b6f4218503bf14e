import doctest
import math

import numpy as np
import pytest

from self_verify_pose.metrics.functional import (
    aupr,
    aupr_error,
    auroc,
    ranking,
)

ALL = [auroc, aupr, aupr_error]


def auroc_by_pairs(scores, correct):
    """Compare every correct joint with every wrong one."""
    wins = [
        (right > wrong) + 0.5 * (right == wrong)
        for right in scores[correct]
        for wrong in scores[~correct]
    ]
    return sum(wins) / len(wins)


def average_precision_by_thresholds(scores, positive):
    """Sum precision × gain of recall over the distinct scores."""
    total, found_before = 0.0, 0
    for threshold in sorted(set(scores), reverse=True):
        kept = scores >= threshold
        found = (kept & positive).sum()
        total += found / kept.sum() * (found - found_before)
        found_before = found
    return total / positive.sum()


def random_case(seed):
    """Scores on a coarse grid (so with ties), of any range."""
    rng = np.random.default_rng(seed)
    size = rng.integers(2, 60)
    scores = rng.integers(-5, rng.integers(-3, 40), size) / 7
    correct = rng.random(size) < rng.uniform(0.1, 0.9)
    correct[:2] = True, False
    return scores, correct


def test_docstring_examples_run():
    result = doctest.testmod(ranking)
    assert result.attempted >= 3
    assert result.failed == 0


@pytest.mark.parametrize('seed', range(20))
def test_match_plain_loops(seed):
    scores, correct = random_case(seed)
    assert auroc(scores, correct) == pytest.approx(
        auroc_by_pairs(scores, correct)
    )
    assert aupr(scores, correct) == pytest.approx(
        average_precision_by_thresholds(scores, correct)
    )
    assert aupr_error(scores, correct) == pytest.approx(
        average_precision_by_thresholds(-scores, ~correct)
    )


@pytest.mark.parametrize('metric', ALL)
def test_order_and_monotone_map_change_nothing(metric):
    scores, correct = random_case(3)
    order = np.random.default_rng(0).permutation(len(scores))
    expected = metric(scores, correct)
    assert metric(scores[order], correct[order]) == expected
    assert metric(np.exp(scores) - 7, correct) == pytest.approx(expected)


def test_perfect_reversed_and_tied_scores():
    correct = np.array([True, True, True, False])
    perfect = np.array([0.9, 0.8, 0.7, 0.1])
    assert [m(perfect, correct) for m in ALL] == [1, 1, 1]
    assert auroc(-perfect, correct) == 0
    tied = np.full(4, 0.3)
    assert [m(tied, correct) for m in ALL] == [0.5, 0.75, 0.25]


@pytest.mark.parametrize('metric', ALL)
@pytest.mark.parametrize('correct', [[True], [False], [True] * 3, [False] * 3])
@pytest.mark.filterwarnings('error')
def test_one_class_is_nan_without_warning(metric, correct):
    assert math.isnan(metric(np.linspace(0, 1, len(correct)), correct))


@pytest.mark.parametrize('metric', ALL)
@pytest.mark.parametrize(
    ('scores', 'correct', 'match'),
    [
        ([], [], 'N ≥ 1'),
        ([[0.1, 0.2]], [[True, False]], 'N ≥ 1'),
        ([0.1, np.nan], [True, False], '1 of 2 NaN'),
        ([0.1, np.inf], [True, False], '1 of 2 NaN or infinite'),
        ([0.1, 0.2], [True], 'shape of scores'),
        ([0.1, 0.2], [0.04, 0.9], 'only 0 and 1'),
    ],
)
def test_bad_input_is_a_clear_error(metric, scores, correct, match):
    with pytest.raises(ValueError, match=match):
        metric(scores, correct)


def test_zero_and_one_are_taken_as_bool():
    assert auroc([0.1, 0.9], np.array([0.0, 1.0])) == 1
