import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from evaluation_inputs import make_joints
from helpers import shared_path
from prediction_files import annotations, results, write, write_all

from self_verify_pose.engine.evaluation_input import (
    BONES,
    read_evaluation_input,
)
from self_verify_pose.metrics.evaluation.io.reading import read_predictions
from self_verify_pose.models.kinematics.bone_lengths import bone_scores
from self_verify_pose.skeleton import JOINTS, LINKS


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


def dump_with(folder, **meta):
    """Write a dump whose samples say so much of their skeleton."""
    path = write_all(folder)['pkl']
    samples = pickle.loads(path.read_bytes())
    for sample in samples:
        sample.pop('dataset_name', None)
        sample.update(meta)
    path.write_bytes(pickle.dumps(samples))
    return path


NUMBERED = {k: f'joint {k}' for k in range(17)}


@pytest.mark.parametrize(
    ('meta', 'expected'),
    [
        ({}, JOINTS[:2]),
        ({'dataset_name': 'coco'}, JOINTS[:2]),
        ({'dataset_name': 'my own'}, JOINTS[:2]),
        ({'dataset_name': 'crowdpose'}, JOINTS[:2]),  # 14 joints, not these
        ({'dataset_name': 'posetrack18'}, ('nose', 'head_bottom')),
        ({'keypoint_id2name': NUMBERED}, ('joint 0', 'joint 1')),
        (
            {'keypoint_id2name': NUMBERED, 'dataset_name': 'coco'},
            ('joint 0', 'joint 1'),
        ),
    ],
)
def test_a_dump_tells_the_names_of_its_joints(tmp_path, meta, expected):
    joints = read_evaluation_input(dump_with(tmp_path, **meta))
    assert joints.truth.joint_names[:2] == expected
    assert (BONES in joints.scores) == (expected == JOINTS[:2])
    assert bool(joints.no_similarity) == (expected != JOINTS[:2])


@pytest.mark.parametrize(
    ('meta', 'expected'),
    [
        ({}, LINKS[:2]),
        ({'dataset_name': 'posetrack18'}, ((15, 13), (13, 11))),
        ({'dataset_name': 'ap10k'}, ((0, 1), (0, 2))),
        ({'keypoint_id2name': NUMBERED}, ()),
        (
            {'keypoint_id2name': NUMBERED, 'skeleton_links': [(3, 9)]},
            ((3, 9),),
        ),
    ],
)
def test_a_dump_tells_the_limbs_of_its_skeleton(tmp_path, meta, expected):
    joints = read_evaluation_input(dump_with(tmp_path, **meta))
    assert joints.truth.links[:2] == expected


@pytest.mark.parametrize(
    ('skeleton', 'expected'),
    [
        ([[1, 2], [2, 17]], ((0, 1), (1, 16))),
        ([[1, 18]], LINKS),  # of other joints
        ([[0, 1]], LINKS),
        ([[1, 2, 3]], LINKS),
        ('none', LINKS),
        (None, LINKS),
    ],
)
def test_annotations_tell_their_limbs(tmp_path, skeleton, expected):
    files = write_all(tmp_path)
    truth = json.loads(files['ann'].read_text())
    truth['categories'][0].update(keypoints=[*JOINTS], skeleton=skeleton)
    ann = write(tmp_path / 'linked.json', truth)
    joints = read_evaluation_input(files['json'], ann)
    assert joints.truth.links == expected


def test_limbs_of_coco_connect_joints_of_its_names():
    joints = make_joints().truth
    names = ('neck', 'left_ankle', 'x', 'left_knee', *'abcdefghijklm')
    renamed = replace(joints, joint_names=names)
    assert renamed.links == ((1, 3),)


@pytest.mark.parametrize(
    ('names', 'expected'),
    [
        (['Nose', 'Left Eye', *JOINTS[2:]], JOINTS),
        (['head', *JOINTS[1:]], ('head', *JOINTS[1:])),
        (JOINTS[:5], JOINTS),  # not the names of 17 joints
        ([], JOINTS),
    ],
)
def test_annotations_tell_the_names_of_their_joints(tmp_path, names, expected):
    files = write_all(tmp_path)
    truth = json.loads(files['ann'].read_text())
    truth['categories'][0]['keypoints'] = list(names)
    ann = write(tmp_path / 'named.json', truth)
    joints = read_evaluation_input(files['json'], ann)
    assert joints.truth.joint_names == expected
    assert joints.everyone.joint_names == expected


def test_all_parts_of_wholebody_annotations_are_read(tmp_path):
    ann = shared_path(
        'data', 'mmpose_samples', 'coco', 'test_coco_wholebody.json'
    )
    people = json.loads(ann.read_text())['annotations']
    person = next(p for p in people if p['foot_valid'])
    parts = ('keypoints', 'foot_kpts', 'face_kpts', 'lefthand_kpts')
    parts += ('righthand_kpts',)
    rows = np.reshape([x for part in parts for x in person[part]], (133, 3))
    found = [
        {
            'image_id': person['image_id'],
            'ann_id': person['id'],
            'keypoints': np.c_[rows[:, :2], np.ones(133)].ravel().tolist(),
        }
    ]
    path = write(tmp_path / 'r.json', found)
    joints = read_evaluation_input(path, ann, allow_partial=True)
    np.testing.assert_array_equal(joints.truth.labeled[0], rows[:, 2] > 0)
    assert (joints.errors[joints.truth.labeled] == 0).all()
    assert joints.truth.joint_names[17] == 'left_big_toe'
    assert joints.truth.occluded is None
    body = [{**found[0], 'keypoints': found[0]['keypoints'][:51]}]
    path = write(tmp_path / 'b.json', body)
    joints = read_evaluation_input(path, ann, allow_partial=True)
    assert joints.truth.joint_names == JOINTS
