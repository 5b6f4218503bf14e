import doctest
from itertools import permutations

import numpy as np
import pytest

from self_verify_pose.metrics.functional import (
    augrc,
    aurc,
    auroc,
    coverage_at_risk,
    risk_coverage_curve,
    selective,
)


def curves_in_order(risk):
    """Selective and generalized risk of an already sorted list."""
    size = len(risk)
    kept = [sum(risk[: i + 1]) for i in range(size)]
    selective_risk = [kept[i] / (i + 1) for i in range(size)]
    return selective_risk, [total / size for total in kept]


def areas_by_permutations(scores, risk):
    """Average both areas over every order that the scores allow."""
    areas = []
    for order in permutations(range(len(scores))):
        ordered = [scores[i] for i in order]
        if ordered == sorted(ordered, reverse=True):
            selective_risk, height = curves_in_order([risk[i] for i in order])
            left = [0.0, *height[:-1]]
            area = sum((a + b) / 2 for a, b in zip(left, height, strict=True))
            areas.append((np.mean(selective_risk), area / len(scores)))
    return np.mean(areas, axis=0)


def augrc_by_thresholds(scores, risk):
    """Trapezoids between the points that a threshold can reach."""
    coverage, height = [0.0], [0.0]
    for threshold in sorted(set(scores), reverse=True):
        kept = scores >= threshold
        coverage.append(kept.mean())
        height.append((risk * kept).mean())
    return sum(
        (coverage[i] - coverage[i - 1]) * (height[i] + height[i - 1]) / 2
        for i in range(1, len(coverage))
    )


def random_case(seed, size):
    """Tied scores; the risk is binary for even seeds, real for odd ones."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(-2, 3, size) / 2
    if seed % 2:
        return scores, rng.exponential(size=size)
    return scores, rng.integers(0, 2, size).astype(float)


def test_docstring_examples_run():
    result = doctest.testmod(selective)
    assert result.attempted >= 5
    assert result.failed == 0


@pytest.mark.parametrize('seed', range(12))
def test_areas_are_the_mean_over_all_orders_of_ties(seed):
    scores, risk = random_case(seed, size=1 + seed % 6)
    expected = areas_by_permutations(scores, risk)
    assert aurc(scores, risk) == pytest.approx(expected[0])
    assert augrc(scores, risk) == pytest.approx(expected[1])


@pytest.mark.parametrize('seed', range(12))
def test_augrc_matches_trapezoids_between_thresholds(seed):
    scores, risk = random_case(seed, size=40)
    assert augrc(scores, risk) == pytest.approx(
        augrc_by_thresholds(scores, risk)
    )


@pytest.mark.parametrize('seed', range(0, 12, 2))
def test_augrc_follows_from_auroc_and_accuracy(seed):
    scores, risk = random_case(seed, size=50)
    right = risk == 0
    accuracy = right.mean()
    expected = (1 - auroc(scores, right)) * accuracy * (1 - accuracy)
    expected += (1 - accuracy) ** 2 / 2
    assert augrc(scores, risk) == pytest.approx(expected)


@pytest.mark.parametrize('seed', range(4))
def test_order_of_the_input_changes_nothing(seed):
    scores, risk = random_case(seed, size=60)
    order = np.random.default_rng(seed).permutation(60)
    expected = risk_coverage_curve(scores, risk)
    found = risk_coverage_curve(scores[order], risk[order])
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_curve_without_ties_matches_plain_sums():
    rng = np.random.default_rng(0)
    scores, risk = rng.permutation(30), rng.random(30)
    curve = risk_coverage_curve(scores, risk)
    expected = curves_in_order(list(risk[np.argsort(-scores)]))
    np.testing.assert_allclose(curve.coverage, np.arange(1, 31) / 30)
    np.testing.assert_allclose(curve.selective_risk, expected[0])
    np.testing.assert_allclose(curve.generalized_risk, expected[1])


def test_curve_ends_at_the_mean_risk():
    scores, risk = random_case(1, size=25)
    curve = risk_coverage_curve(scores, risk)
    assert curve.coverage[-1] == 1
    assert curve.selective_risk[-1] == pytest.approx(risk.mean())
    assert curve.generalized_risk[-1] == pytest.approx(risk.mean())


def test_all_tied_one_joint_and_one_class():
    assert aurc([0.5] * 4, [1, 0, 0, 0]) == 0.25
    assert augrc([0.5] * 4, [1, 0, 0, 0]) == 0.125
    assert (aurc([0.2], [1]), augrc([0.2], [1])) == (1, 0.5)
    assert (aurc([0.2, 0.3], [0, 0]), augrc([0.2, 0.3], [0, 0])) == (0, 0)
    assert aurc([0.2, 0.3], [True, True]) == 1


def test_coverage_counts_thresholds_only():
    scores, risk = [0.9, 0.5, 0.5, 0.1], [0, 0, 1, 0]
    # a threshold keeps both tied joints, or none of them
    assert coverage_at_risk(scores, risk, 0.2) == 0.25
    assert coverage_at_risk(scores, risk, 0.25) == 1
    assert coverage_at_risk([0.9, 0.5], [1, 0], 0.4) == 0
    # too risky at first, fine later
    assert coverage_at_risk([0.9, 0.5], [1, 0], 0.5) == 1
    assert coverage_at_risk([0.3], [0], 0.05) == 1


def test_best_order_is_by_risk():
    risk = np.random.default_rng(4).random(20)
    for area in (aurc, augrc):
        assert area(-risk, risk) < area(np.zeros(20), risk) < area(risk, risk)


@pytest.mark.parametrize('area', [aurc, augrc])
@pytest.mark.parametrize(
    ('scores', 'risk', 'match'),
    [
        ([], [], 'N ≥ 1'),
        ([0.1, np.nan], [0, 1], 'scores must be finite'),
        ([0.1, 0.2], [0, np.nan], 'risk must be finite'),
        ([0.1, 0.2], [0, 1, 1], 'shape of scores'),
    ],
)
def test_bad_input_is_a_clear_error(area, scores, risk, match):
    with pytest.raises(ValueError, match=match):
        area(scores, risk)
