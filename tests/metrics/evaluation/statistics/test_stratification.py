from dataclasses import replace

import numpy as np
import pytest
from evaluation_inputs import make_joints

from self_verify_pose.metrics.evaluation.statistics.stratification import (
    joint_kinds,
    stratify,
)
from self_verify_pose.metrics.functional.error_kinds import KINDS
from self_verify_pose.skeleton import JOINTS


def test_each_labeled_joint_has_one_stratum():
    joints = make_joints()
    labeled = joints.truth.labeled
    strata, missing = stratify(joints)
    assert missing == ()
    assert list(strata) == ['joint', 'size', 'visibility', 'kind']
    for names, labels in strata.values():
        assert labels.shape == (labeled.sum(),)
        assert set(labels) <= set(range(len(names)))
    person, joint = np.nonzero(labeled)
    assert strata['joint'][0] == JOINTS
    np.testing.assert_array_equal(strata['joint'][1], joint)
    hidden = joints.truth.occluded[person, joint]
    np.testing.assert_array_equal(strata['visibility'][1], hidden)


@pytest.mark.parametrize(
    ('side', 'name'),
    [
        (63.9, 'below 64 px'),
        (64, '64–128 px'),
        (128, '128–256 px'),
        (256, '256 px and more'),
    ],
)
def test_size_is_the_longer_side_of_the_box(side, name):
    joints = make_joints(persons=1)
    boxes = np.array([[0.0, 0.0, side / 2, side]])
    truth = replace(joints.truth, boxes=boxes)
    strata, _ = stratify(replace(joints, truth=truth, everyone=None))
    names, labels = strata['size']
    assert {names[label] for label in labels} == {name}


def test_exact_joints_are_good():
    joints = make_joints(shift=0.0)
    kinds = joint_kinds(joints)
    assert {KINDS[k] for k in kinds[joints.truth.labeled]} == {'good'}


def test_missing_stratifications_are_explained():
    joints = make_joints()
    truth = replace(joints.truth, occluded=None, areas=None)
    _, missing = stratify(replace(joints, truth=truth, everyone=None))
    assert ['visibility' in missing[0], "'area'" in missing[1]] == [True, True]
