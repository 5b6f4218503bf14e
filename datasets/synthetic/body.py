"""The drawn person's skeleton: proportions, joint ranges and kinematics.

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

from ...skeleton import JOINTS as KEYPOINT_NAMES

# fmt: off
BONES = (
    (15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12),
    (5, 6), (5, 7), (6, 8), (7, 9), (8, 10), (1, 2), (0, 1), (0, 2),
    (1, 3), (2, 4), (3, 5), (4, 6),
)  # COCO's skeleton, indices from 0
# fmt: on


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
    'root',
    'spine',
    'neck',
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
)
"""Rotating joints, in the order of every angle array."""

_SIDED_LIMITS = {
    # AAOS ranges (Joint Motion, 1965): flexion, abduction, rotation.
    'shoulder': ((-60, 180), (0, 180), (-90, 70)),
    'elbow': ((0, 150), (0, 0), (0, 0)),
    'hip': ((-30, 120), (-30, 45), (-45, 45)),
    'knee': ((0, 135), (0, 0), (0, 0)),
    'ankle': ((-50, 20), (0, 0), (0, 0)),
}
_LIMITS = {
    'root': ((-30, 90), (-30, 30), (0, 0)),  # lean of the whole body
    'spine': ((-25, 80), (-35, 35), (-45, 45)),
    'neck': ((-45, 45), (-45, 45), (-60, 60)),
} | {
    f'{side}_{name}': ranges
    for name, ranges in _SIDED_LIMITS.items()
    for side in ('left', 'right')
}
LIMITS = np.array([_LIMITS[name] for name in JOINTS], dtype=float)
"""Joint ranges, shape (13, 3, 2): lowest and highest angle in degrees."""

_SIDED_SIGNS = {
    'shoulder': (-1, 1, -1),
    'elbow': (-1, 1, 1),
    'hip': (-1, 1, 1),
    'knee': (1, 1, 1),
    'ankle': (-1, 1, 1),
}
_SIGNS = dict.fromkeys(('root', 'spine', 'neck'), (1, -1, 1))
for _name, (_x, _z, _y) in _SIDED_SIGNS.items():
    _SIGNS[f'left_{_name}'] = (_x, _z, _y)
    _SIGNS[f'right_{_name}'] = (_x, -_z, -_y)
_ROTATION_SIGNS = np.array([_SIGNS[name] for name in JOINTS], dtype=float)

_LUMBAR = 0.25  # the trunk bends at this fraction of its length
_NECK_BASE = 1.04  # height of the neck's base, as a fraction of the trunk


@dataclass(frozen=True)
class Body:
    """A posed person.

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

    def keypoints(self) -> np.ndarray:
        """Return the 17 COCO keypoints.

        Returns:
            Array of shape (17, 3) in metres, in the frame of ``points``.
        """
        return np.array([self.points[name] for name in KEYPOINT_NAMES])

    def moved(self, rotation: np.ndarray, translation: np.ndarray) -> 'Body':
        """Return the same person in another frame.

        Args:
            rotation: Rotation matrix of shape (3, 3).
            translation: Where the origin goes, shape (3,), metres.

        Returns:
            The person with ``x -> rotation @ x + translation``.
        """
        points = np.array(list(self.points.values())) @ rotation.T
        frames = rotation @ np.array(list(self.frames.values()))
        return Body(
            self.stature,
            self.lengths,
            dict(zip(self.points, points + translation, strict=True)),
            dict(zip(self.frames, frames, strict=True)),
        )


def joint_rotations(angles: np.ndarray) -> np.ndarray:
    """Turn anatomical angles into rotation matrices.

    Convention: ``R = Rx(flexion) Rz(abduction) Ry(rotation)``, applied to the
    part's rest direction; signs follow the module's convention.

    Args:
        angles: Anatomical angles of shape (13, 3) in degrees.

    Returns:
        Rotation matrices of shape (13, 3, 3).
    """
    turn = np.deg2rad(angles * _ROTATION_SIGNS)
    (cx, cz, cy), (sx, sz, sy) = np.cos(turn).T, np.sin(turn).T
    rows = (
        (cz * cy, -sz, cz * sy),
        (cx * sz * cy + sx * sy, cx * cz, cx * sz * sy - sx * cy),
        (sx * sz * cy - cx * sy, sx * cz, sx * sz * sy + cx * cy),
    )
    return np.moveaxis(np.array(rows), -1, 0)


