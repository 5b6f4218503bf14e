import numpy as np
import pytest
from prediction_files import annotations, results, write, write_all

from self_verify_pose.engine.evaluation_input import (
    BONES,
    read_evaluation_input,
)
from self_verify_pose.metrics.evaluation.io.reading import read_predictions
from self_verify_pose.models.kinematics.bone_lengths import bone_scores


def test_bone_lengths_are_one_more_score(tmp_path):
    files = write_all(tmp_path)
    given = read_predictions(files['pkl'])
    scored = read_evaluation_input(files['pkl'])
    assert set(scored.scores) == {*given.scores, BONES}
    expected = bone_scores(given.keypoints)
    np.testing.assert_array_equal(scored.scores[BONES], expected)
    assert scored.notes == given.notes


def test_other_skeletons_have_no_bone_lengths(tmp_path):
    truth = annotations()
    for person in truth['annotations']:
        person['keypoints'] = person['keypoints'][:15]
        person['num_keypoints'] = 5
        person['keypoints'][2::3] = [2] * 5
    found = [
        {**r, 'keypoints': r['keypoints'][:15], 'keypoint_trust': [0.5] * 5}
        for r in results(truth_with_17(truth))
    ]
    joints = read_evaluation_input(
        write(tmp_path / 'r.json', found), write(tmp_path / 'a.json', truth)
    )
    assert BONES not in joints.scores
    assert any('bone lengths' in note for note in joints.notes)
    assert 'found 5' in joints.no_similarity
    with pytest.raises(ValueError, match='17 joints of COCO, found 5'):
        joints.correct(criterion='oks')


def truth_with_17(truth):
    people = [
        {**p, 'keypoints': p['keypoints'] + [0] * 36}
        for p in truth['annotations']
    ]
    return {**truth, 'annotations': people}
