import json
from dataclasses import replace

import numpy as np
import pytest
from evaluation_inputs import make_joints

from self_verify_pose.metrics.evaluation.report.evaluation_report import (
    EvalConfig,
    evaluate_predictions,
)
from self_verify_pose.metrics.evaluation.report.page_data import page_data


def make_report(joints=None):
    return evaluate_predictions(
        joints or make_joints(), EvalConfig(n_bootstrap=0)
    )


def test_thresholds_count_the_joints_that_a_loop_keeps():
    report = make_report(make_joints(decimals=2))  # on thresholds, too
    columns = np.nonzero(report.predictions.truth.labeled)[1]
    for name, table in page_data(report)['thresholds'].items():
        assert len(table['values']) == 101
        for at in (0, 1, 37, 50, 100):
            keep = report.scores[name] >= table['values'][at]
            for joint in range(17):
                of_joint = keep & (columns == joint)
                assert table['kept'][at][joint] == of_joint.sum()
                wrong = (of_joint & ~report.correct).sum()
                assert table['wrong'][at][joint] == wrong


def test_all_joints_are_kept_at_the_lowest_threshold():
    joints = make_joints()
    joints.scores['keypoint_scores'] *= 3.7
    joints.scores['keypoint_scores'] -= 1.1
    report = make_report(joints)
    data = page_data(report)
    for name, table in data['thresholds'].items():
        assert sum(table['kept'][0]) == report.evaluation.num_joints
        share = sum(table['wrong'][0]) / sum(table['kept'][0])
        assert share == pytest.approx(report.evaluation.error_rate.value)
        assert data['risk'][name]['coverage'][-1] == 1
        assert data['risk'][name]['risk'][-1] == pytest.approx(share, abs=1e-5)


def test_reliability_is_that_of_the_report():
    report = make_report()
    for name, bins in page_data(report)['reliability'].items():
        counts = np.array(bins['count'])
        gaps = np.abs(np.subtract(bins['score'], bins['correct']))
        ece = (counts * gaps).sum() / counts.sum()
        assert ece == pytest.approx(
            report.evaluation.scorers[name]['ECE'].value
        )


def test_the_size_of_the_curves_does_not_depend_on_the_persons():
    sizes = [
        len(json.dumps({**page_data(make_report(one)), 'persons': []}))
        for one in (make_joints(persons=100), make_joints(persons=2_000))
    ]
    assert sizes[1] < 1.5 * sizes[0]


def test_one_person_133_joints_and_nan_without_label():
    one = make_joints(persons=1, shift=0.0)
    repeat = np.arange(133) % 17
    truth = replace(
        one.truth,
        keypoints=one.truth.keypoints[:, repeat],
        labeled=one.truth.labeled[:, repeat],
        occluded=None,
        joint_names=(),
        limbs=((0, 132), (3, 90)),
    )
    scores = {n: s[:, repeat] for n, s in one.scores.items()}
    for score in scores.values():
        score[~truth.labeled] = np.nan
    many = replace(
        one,
        truth=truth,
        everyone=truth,
        keypoints=one.keypoints[:, repeat],
        scores=scores,
    )
    data = page_data(make_report(many))
    json.dumps(data, allow_nan=False)
    assert len(data['names']) == 133
    assert data['links'] == [[0, 132], [3, 90]]
    assert len(data['persons']) == 1
