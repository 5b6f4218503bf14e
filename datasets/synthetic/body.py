"""Skeleton of a synthetic person: proportions, joint ranges and kinematics.

Convention: the body frame has x to the person's left, y up and z forward
(right-handed), its origin midway between the hip joints. Joint angles are
anatomical, in degrees, as (flexion, abduction, rotation); the rest pose
stands upright with the arms hanging and the palms forward. Positive flexion
bends forward (knee: backward), positive abduction leads away from the body,
positive rotation is inward at the shoulder and outward at the hip; for the
trunk and the neck positive abduction leans and positive rotation turns to the
person's left. Lengths are in metres.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from ...skeleton import JOINTS as KEYPOINT_NAMES


class Ratio(NamedTuple):
    """Mean and standard deviation of a length, as a fraction of stature."""

    mean: float
    std: float


PROPORTIONS = {
    # ANSUR II (Gordon et al. 2014), fractions of stature.
    'shoulder_width': Ratio(0.2328, 0.0114),
    # Hip breadth .2036 times .72: between the joint centers, as COCO labels.
    'hip_width': Ratio(0.1466, 0.0120),
    'upper_arm': Ratio(0.1909, 0.0062),
    'forearm': Ratio(0.1511, 0.0067),
    'thigh': Ratio(0.2476, 0.0113),
    'shank': Ratio(0.2267, 0.0088),
    'trunk': Ratio(0.3052, 0.0154),
    # Winter, Biomechanics of Human Movement (2009), figure 4.1.
    'neck': Ratio(0.0520, 0.0050),
    'hand': Ratio(0.1080, 0.0050),
    'foot': Ratio(0.1520, 0.0060),
    'ankle_height': Ratio(0.0390, 0.0030),
    # ANSUR II head breadth, length and height.
    'head_width': Ratio(0.0880, 0.0040),
    'head_depth': Ratio(0.1120, 0.0050),
    'head_height': Ratio(0.1340, 0.0060),
}
"""Lengths of the body as fractions of stature."""

JOINTS = (
    *('root', 'spine', 'neck', 'left_shoulder', 'right_shoulder'),
    *('left_elbow', 'right_elbow', 'left_hip', 'right_hip'),
    *('left_knee', 'right_knee', 'left_ankle', 'right_ankle'),
)
"""Rotating joints, in the order of every angle array."""

JOINT_KINDS = tuple(name.split('_')[-1] for name in JOINTS)
"""The joints without their side."""

_RANGES = {
    'root': ((-30, 90), (-30, 30), (0, 0)),  # lean of the whole body
    'spine': ((-25, 80), (-35, 35), (-45, 45)),
    'neck': ((-45, 45), (-45, 45), (-60, 60)),
    # AAOS ranges (Joint Motion, 1965): flexion, abduction, rotation.
    'shoulder': ((-60, 180), (0, 180), (-90, 70)),
    'elbow': ((0, 150), (0, 0), (0, 0)),
    'hip': ((-30, 120), (-30, 45), (-45, 45)),
    'knee': ((0, 135), (0, 0), (0, 0)),
    'ankle': ((-50, 20), (0, 0), (0, 0)),
}
LIMITS = np.array([_RANGES[kind] for kind in JOINT_KINDS], dtype=float)
"""Joint ranges, shape (13, 3, 2): lowest and highest angle in degrees."""

# Signs of the rotations about x, z and y; z and y are mirrored on the right.
_SIGNS = {
    **dict.fromkeys(('root', 'spine', 'neck'), (1, -1, 1)),
    **dict.fromkeys(('elbow', 'hip', 'ankle'), (-1, 1, 1)),
    'shoulder': (-1, 1, -1),
    'knee': (1, 1, 1),
}
_ROTATION_SIGNS = np.array([_SIGNS[kind] for kind in JOINT_KINDS], dtype=float)
_ROTATION_SIGNS[[name.startswith('right') for name in JOINTS], 1:] *= -1

_LUMBAR = 0.25  # the trunk bends at this fraction of its length
_NECK_BASE = 1.04  # height of the neck's base, as a fraction of the trunk

# Points of the face from the head's center, in half sizes of the head.
_FACE = {
    'nose': (0.0, -0.20, 1.12),
    'left_eye': (0.40, 0.06, 0.88),
    'right_eye': (-0.40, 0.06, 0.88),
    'left_ear': (1.02, -0.04, -0.05),
    'right_ear': (-1.02, -0.04, -0.05),
}


@dataclass(frozen=True)
class ArticulatedBody:
    """A posed body.

    Attributes:
        stature: Height of the standing person in metres.
        lengths: Lengths of :data:`PROPORTIONS` in metres.
        points: Named points in metres, each of shape (3,).
        frames: Named rotation matrices, each of shape (3, 3); the columns
            are the part's own left, up and forward directions.
    """

    stature: float
    lengths: dict[str, float]
    points: dict[str, np.ndarray]
    frames: dict[str, np.ndarray]

    @property
    def half_head(self) -> np.ndarray:
        """Half of the head's width, height and depth in metres, (3,)."""
        names = ('head_width', 'head_height', 'head_depth')
        return 0.5 * np.array([self.lengths[name] for name in names])

    def keypoints(self) -> np.ndarray:
        """Return the 17 COCO keypoints.

        Returns:
            Array of shape (17, 3) in metres, in the frame of ``points``.
        """
        return np.array([self.points[name] for name in KEYPOINT_NAMES])

    def moved(
        self, rotation: np.ndarray, translation: np.ndarray
    ) -> 'ArticulatedBody':
        """Return the same body in another frame.

        Args:
            rotation: Rotation matrix of shape (3, 3).
            translation: New position of the origin, shape (3,), metres.

        Returns:
            The body with ``x -> rotation @ x + translation``.
        """
        points = np.array(list(self.points.values())) @ rotation.T
        frames = rotation @ np.array(list(self.frames.values()))
        return ArticulatedBody(
            self.stature,
            self.lengths,
            dict(zip(self.points, points + translation, strict=True)),
            dict(zip(self.frames, frames, strict=True)),
        )


