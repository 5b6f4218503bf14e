import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from self_verify_pose.metrics.evaluation.evaluation_input import (
    EvaluationInput,
    GroundTruth,
)
from self_verify_pose.metrics.functional import auroc
from self_verify_pose.tools.study.free_scores import Score
from self_verify_pose.tools.study.row_evaluation import (
    Labels,
    calibrate,
    choose_rivals,
    evaluate_rows,
)

N, K = 200, 5


@pytest.fixture
def labels():
    rng = np.random.default_rng(0)
    return Labels(rng.random((N, K)) > 0.2, rng.random((N, K)) > 0.4)


def score_of(labels, noise, seed=1):
    """Scores in [0, 1] that tell correct keypoints, the less the noisier."""
    rng = np.random.default_rng(seed)
    logits = 2.0 * labels.correct - 1 + noise * rng.normal(size=(N, K))
    return 1 / (1 + np.exp(-logits))


def make_joints(labels):
    truth = np.full((N, K, 2), 50.0)
    moved = np.where(labels.correct[..., None], 1.0, 30.0)
    ground_truth = GroundTruth(
        truth,
        labels.known,
        np.tile([0.0, 0.0, 100.0, 100.0], (N, 1)),
        np.arange(N) // 2,
        np.arange(N),
    )
    raw = np.zeros((N, K))
    return EvaluationInput({'raw': raw}, truth + moved, ground_truth)


def test_auroc_is_pooled_over_keypoints_and_their_mean(labels):
    values = score_of(labels, 2)
    known = labels.known
    pooled = roc_auc_score(labels.correct[known], values[known])
    assert labels.auroc(values) == pytest.approx(pooled)
    labels.correct[:, 0] = True  # has one class only
    each = [
        roc_auc_score(labels.correct[known[:, k], k], values[known[:, k], k])
        for k in range(1, K)
    ]
    assert labels.macro_auroc(values) == pytest.approx(np.mean(each))


def test_without_labels_there_is_no_auroc(labels):
    nothing = Labels(np.zeros((N, K), bool), labels.correct)
    assert np.isnan(nothing.auroc(score_of(labels, 1)))
    assert np.isnan(nothing.macro_auroc(score_of(labels, 1)))


@pytest.mark.parametrize('stretch', [1.0, 7.0])
def test_scores_of_any_range_become_probabilities(labels, stretch):
    values = stretch * score_of(labels, 1.5) - (stretch > 1)
    apply = calibrate(values, labels)
    trust = apply(values)
    assert ((trust > 0) & (trust < 1)).all()
    order = np.argsort(values, None)
    assert (np.diff(trust.ravel()[order]) >= 0).all()
    known = labels.known
    assert trust[known].mean() == pytest.approx(
        labels.correct[known].mean(), abs=0.01
    )


def test_scores_of_the_wrong_order_have_no_calibration(labels):
    assert calibrate(-score_of(labels, 1), labels) is None
    assert calibrate(np.ones((N, K)), labels) is None


def test_the_best_free_score_has_no_more_passes(labels):
    scores = {
        'raw': Score((score_of(labels, 3),)),
        'views': Score((score_of(labels, 1),), passes=3),
        'better': Score((score_of(labels, 2),)),
        'mirror': Score((score_of(labels, 4),), passes=1),
        'trained': Score((score_of(labels, 0.1),), is_trained=True),
    }
    rivals = choose_rivals(scores, labels)
    assert rivals == {0: 'better', 1: 'better', 3: 'views'}
    one_class = Labels(labels.known, np.ones_like(labels.correct))
    assert choose_rivals(scores, one_class)[3] == 'raw'


def test_gains_are_means_over_seeds_against_the_rival(labels):
    raw = score_of(labels, 3)
    runs = tuple(score_of(labels, 2, seed) for seed in (1, 2, 3))
    scores = {
        'raw': Score((raw,)),
        'same': Score((raw,)),
        'trained': Score(runs, is_trained=True),
    }
    maps = {
        name: tuple(calibrate(run, labels) for run in score.runs)
        for name, score in scores.items()
    }
    maps['same'] = (None,)
    rows = evaluate_rows(make_joints(labels), scores, maps, {0: 'raw'}, 30, 0)
    known = labels.known
    found = [auroc(one[known], labels.correct[known]) for one in runs]
    row = rows['trained']
    assert row.auroc.value == pytest.approx(np.mean(found))
    base = auroc(raw[known], labels.correct[known])
    assert row.gain.value == pytest.approx(np.mean(found) - base)
    assert row.gains == pytest.approx((min(found) - base, max(found) - base))
    assert row.gain.low < row.gain.value < row.gain.high
    # the same draws: a copy of the rival is exactly as good in each
    assert rows['same'].gain == (0, 0, 0)
    assert np.isnan(rows['same'].ece)
    assert row.ece < 0.05
    assert row.brier < rows['raw'].brier
