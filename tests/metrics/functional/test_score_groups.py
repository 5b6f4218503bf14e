"""Weights are repetitions, for every metric."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from self_verify_pose.metrics.functional import (
    SortedScores,
    accuracy_at,
    augrc,
    aupr,
    aupr_error,
    aurc,
    auroc,
    brier,
    coverage_at_risk,
    ece,
    ece_mass,
    equal_mass_edges,
    equal_width_edges,
    reliability_bins,
    risk_coverage_curve,
    score_groups,
)

BINARY = {
    'auroc': auroc,
    'aupr': aupr,
    'aupr_error': aupr_error,
    'accuracy_at': lambda s, c, **w: accuracy_at(s, c, 0.5, **w),
    'aurc': lambda s, c, **w: aurc(s, ~c, **w),
    'augrc': lambda s, c, **w: augrc(s, ~c, **w),
    'coverage': lambda s, c, **w: coverage_at_risk(s, ~c, 0.2, **w),
    'ece': lambda s, c, **w: ece(s, c, 7, **w),
    'ece_mass': lambda s, c, **w: ece_mass(s, c, 7, **w),
    'brier': brier,
}


@st.composite
def weighted_joints(draw):
    """Tied or distinct scores in [0, 1], correctness, whole weights."""
    size = draw(st.integers(1, 25))
    grid = st.integers(0, 8).map(lambda k: k / 8)
    score = draw(st.sampled_from([grid, st.floats(0, 1)]))
    scores = draw(st.lists(score, min_size=size, max_size=size))
    correct = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    weight = draw(
        st.lists(st.integers(0, 4), min_size=size, max_size=size).filter(any)
    )
    return np.array(scores), np.array(correct), np.array(weight)


def repeat(weight, *columns):
    return [np.repeat(column, weight) for column in columns]


@pytest.mark.parametrize('name', BINARY)
@settings(deadline=None)
@given(weighted_joints())
def test_weights_are_repetitions(name, joints):
    scores, correct, weight = joints
    found = BINARY[name](scores, correct, sample_weight=weight)
    expected = BINARY[name](*repeat(weight, scores, correct))
    assert found == pytest.approx(expected, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize('area', [aurc, augrc])
@settings(deadline=None)
@given(weighted_joints(), st.integers(0, 99))
def test_weights_are_repetitions_for_a_real_risk(area, joints, seed):
    scores, _, weight = joints
    risk = np.random.default_rng(seed).exponential(size=len(scores))
    found = area(scores, risk, sample_weight=weight)
    expected = area(*repeat(weight, scores, risk))
    assert found == pytest.approx(expected, rel=1e-9)


@settings(deadline=None)
@given(weighted_joints())
def test_bins_of_weighted_joints_are_those_of_repeated_ones(joints):
    scores, correct, weight = joints
    many, many_correct = repeat(weight, scores, correct)
    edges = equal_mass_edges(scores, 6, sample_weight=weight)
    np.testing.assert_array_equal(edges, equal_mass_edges(many, 6))
    for cut in (edges, equal_width_edges(6)):
        found = reliability_bins(scores, correct, cut, sample_weight=weight)
        expected = reliability_bins(many, many_correct, cut)
        np.testing.assert_array_equal(found.count, expected.count)
        np.testing.assert_allclose(found.mean_score, expected.mean_score)
        np.testing.assert_allclose(found.accuracy, expected.accuracy)


@settings(deadline=None)
@given(weighted_joints())
def test_curve_of_weighted_joints_lies_on_that_of_repeated_ones(joints):
    scores, correct, weight = joints
    found = risk_coverage_curve(scores, ~correct, sample_weight=weight)
    many, many_correct = repeat(weight, scores, correct)
    expected = risk_coverage_curve(many, ~many_correct)
    assert len(found.coverage) == (weight > 0).sum()
    at = np.rint(found.coverage * weight.sum()).astype(int) - 1
    for one, other in zip(
        (found.coverage, found.selective_risk, found.generalized_risk),
        (
            expected.coverage,
            expected.selective_risk,
            expected.generalized_risk,
        ),
        strict=True,
    ):
        np.testing.assert_allclose(one, other[at], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize('seed', range(6))
def test_fractional_weights_match_sklearn(seed):
    rng = np.random.default_rng(seed)
    scores = np.round(rng.normal(size=60), seed % 2 + 1)
    correct = rng.random(60) < 0.6
    weight = rng.exponential(size=60) * (rng.random(60) < 0.8)
    found = [f(scores, correct, sample_weight=weight) for f in (auroc, aupr)]
    assert found == pytest.approx(
        [
            roc_auc_score(correct, scores, sample_weight=weight),
            average_precision_score(correct, scores, sample_weight=weight),
        ]
    )
    assert aupr_error(scores, correct, sample_weight=weight) == pytest.approx(
        average_precision_score(~correct, -scores, sample_weight=weight)
    )


@pytest.mark.parametrize('name', sorted({*BINARY} - {'aurc'}))
def test_a_common_factor_of_the_weights_changes_nothing(name):
    rng = np.random.default_rng(0)
    scores, correct = rng.random(40), rng.random(40) < 0.6
    weight = rng.integers(0, 3, 40)
    found = BINARY[name](scores, correct, sample_weight=weight * 0.25)
    expected = BINARY[name](scores, correct, sample_weight=weight)
    assert found == pytest.approx(expected)


def test_risk_with_fractional_weights_lies_between_whole_ones():
    scores, risk = [0.9, 0.5, 0.1], [0, 1, 0]
    areas = [aurc(scores, risk, sample_weight=[1, w, 1]) for w in (1, 1.5, 2)]
    assert areas == sorted(areas)
    assert aurc([0.3], [1], sample_weight=[0.7]) == pytest.approx(1)


@pytest.mark.parametrize('name', BINARY)
@pytest.mark.parametrize(
    ('weight', 'match'),
    [
        ([1.0], 'sample_weight must have the shape of scores'),
        ([1.0, -1.0], 'sample_weight must be at least 0'),
        ([0.0, 0.0], 'positive for some joint'),
        ([1.0, np.nan], 'sample_weight must be finite'),
    ],
)
def test_bad_weights_are_a_clear_error(name, weight, match):
    joints = np.array([0.2, 0.8]), np.array([False, True])
    with pytest.raises(ValueError, match=match):
        BINARY[name](*joints, sample_weight=weight)


def test_groups_hold_the_sums_of_tied_joints():
    joints = SortedScores([0.9, 1.5, 0.9, -2.0], [1, 0, 0, 1])
    groups = joints.group(np.array([3, 1, 2, 4]))
    np.testing.assert_array_equal(groups.scores, [-2, 0.9, 1.5])
    np.testing.assert_array_equal(groups.weight, [4, 5, 1])
    np.testing.assert_array_equal(groups.risk, [4, 3, 0])
    np.testing.assert_array_equal(groups.correct, [0, 2, 1])
    np.testing.assert_array_equal(groups.kept, [10, 6, 1])
    np.testing.assert_array_equal(groups.kept_risk, [7, 3, 0])
    assert groups.total == 10
    np.testing.assert_array_equal(groups.probabilities, [0, 0.9, 1])


def test_docstring_examples_run():
    result = doctest.testmod(score_groups)
    assert result.attempted >= 2
    assert result.failed == 0