def joint_rotations(angles: np.ndarray) -> np.ndarray:
    """Convert anatomical angles to rotation matrices.

    Convention: ``R = Rx(flexion) Rz(abduction) Ry(rotation)``, applied to the
    part's rest direction; signs follow the module's convention.

    Args:
        angles: Anatomical angles of shape (13, 3) in degrees.

    Returns:
        Rotation matrices of shape (13, 3, 3).

    Example:
        >>> joint_rotations(np.zeros((13, 3)))[0]
        array([[1., 0., 0.],
               [0., 1., 0.],
               [0., 0., 1.]])
    """
    signed = angles * _ROTATION_SIGNS
    return Rotation.from_euler('XZY', signed, degrees=True).as_matrix()


def pose_body(
    angles: np.ndarray, stature: float, ratios: dict[str, float]
) -> ArticulatedBody:
    """Compute a person's joints by forward kinematics.

    Args:
        angles: Anatomical angles of shape (13, 3) in degrees, in the order of
            :data:`JOINTS`.
        stature: Height in metres.
        ratios: The lengths of :data:`PROPORTIONS` as fractions of stature.

    Returns:
        The person in the body frame.

    Raises:
        ValueError: If an angle lies outside :data:`LIMITS`.

    Example:
        >>> ratios = {name: ratio.mean for name, ratio in PROPORTIONS.items()}
        >>> body = pose_body(np.zeros((13, 3)), 1.7, ratios)
        >>> body.stature
        1.7
    """
    low, high = LIMITS[..., 0], LIMITS[..., 1]
    if angles.shape != low.shape or ((angles < low) | (angles > high)).any():
        raise ValueError(
            f'expected angles of shape {low.shape} inside LIMITS, found shape '
            f'{angles.shape}: clip them with numpy.clip first'
        )
    lengths = {name: value * stature for name, value in ratios.items()}
    turn = dict(zip(JOINTS, joint_rotations(angles), strict=True))
    frames = {'pelvis': turn['root'], 'chest': turn['root'] @ turn['spine']}
    frames['head'] = frames['chest'] @ turn['neck']
    body = ArticulatedBody(stature, lengths, {'pelvis': np.zeros(3)}, frames)
    _add_trunk_and_head(body)
    for side, sign in (('left', 1.0), ('right', -1.0)):
        _add_arm(body, turn, side, sign)
        _add_leg(body, turn, side, sign)
    return body


def _add_trunk_and_head(body: ArticulatedBody) -> None:
    size, points, frames = body.lengths, body.points, body.frames
    trunk, upward = size['trunk'], frames['chest'][:, 1]
    lumbar = frames['pelvis'][:, 1] * (_LUMBAR * trunk)
    points['chest'] = lumbar + upward * ((1 - _LUMBAR) * trunk)
    points['neck'] = lumbar + upward * ((_NECK_BASE - _LUMBAR) * trunk)
    lift = size['neck'] + 0.42 * size['head_height']
    points['head'] = points['neck'] + frames['head'] @ np.array(
        [0.0, lift, 0.012 * trunk]
    )
    face = (np.array(list(_FACE.values())) * body.half_head) @ frames['head'].T
    points.update(zip(_FACE, points['head'] + face, strict=True))


def _add_arm(
    body: ArticulatedBody, turn: dict[str, np.ndarray], side: str, sign: float
) -> None:
    size, points, frames = body.lengths, body.points, body.frames
    upper = frames['chest'] @ turn[f'{side}_shoulder']
    lower = upper @ turn[f'{side}_elbow']
    across = frames['chest'][:, 0] * (0.5 * sign * size['shoulder_width'])
    shoulder = points['chest'] + across
    elbow = shoulder - upper[:, 1] * size['upper_arm']
    wrist = elbow - lower[:, 1] * size['forearm']
    points[f'{side}_shoulder'], points[f'{side}_elbow'] = shoulder, elbow
    points[f'{side}_wrist'] = wrist
    points[f'{side}_hand'] = wrist - lower[:, 1] * (0.75 * size['hand'])


def _add_leg(
    body: ArticulatedBody, turn: dict[str, np.ndarray], side: str, sign: float
) -> None:
    size, points, frames = body.lengths, body.points, body.frames
    upper = frames['pelvis'] @ turn[f'{side}_hip']
    lower = upper @ turn[f'{side}_knee']
    foot = lower @ turn[f'{side}_ankle']
    hip = frames['pelvis'][:, 0] * (0.5 * sign * size['hip_width'])
    knee = hip - upper[:, 1] * size['thigh']
    ankle = knee - lower[:, 1] * size['shank']
    drop, length = -0.6 * size['ankle_height'], size['foot']
    heel = foot @ np.array([0.0, drop, -0.18 * length])
    toe = foot @ np.array([0.0, 1.15 * drop, 0.68 * length])
    points[f'{side}_hip'], points[f'{side}_knee'] = hip, knee
    points[f'{side}_ankle'] = ankle
    points[f'{side}_heel'], points[f'{side}_toe'] = ankle + heel, ankle + toe
    frames[f'{side}_shank'] = lower
