"""Metrics beside scikit-learn and plain loops, with ties and weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    roc_auc_score,
)

from self_verify_pose.metrics.functional import (
    augrc,
    aupr,
    aupr_error,
    aurc,
    auroc,
    brier,
    coverage_at_risk,
    ece,
    ece_mass,
)

property_of = settings(max_examples=25, deadline=None)


@st.composite
def joints(draw):
    """Scores in [0, 1], often tied, labels of both classes, weights."""
    size = draw(st.integers(2, 20))
    grid = st.integers(0, 6).map(lambda k: k / 6)
    score = draw(st.sampled_from([grid, st.floats(0, 1)]))
    scores = draw(st.lists(score, min_size=size, max_size=size))
    correct = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    correct[:2] = True, False
    weight = st.floats(0.125, 8, width=16)
    weights = draw(st.lists(weight, min_size=size, max_size=size))
    return np.array(scores), np.array(correct), np.array(weights)


@property_of
@given(joints())
def test_ranking_is_that_of_scikit_learn(given_joints):
    scores, correct, weight = given_joints
    # scikit-learn takes scores closer than this for tied, or not
    scores = scores.round(6)
    options = {'sample_weight': weight}
    assert auroc(scores, correct, **options) == pytest.approx(
        roc_auc_score(correct, scores, **options)
    )
    assert aupr(scores, correct, **options) == pytest.approx(
        average_precision_score(correct, scores, **options)
    )
    assert aupr_error(scores, correct, **options) == pytest.approx(
        average_precision_score(~correct, -scores, **options)
    )
    assert brier(scores, correct, **options) == pytest.approx(
        brier_score_loss(correct, scores, **options)
    )


@property_of
@given(joints(), st.integers(1, 8))
def test_calibration_errors_are_those_of_a_loop(given_joints, bins):
    scores, correct, weight = given_joints
    edges = np.linspace(0, 1, bins + 1)
    total = 0.0
    for k in range(bins):
        inside = (scores > edges[k]) & (scores <= edges[k + 1])
        if k == 0:
            inside |= scores == 0
        total += abs((weight * (scores - correct))[inside].sum())
    found = ece(scores, correct, bins, sample_weight=weight)
    assert found == pytest.approx(total / weight.sum(), abs=1e-12)
    assert 0 <= ece_mass(scores, correct, bins) <= 1
    assert ece_mass(scores, correct, 1) == pytest.approx(
        ece(scores, correct, 1)
    )


def areas_by_loop(scores, risk):
    """Areas under both curves, expected over the orders of tied joints."""
    order = np.argsort(-scores, kind='stable')
    scores, risk = scores[order], risk[order].astype(float)
    for value in np.unique(scores):
        risk[scores == value] = risk[scores == value].mean()
    kept = np.cumsum(risk)
    counts = np.arange(1, len(risk) + 1)
    generalized = np.array([0, *kept]) / len(risk)
    trapezoids = (generalized[1:] + generalized[:-1]) / 2
    return (kept / counts).mean(), trapezoids.mean()


@property_of
@given(joints())
def test_areas_are_those_of_a_loop(given_joints):
    scores, correct, _ = given_joints
    selective, generalized = areas_by_loop(scores, ~correct)
    assert aurc(scores, ~correct) == pytest.approx(selective)
    assert augrc(scores, ~correct) == pytest.approx(generalized)


@property_of
@given(joints(), st.permutations(range(20)))
def test_order_and_rank_are_all_that_counts(given_joints, order):
    scores, correct, weight = given_joints
    order = [k for k in order if k < len(scores)]
    for metric in (auroc, aupr, aupr_error):
        found = metric(
            scores[order], correct[order], sample_weight=weight[order]
        )
        expected = metric(scores, correct, sample_weight=weight)
        assert found == pytest.approx(expected)
    ranks = np.unique(scores, return_inverse=True)[1]
    assert auroc(ranks, correct) == pytest.approx(auroc(scores, correct))
    assert aurc(ranks, ~correct) == pytest.approx(aurc(scores, ~correct))
    assert coverage_at_risk(ranks, ~correct, 0.3) == pytest.approx(
        coverage_at_risk(scores, ~correct, 0.3)
    )
