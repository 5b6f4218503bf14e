import numpy as np
import pytest
from evaluation_inputs import make_joints

from self_verify_pose.metrics.evaluation.report.evaluation_report import (
    EvalConfig,
    evaluate_predictions,
)


def test_criterion_is_passed_on():
    joints = make_joints(persons=20)
    report = evaluate_predictions(
        joints, EvalConfig(criterion='oks', n_bootstrap=0)
    )
    labeled = joints.truth.labeled
    expected = (joints.similarity >= 0.5)[labeled]
    np.testing.assert_array_equal(report.correct, expected)
    assert report.evaluation.error_rate.value == pytest.approx(
        1 - expected.mean()
    )
    assert 'at least 0.5' in report.config.rule


def test_scores_are_those_of_the_labeled_joints(report):
    labeled = report.predictions.truth.labeled
    assert report.score_names == ['keypoint_trust', 'keypoint_scores']
    for name, scores in report.scores.items():
        expected = report.predictions.scores[name][labeled]
        np.testing.assert_array_equal(scores, expected)
    assert not report.one_class


def test_the_rule_names_the_threshold():
    assert 'at most 0.1 of the longer side' in EvalConfig(dist_thr=0.1).rule


def test_all_joints_wrong_are_one_class(all_wrong):
    assert all_wrong.one_class
    assert any('AUROC' in note for note in all_wrong.notes)
