import json

import pytest

from self_verify_pose.tools.benchmark.labeled_poses import (
    read_annotations,
    read_predictions,
)


@pytest.fixture
def folder(tmp_path):
    """Two persons; the predictions of the first miss one joint."""
    keypoints = [10, 20, 2] * 16 + [0, 0, 0]
    persons = [
        {'id': k, 'keypoints': keypoints, 'bbox': [0, 0, 50, 100],
         'num_keypoints': 16 - 8 * k}
        for k in range(2)
    ]  # fmt: skip
    (tmp_path / 'annotations').mkdir()
    path = tmp_path / 'annotations' / 'person_keypoints_val2017.json'
    path.write_text(json.dumps({'annotations': persons}))
    predicted = [10, 26, 0.5] + [10, 24, 0.5] * 16
    path = tmp_path / 'net_coco_mini_val2017.json'
    path.write_text(json.dumps([{'ann_id': 0, 'keypoints': predicted}]))
    return tmp_path


def test_persons_with_few_labels_are_left_out(folder):
    poses = read_annotations(folder, 'val2017', 12)
    assert len(poses) == 1
    assert poses.size.tolist() == [100]
    assert poses.center.tolist() == [[25, 50]]
    assert poses.labeled.sum() == 16


def test_predictions_are_correct_within_the_threshold(folder):
    predictions = read_predictions(folder, folder, 'net', 'val2017')
    assert predictions.correct[0, :16].tolist() == [False] + [True] * 15
    assert predictions.poses.labeled[0].tolist() == [True] * 16 + [False]
    assert predictions.score[0].tolist() == [0.5] * 17
