import numpy as np
import pytest

from self_verify_pose.datasets.synthetic.body import (
    JOINTS,
    KEYPOINT_NAMES,
    LIMITS,
    PROPORTIONS,
    joint_rotations,
    pose_body,
)
from self_verify_pose.skeleton import LINKS

MEAN_RATIOS = {name: ratio.mean for name, ratio in PROPORTIONS.items()}
K = {name: i for i, name in enumerate(KEYPOINT_NAMES)}


def angles_with(**joints):
    angles = np.zeros((len(JOINTS), 3))
    for name, value in joints.items():
        angles[JOINTS.index(name)] = value
    return angles


def keypoints(**joints):
    return pose_body(angles_with(**joints), 1.7, MEAN_RATIOS).keypoints()


def rotation_about(axis, degrees):
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    i, j = {'x': (1, 2), 'y': (2, 0), 'z': (0, 1)}[axis]
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = c
    matrix[j, i], matrix[i, j] = s, -s
    return matrix


def test_left_shoulder_turns_by_three_plain_rotations():
    angles = angles_with(left_shoulder=(30, 20, -40))
    expected = (
        rotation_about('x', -30)
        @ rotation_about('z', 20)
        @ rotation_about('y', 40)
    )
    rotation = joint_rotations(angles)[JOINTS.index('left_shoulder')]
    np.testing.assert_allclose(rotation, expected, atol=1e-12)


def test_rest_pose_stands_upright_with_its_left_at_positive_x():
    points = keypoints()
    height = points[K['nose'], 1] - points[K['left_ankle'], 1]
    assert 0.8 * 1.7 < height < 0.95 * 1.7
    for part in ('eye', 'ear', 'shoulder', 'elbow', 'wrist', 'hip', 'ankle'):
        assert points[K[f'left_{part}'], 0] > 0 > points[K[f'right_{part}'], 0]
    assert points[K['nose'], 2] > points[K['left_ear'], 2]


@pytest.mark.parametrize(
    ('joints', 'moved', 'axis', 'sign'),
    [
        ({'left_shoulder': (90, 0, 0)}, 'left_wrist', 2, 1),
        ({'left_shoulder': (0, 90, 0)}, 'left_wrist', 0, 1),
        ({'right_shoulder': (0, 90, 0)}, 'right_wrist', 0, -1),
        ({'right_elbow': (90, 0, 0)}, 'right_wrist', 2, 1),
        ({'left_hip': (90, 0, 0)}, 'left_knee', 2, 1),
        ({'left_hip': (0, 45, 0)}, 'left_knee', 0, 1),
        ({'right_knee': (90, 0, 0)}, 'right_ankle', 2, -1),
        ({'spine': (40, 0, 0)}, 'nose', 2, 1),
        ({'neck': (0, 0, 40)}, 'nose', 0, 1),
        ({'root': (0, 30, 0)}, 'nose', 0, 1),
    ],
)
def test_positive_angles_move_parts_the_documented_way(
    joints, moved, axis, sign
):
    shift = keypoints(**joints)[K[moved]] - keypoints()[K[moved]]
    assert sign * shift[axis] > 0.03


def test_limb_lengths_do_not_depend_on_the_pose():
    rng = np.random.default_rng(0)
    limbs = [
        ('left_shoulder', 'left_elbow', 'upper_arm'),
        ('right_elbow', 'right_wrist', 'forearm'),
        ('left_hip', 'left_knee', 'thigh'),
        ('right_knee', 'right_ankle', 'shank'),
        ('left_hip', 'right_hip', 'hip_width'),
        ('left_shoulder', 'right_shoulder', 'shoulder_width'),
    ]
    for _ in range(10):
        angles = rng.uniform(LIMITS[..., 0], LIMITS[..., 1])
        points = pose_body(angles, 1.6, MEAN_RATIOS).keypoints()
        for start, end, name in limbs:
            length = np.linalg.norm(points[K[start]] - points[K[end]])
            assert length == pytest.approx(1.6 * MEAN_RATIOS[name])


def test_moved_applies_the_rigid_motion_to_points_and_frames():
    body = pose_body(angles_with(spine=(20, 5, 10)), 1.7, MEAN_RATIOS)
    turn, shift = rotation_about('y', 50), np.array([1.0, 2.0, 3.0])
    moved = body.moved(turn, shift)
    np.testing.assert_allclose(
        moved.keypoints(), body.keypoints() @ turn.T + shift
    )
    np.testing.assert_allclose(
        moved.frames['chest'], turn @ body.frames['chest']
    )


@pytest.mark.parametrize('angle', [-1.0, 150.5])
def test_angle_outside_the_limits_is_an_error(angle):
    with pytest.raises(ValueError, match='inside LIMITS'):
        keypoints(left_elbow=(angle, 0, 0))


def test_wrong_number_of_angles_is_an_error():
    with pytest.raises(ValueError, match=r'shape \(13, 3\)'):
        pose_body(np.zeros((12, 3)), 1.7, MEAN_RATIOS)


def test_names_and_bones_are_coco_ones():
    assert len(KEYPOINT_NAMES) == 17
    assert KEYPOINT_NAMES[5:7] == ('left_shoulder', 'right_shoulder')
    assert len(LINKS) == 19
    assert max(max(bone) for bone in LINKS) == 16
