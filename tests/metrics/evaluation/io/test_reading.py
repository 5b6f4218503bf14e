"""Dumps and COCO-format results give the same input as MMPose."""

import json

import numpy as np
import pytest
from helpers import shared_path

from self_verify_pose.metrics.evaluation.io.reading import (
    SIMCC_SCORES,
    read_predictions,
    report_names,
)
from self_verify_pose.metrics.evaluation.statistics.evaluate import (
    evaluate_scores,
)


def test_dump_and_results_agree(files):
    one = read_predictions(files['pkl'])
    other = read_predictions(files['json'], files['ann'])
    third = read_predictions(files['pkl'], files['ann'])
    for joints in (other, third):
        np.testing.assert_allclose(joints.errors, one.errors, atol=1e-6)
        for criterion in ('bbox', 'oks'):
            np.testing.assert_array_equal(
                joints.correct(criterion=criterion),
                one.correct(criterion=criterion),
            )
        for name in ('labeled', 'occluded', 'image_ids', 'person_ids'):
            np.testing.assert_array_equal(
                getattr(joints.truth, name), getattr(one.truth, name)
            )
        assert set(joints.scores) == set(one.scores)
        for name, scores in one.scores.items():
            np.testing.assert_allclose(joints.scores[name], scores, rtol=1e-5)
    assert set(one.scores) == {'keypoint_scores', 'keypoint_trust'}


def test_errors_and_labels_are_those_of_a_loop(files):
    joints = read_predictions(files['json'], files['ann'])
    truth = json.loads(files['ann'].read_text())['annotations']
    found = json.loads(files['json'].read_text())
    for n, (person, result) in enumerate(zip(truth, found, strict=True)):
        x, y, width, height = person['bbox']
        right, below = min(x + width, 399), min(y + height, 299)
        size = max(right - x, below - y)
        for k in range(17):
            true_x, true_y, visible = person['keypoints'][3 * k : 3 * k + 3]
            point = result['keypoints'][3 * k : 3 * k + 2]
            assert joints.truth.labeled[n, k] == (visible > 0)
            assert joints.truth.occluded[n, k] == (visible == 1)
            if visible:
                error = np.hypot(point[0] - true_x, point[1] - true_y) / size
                assert joints.errors[n, k] == pytest.approx(error)


@pytest.mark.parametrize(
    ('network', 'expected'),
    [
        ('simplepose', [3872, 0.275, 0.880, 0.103, 0.0808]),
        ('movenet', [3872, 0.400, 0.788, 0.182, 0.2128]),
    ],
)
def test_real_predictions_reach_the_known_figures(network, expected):
    joints = read_predictions(
        shared_path(
            'data', 'predictions', f'{network}_coco_mini_train2017.json'
        ),
        shared_path(
            'data', 'coco_mini/annotations/person_keypoints_train2017.json'
        ),
    )
    found = evaluate_scores(joints, n_bootstrap=20)
    figures = found.scorers['keypoint_scores']
    np.testing.assert_allclose(
        [
            found.num_joints,
            found.error_rate.value,
            *(figures[name].value for name in ('AUROC', 'ECE', 'AURC')),
        ],
        expected,
        rtol=0,
        atol=0.002,
    )
    assert figures['AUROC'].low < expected[2] < figures['AUROC'].high


def test_missing_files_and_unknown_endings_are_clear_errors(files, tmp_path):
    for name in ('no.pkl', 'no.json'):
        with pytest.raises(FileNotFoundError, match=name):
            read_predictions(tmp_path / name)
    with pytest.raises(ValueError, match='give it with --ann'):
        read_predictions(files['json'])
    with pytest.raises(ValueError, match=r"found the ending '\.csv'"):
        read_predictions(tmp_path / 'preds.csv')
    text = tmp_path / 'text.json'
    text.write_text('no json')
    with pytest.raises(ValueError, match='expected JSON'):
        read_predictions(text, files['ann'])


def test_a_note_tells_that_scores_of_logits_are_missing(files, tmp_path):
    assert 'extra_scores' in read_predictions(files['pkl']).notes[-1]
    predicted = json.loads(files['json'].read_text())
    for entry in predicted:
        entry[SIMCC_SCORES[0]] = entry['keypoint_trust']
    path = tmp_path / 'with_logits.json'
    path.write_text(json.dumps(predicted))
    notes = read_predictions(path, files['ann']).notes
    assert not any('extra_scores' in note for note in notes)


def test_names_of_files_are_unique(tmp_path):
    one, two = tmp_path / 'a' / 'preds.pkl', tmp_path / 'b' / 'preds.pkl'
    assert report_names([one]) == {'preds': one}
    assert report_names([one, two]) == {'a_preds': one, 'b_preds': two}
    with pytest.raises(ValueError, match='repeated'):
        report_names([one, one])
