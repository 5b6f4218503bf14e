import dataclasses
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from self_verify_pose.models.teachers.free_joints import FreeJointTeacher
from self_verify_pose.models.teachers.joint_mapping import (
    JointMapping,
    MappedTeacher,
)
from self_verify_pose.skeleton import JOINTS, LIMB_JOINTS, names_in

OTHERS = ['neck', 'pelvis', 'left_big_toe', 'face-3']
# joints of the body that each skeleton has
FOUND = {
    'coco': 17,
    'crowdpose': 12,
    'mpii': 12,
    'halpe26': 17,
    'coco_wholebody': 17,
    'aic': 12,
    'exlpose': 12,
    'humanart': 17,
    'ochuman': 17,
    'h36m': 10,  # feet for ankles
    'jhmdb': 12,
}


def names_of(name):
    file = f'configs/_base_/datasets/{name}.py'
    return names_in(parse_pose_metainfo({'from_file': file}))


@given(st.permutations([*JOINTS[3:], *OTHERS]), st.integers(0, 3))
def test_it_is_a_loop_over_the_names(names, extra):
    names = names[: len(names) - extra] if extra else names
    try:
        mapping = JointMapping(names)
    except ValueError:
        return
    shape = (2, len(names), 3)
    values = torch.arange(math.prod(shape)).view(shape).float()
    body = mapping.to_body(values)
    for k, joint in enumerate(JOINTS):
        expected = torch.zeros(2, 3)
        if joint in names:
            expected = values[:, names.index(joint)]
        assert torch.equal(body[:, k], expected)
    back = mapping.to_skeleton(body)
    for k, name in enumerate(names):
        if name in JOINTS:
            assert torch.equal(back[:, k], values[:, k])
        else:
            assert back[:, k].isnan().all()


@pytest.mark.parametrize('name', FOUND)
def test_skeletons_of_mmpose_are_mapped(name):
    names = names_of(name)
    mapping = JointMapping(names)
    trust = mapping.to_skeleton(torch.ones(1, 17))
    assert trust.shape == (1, len(names))
    assert trust.isfinite().sum() == FOUND[name]
    assert mapping.to_body(torch.ones(1, len(names))).sum() == FOUND[name]


def test_spelling_does_not_matter():
    spelled = [joint.replace('_', ' ').title() for joint in LIMB_JOINTS]
    ones = torch.ones(1, 12)
    assert JointMapping(spelled).to_body(ones).sum() == 12


def without(*joints):
    return [joint for joint in LIMB_JOINTS if joint not in joints]


@pytest.mark.parametrize(
    ('names', 'match'),
    [
        (without('left_hip'), 'found no left_hip; choose'),
        (without('right_shoulder'), 'found no right_shoulder; choose'),
        (
            without(*LIMB_JOINTS[2:6], 'left_ankle'),
            r'found no left_elbow.*left_ankle; choose a model\.trust_cfg',
        ),
        (names_of('panoptic_hand2d'), 'at least 8 of the 12 joints'),
    ],
)
def test_less_than_a_body_is_one_sentence(names, match):
    with pytest.raises(ValueError, match=match) as caught:
        JointMapping(names)
    assert '\n' not in str(caught.value)


def test_eight_limb_joints_are_enough():
    names = without(*LIMB_JOINTS[2:6])
    assert JointMapping(names).num_keypoints == len(names)


def poses(count=4):
    torch.manual_seed(0)
    return torch.rand(count, 17, 2) * 200, torch.rand(count, 17)


def test_order_and_further_keypoints_do_not_change_a_number():
    points, weights = poses()
    sizes = torch.full((4,), 200.0)
    order = torch.randperm(17)
    names = ['neck', *(JOINTS[k] for k in order)]
    given = torch.cat([torch.rand(4, 1, 2), points[:, order]], 1)
    given_weights = torch.cat([torch.ones(4, 1), weights[:, order]], 1)
    teacher = FreeJointTeacher()
    expected = teacher(points, weights, sizes)
    found = MappedTeacher(teacher, JointMapping(names))(
        given, given_weights, sizes
    )
    for field in dataclasses.fields(expected):
        one = getattr(expected, field.name)
        other = getattr(found, field.name)
        if field.name not in ('energy', 'joints_3d', 'status'):
            assert other[:, 0].isnan().all()
            one, other = one[:, order], other[:, 1:]
        assert torch.equal(one, other), field.name


def test_joints_that_the_skeleton_lacks_are_ignored():
    points, weights = poses()
    teacher = FreeJointTeacher()
    mapped = MappedTeacher(teacher, JointMapping(LIMB_JOINTS))
    found = mapped(points[:, 5:])
    weights = torch.ones(4, 17)
    weights[:, :5] = 0
    expected = teacher(points, weights)
    assert torch.equal(found.trust, expected.trust[:, 5:])
    assert found.trust.isfinite().all()
