import doctest
from itertools import pairwise

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import accuracy_score, brier_score_loss

from self_verify_pose.metrics.functional import (
    accuracy_at,
    brier,
    calibration,
    ece,
    ece_mass,
    equal_mass_edges,
    equal_width_edges,
    reliability_bins,
)


def gap_by_loop(scores, correct, edges):
    """Visit each bin (low, high], the first one with its lower edge."""
    total = 0.0
    taken = np.zeros(len(scores), bool)
    for low, high in pairwise(edges):
        inside = (scores <= high) & ((scores > low) | (low == 0)) & ~taken
        taken |= inside
        if inside.any():
            gap = abs(scores[inside].mean() - correct[inside].mean())
            total += gap * inside.sum() / len(scores)
    assert taken.all()
    return total


def mass_edges_by_loop(scores, num_bins):
    """Walk up the sorted scores until a bin's share is reached."""
    ordered, edges = sorted(scores), [0.0]
    for m in range(1, num_bins):
        rank = 1
        while rank * num_bins < m * len(ordered):
            rank += 1
        edges.append(ordered[rank - 1])
    return [*edges, 1.0]


def random_case(seed):
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 80)
    scores = rng.beta(rng.uniform(0.3, 3), rng.uniform(0.3, 3), size)
    if seed % 2:  # many ties, 0 and 1 among them
        scores = np.round(scores * 10) / 10
    return scores, rng.random(size) < scores


def test_docstring_examples_run():
    result = doctest.testmod(calibration)
    assert result.attempted >= 8
    assert result.failed == 0


@pytest.mark.parametrize('seed', range(20))
@pytest.mark.parametrize('num_bins', [1, 7, 15])
def test_ece_matches_plain_loop(seed, num_bins):
    scores, correct = random_case(seed)
    assert ece(scores, correct, num_bins) == pytest.approx(
        gap_by_loop(scores, correct, np.linspace(0, 1, num_bins + 1))
    )
    assert ece_mass(scores, correct, num_bins) == pytest.approx(
        gap_by_loop(scores, correct, mass_edges_by_loop(scores, num_bins))
    )


@pytest.mark.parametrize('seed', range(6))
def test_bins_match_sklearn(seed):
    scores, correct = random_case(seed)
    bins = reliability_bins(scores, correct, equal_width_edges(15))
    accuracy, mean_score = calibration_curve(correct, scores, n_bins=15)
    filled = bins.count > 0
    assert bins.count.sum() == len(scores)
    np.testing.assert_allclose(bins.accuracy[filled], accuracy)
    np.testing.assert_allclose(bins.mean_score[filled], mean_score)
    assert np.isnan(bins.accuracy[~filled]).all()
    assert np.isnan(bins.mean_score[~filled]).all()


def test_equal_mass_bins_hold_equal_counts():
    rng = np.random.default_rng(0)
    scores, correct = rng.random(300), rng.random(300) < 0.5
    edges = equal_mass_edges(scores, 15)
    bins = reliability_bins(scores, correct, edges)
    np.testing.assert_array_equal(bins.count, 20)
    chunks = np.argsort(scores).reshape(15, 20)
    np.testing.assert_allclose(bins.accuracy, correct[chunks].mean(axis=1))


def test_equal_mass_counts_differ_by_one_at_most():
    scores = np.random.default_rng(1).random(100)
    edges = equal_mass_edges(scores, 15)
    count = reliability_bins(scores, np.ones(100, bool), edges).count
    assert set(count) == {6, 7}


@pytest.mark.parametrize('metric', [ece, ece_mass])
def test_order_of_tied_scores_changes_nothing(metric):
    rng = np.random.default_rng(2)
    scores, correct = rng.integers(0, 4, 50) / 4, rng.random(50) < 0.5
    for _ in range(5):
        order = rng.permutation(50)
        assert metric(scores[order], correct[order], 15) == pytest.approx(
            metric(scores, correct, 15), abs=1e-12
        )


@pytest.mark.parametrize('metric', [ece, ece_mass])
def test_all_tied_or_single_joint_is_one_gap(metric):
    assert metric([0.75] * 4, [True, False, False, False], 15) == 0.5
    assert metric([0.75], [True], 15) == 0.25


def test_inner_edge_belongs_to_the_bin_below():
    bins = reliability_bins([0.0, 0.5, 1.0], [0, 1, 1], equal_width_edges(2))
    np.testing.assert_array_equal(bins.count, [2, 1])


def test_calibrated_scores_have_small_gap():
    rng = np.random.default_rng(3)
    scores = rng.random(20000)
    correct = rng.random(20000) < scores
    assert ece(scores, correct, 15) < 0.02
    assert ece_mass(scores, correct, 15) < 0.02
    assert brier(scores, correct) == pytest.approx(1 / 6, abs=0.01)


@pytest.mark.parametrize('seed', range(6))
def test_brier_and_accuracy_match_sklearn(seed):
    scores, correct = random_case(seed + 2)
    if len(set(correct)) == 2:
        assert brier(scores, correct) == pytest.approx(
            brier_score_loss(correct, scores)
        )
    assert accuracy_at(scores, correct, 0.5) == pytest.approx(
        accuracy_score(correct, scores >= 0.5)
    )


def test_accuracy_takes_scores_of_any_range():
    assert accuracy_at([-3.0, 7.0, 0.5], [False, True, True], 0.5) == 1


@pytest.mark.parametrize(
    'call',
    [
        lambda s, c: ece(s, c, 15),
        lambda s, c: ece_mass(s, c, 15),
        brier,
        lambda s, c: reliability_bins(s, c, [0, 1]),
    ],
)
@pytest.mark.parametrize(
    ('scores', 'match'),
    [
        ([0.5, 1.061], r'found \[0.5, 1.061\]'),
        ([-0.1, 0.2], r'found \[-0.1, 0.2\]'),
        ([0.1, np.nan], '1 of 2 NaN'),
        ([0.1, 0.2, 0.3], 'shape of scores'),
        ([], 'N ≥ 1'),
    ],
)
def test_bad_scores_are_a_clear_error(call, scores, match):
    with pytest.raises(ValueError, match=match):
        call(scores, [True, False])


@pytest.mark.parametrize('metric', [ece, ece_mass])
def test_bad_number_of_bins_is_a_clear_error(metric):
    with pytest.raises(ValueError, match='at least 1, found 0'):
        metric([0.5], [True], 0)


@pytest.mark.parametrize('edges', [[0], [0, 0.5], [0, 0.6, 0.5, 1], [[0, 1]]])
def test_bad_edges_are_a_clear_error(edges):
    with pytest.raises(ValueError, match='ascend from 0 to 1'):
        reliability_bins([0.5], [True], edges)