def pose_body(
    angles: np.ndarray, stature: float, ratios: dict[str, float]
) -> Body:
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
    """
    low, high = LIMITS[..., 0], LIMITS[..., 1]
    if angles.shape != low.shape or ((angles < low) | (angles > high)).any():
        raise ValueError(
            f'expected angles of shape {low.shape} inside LIMITS, found shape '
            f'{angles.shape}: clip them with numpy.clip first'
        )
    size = {name: value * stature for name, value in ratios.items()}
    turn = dict(zip(JOINTS, joint_rotations(angles), strict=True))
    points = {'pelvis': np.zeros(3)}
    frames = {'pelvis': turn['root']}
    frames['chest'] = frames['pelvis'] @ turn['spine']
    frames['head'] = frames['chest'] @ turn['neck']
    _add_trunk(size, points, frames)
    _add_face(size, points, frames['head'])
    for side, sign in (('left', 1.0), ('right', -1.0)):
        _add_arm(side, sign, size, turn, points, frames)
        _add_leg(side, sign, size, turn, points, frames)
    return Body(stature, size, points, frames)


def _add_trunk(size: dict, points: dict, frames: dict) -> None:
    trunk = size['trunk']
    lumbar = frames['pelvis'][:, 1] * (_LUMBAR * trunk)
    upward = frames['chest'][:, 1]
    points['lumbar'] = lumbar
    points['chest'] = lumbar + upward * ((1 - _LUMBAR) * trunk)
    points['neck'] = lumbar + upward * ((_NECK_BASE - _LUMBAR) * trunk)
    points['head'] = points['neck'] + frames['head'] @ np.array(
        [0.0, size['neck'] + 0.42 * size['head_height'], 0.012 * trunk]
    )


def _add_face(size: dict, points: dict, frame: np.ndarray) -> None:
    half = 0.5 * np.array(
        [size['head_width'], size['head_height'], size['head_depth']]
    )
    places = {
        'nose': (0.0, -0.20, 1.12),
        'mouth': (0.0, -0.55, 0.83),
        'left_eye': (0.40, 0.06, 0.88),
        'right_eye': (-0.40, 0.06, 0.88),
        'left_ear': (1.02, -0.04, -0.05),
        'right_ear': (-1.02, -0.04, -0.05),
    }
    moved = points['head'] + (np.array(list(places.values())) * half) @ frame.T
    points.update(zip(places, moved, strict=True))


def _add_arm(
    side: str, sign: float, size: dict, turn: dict, points: dict, frames: dict
) -> None:
    upper = frames['chest'] @ turn[f'{side}_shoulder']
    lower = upper @ turn[f'{side}_elbow']
    across = frames['chest'][:, 0] * (0.5 * sign * size['shoulder_width'])
    shoulder = points['chest'] + across
    elbow = shoulder - upper[:, 1] * size['upper_arm']
    wrist = elbow - lower[:, 1] * size['forearm']
    hand = wrist - lower[:, 1] * (0.75 * size['hand'])
    points[f'{side}_shoulder'], points[f'{side}_elbow'] = shoulder, elbow
    points[f'{side}_wrist'], points[f'{side}_hand'] = wrist, hand
    frames[f'{side}_upper_arm'], frames[f'{side}_forearm'] = upper, lower


def _add_leg(
    side: str, sign: float, size: dict, turn: dict, points: dict, frames: dict
) -> None:
    upper = frames['pelvis'] @ turn[f'{side}_hip']
    lower = upper @ turn[f'{side}_knee']
    foot = lower @ turn[f'{side}_ankle']
    hip = frames['pelvis'][:, 0] * (0.5 * sign * size['hip_width'])
    knee = hip - upper[:, 1] * size['thigh']
    ankle = knee - lower[:, 1] * size['shank']
    drop = -0.6 * size['ankle_height']
    points[f'{side}_hip'], points[f'{side}_knee'] = hip, knee
    points[f'{side}_ankle'] = ankle
    points[f'{side}_heel'] = ankle + foot @ np.array(
        [0.0, drop, -0.18 * size['foot']]
    )
    points[f'{side}_toe'] = ankle + foot @ np.array(
        [0.0, 1.15 * drop, 0.68 * size['foot']]
    )
    frames[f'{side}_thigh'], frames[f'{side}_shank'] = upper, lower
    frames[f'{side}_foot'] = foot
