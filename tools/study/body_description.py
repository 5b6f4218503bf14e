"""Content of ``body.json``, for ``tools/fit_body_statistics.py``.

Convention: rest pose upright, arms and legs hanging; x to the person's left,
y down, z backwards; lengths are fractions of stature, the pelvis is the
origin; positive angles right-handed about the axis.
"""

from typing import Any

import numpy as np

from self_verify_pose.tools.study.body_statistics import ANSUR, LIMB_BONES

Ranges = dict[str, tuple[float, float]]

SOURCE = (
    'Bone ratios fitted to COCO train2017 keypoint annotations '
    '(https://cocodataset.org, CC BY 4.0) by '
    'tools/fit_body_statistics.py; trunk length from ANSUR II; ranges '
    'of motion from AAOS; twist ranges, neck and spine from Kapandji, '
    'The Physiology of the Joints; face depth set by hand.'
)
FACE = ('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear')
# Depth in front of the neck; 2-D poses do not show it.
FACE_DEPTH = {'nose': 0.075, 'left_eye': 0.06, 'left_ear': 0.0}
# Ranges of motion, degrees (AAOS; twist ranges: Kapandji), of the left side
# as (low, high) about each axis; see `_mirror`.
RANGES: dict[str, Ranges] = {
    'root': {'z': (-360, 360), 'x': (-360, 360), 'y': (-360, 360)},
    'spine': {'x': (-25, 80), 'z': (-35, 35), 'y': (-45, 45)},
    'neck': {'y': (-70, 70), 'x': (-45, 45), 'z': (-40, 40)},
    'shoulder': {'x': (-180, 60), 'z': (-180, 45), 'y': (-90, 90)},
    'elbow': {'x': (-150, 0)},
    'hip': {'x': (-120, 30), 'z': (-45, 30), 'y': (-45, 45)},
    'knee': {'x': (0, 135)},
}
# Ball joint, hinge and end of the limbs.
ARM, LEG = ('shoulder', 'elbow', 'wrist'), ('hip', 'knee', 'ankle')
# Largest flexion of the hinges in degrees.
FLEXIONS = {ARM: 150, LEG: 135}
# Joints of the chain whose offsets share one scale.
SCALES = {
    'trunk': ['spine_x', 'chest_tip'],
    'shoulders': ['left_shoulder_x', 'right_shoulder_x'],
    'hips': ['left_hip_x', 'right_hip_x'],
    'upper_arm': ['left_elbow_x', 'right_elbow_x'],
    'forearm': ['left_wrist_tip', 'right_wrist_tip'],
    'thigh': ['left_knee_x', 'right_knee_x'],
    'shank': ['left_ankle_tip', 'right_ankle_tip'],
    'head': [f'{name}_tip' for name in FACE],
}
# Bones that no parallel pair measures, and their spread as a fraction.
HEAD_BONES = (
    ('nose', 'left_eye'),
    ('nose', 'right_eye'),
    ('left_eye', 'right_eye'),
    ('left_eye', 'left_ear'),
    ('right_eye', 'right_ear'),
    ('left_ear', 'right_ear'),
    ('nose', 'left_ear'),
    ('nose', 'right_ear'),
)
NECK_BONES = (
    ('left_ear', 'left_shoulder'),
    ('right_ear', 'right_shoulder'),
    ('nose', 'left_shoulder'),
    ('nose', 'right_shoulder'),
)
TRUNK_BONES = (
    ('left_shoulder', 'left_hip'),
    ('right_shoulder', 'right_hip'),
    ('left_shoulder', 'right_hip'),
    ('right_shoulder', 'left_hip'),
)
HEAD_SPREAD, NECK_SPREAD, TRUNK_SPREAD = 0.15, 0.2, 0.1
# Tolerances of the soft constraints: symmetry as a fraction of the length,
# hinges on the cosine, posture and limits in radians, depth in person sizes.
SOFT = {
    'symmetry': 0.1,
    'hinge': 0.1,
    'posture': 1.0,
    'limit': 0.1,
    'depth': 0.3,
}


def body_description(ratios: dict[str, Any]) -> dict[str, Any]:
    """Make everything that ``body.json`` holds.

    Args:
        ratios: Result of ``fit_ratios``.

    Returns:
        Sources, rest pose, bones, hinges, scale prior, chain and the joints
        whose offsets share one length.
    """
    rest = _rest_pose(ratios)
    spreads = {name: ratios[name][1] / ratios[name][0] for name in ANSUR}
    scale_mean, scale_spread, _ = ratios['scale']
    return {
        'source': SOURCE,
        'unit': 'fraction of stature; radians',
        'rest': rest,
        'bones': _bones(rest, spreads),
        'hinges': _hinges(),
        'scale': {
            'mean': round(scale_mean, 4),
            'spread': round(scale_spread, 4),
        },
        'soft': SOFT,
        'scales': {
            name: {
                'joints': joints,
                'spread': round(float(spreads.get(name, HEAD_SPREAD)), 4),
            }
            for name, joints in SCALES.items()
        },
        'chain': _chain(rest, ratios['trunk'][0]),
    }


def _rest_pose(ratios: dict[str, Any]) -> dict[str, list[float]]:
    """Rest positions: neck at (0, -trunk, 0), pelvis at the origin."""
    length = {name: ratios[name][0] for name in ANSUR}
    trunk = length['trunk']
    rest = {
        name: [x, y - trunk, -FACE_DEPTH[name]]
        for name, (x, y) in ratios['face'].items()
    }
    half_shoulders, half_hips = length['shoulders'] / 2, length['hips'] / 2
    upper_arm, thigh = length['upper_arm'], length['thigh']
    arm, leg = upper_arm + length['forearm'], thigh + length['shank']
    for name, x, y in (
        ('shoulder', half_shoulders, -trunk),
        ('elbow', half_shoulders, upper_arm - trunk),
        ('wrist', half_shoulders, arm - trunk),
        ('hip', half_hips, 0.0),
        ('knee', half_hips, thigh),
        ('ankle', half_hips, leg),
    ):
        rest[f'left_{name}'] = [x, y, 0.0]
    for name in [name for name in rest if name.startswith('left_')]:
        x, y, z = rest[name]
        rest[name.replace('left_', 'right_')] = [-x, y, z]
    return {name: _rounded(values) for name, values in rest.items()}


def _bones(
    rest: dict[str, list[float]], spreads: dict[str, float]
) -> list[dict[str, Any]]:
    """Bones with length and relative spread."""
    bones: list[tuple[tuple[str, str], float]] = [
        (('left_shoulder', 'right_shoulder'), spreads['shoulders']),
        (('left_hip', 'right_hip'), spreads['hips']),
    ]
    for side in ('left', 'right'):
        for name, (a, b) in LIMB_BONES.items():
            bones.append(((f'{side}_{a}', f'{side}_{b}'), spreads[name]))
    bones += [(pair, TRUNK_SPREAD) for pair in TRUNK_BONES]
    bones += [(pair, HEAD_SPREAD) for pair in HEAD_BONES]
    bones += [(pair, NECK_SPREAD) for pair in NECK_BONES]
    return [
        {
            'joints': [a, b],
            'length': round(
                float(np.linalg.norm(np.subtract(rest[a], rest[b]))), 5
            ),
            'spread': round(float(spread), 4),
        }
        for (a, b), spread in bones
    ]


def _hinges() -> list[dict[str, Any]]:
    """Hinges with their smallest interior angle."""
    return [
        {
            'joints': [f'{side}_{name}' for name in names],
            'smallest': round(float(np.radians(180 - flexion)), 5),
        }
        for side in ('left', 'right')
        for names, flexion in FLEXIONS.items()
    ]


def _chain(rest: dict[str, list[float]], trunk: float) -> list[dict[str, Any]]:
    """Parts of the kinematic chain in topological order."""
    zero, neck = [0.0, 0.0, 0.0], [0.0, -trunk, 0.0]
    up = _rounded([0.0, -trunk / 2, 0.0])
    face = {name: _offset(rest[name], neck) for name in FACE}
    parts = [
        _part('root', 'pelvis', zero, RANGES['root'], {}),
        _part('spine', 'root_y', up, RANGES['spine'], {'chest': up}),
        _part('neck', 'chest', zero, RANGES['neck'], face),
    ]
    mirrored = {name: _mirror(ranges) for name, ranges in RANGES.items()}
    for side, ranges in (('left', RANGES), ('right', mirrored)):
        for limb, parent, base in (
            (ARM, 'chest', neck),
            (LEG, 'root_y', zero),
        ):
            # a ball joint and a hinge
            ball, hinge, end = (f'{side}_{name}' for name in limb)
            to_ball = _offset(rest[ball], base)
            to_hinge = _offset(rest[hinge], rest[ball])
            tips = {hinge: zero, end: _offset(rest[end], rest[hinge])}
            parts += [
                _part(ball, parent, to_ball, ranges[limb[0]], {ball: zero}),
                _part(hinge, f'{ball}_y', to_hinge, ranges[limb[1]], tips),
            ]
    return parts


def _part(
    name: str,
    parent: str,
    origin: list[float],
    ranges: Ranges,
    tips: dict[str, list[float]],
) -> dict[str, Any]:
    """Revolute joints through one point, and the tips fixed to the last."""
    axes = {
        axis: _rounded([float(np.radians(v)) for v in limits])
        for axis, limits in ranges.items()
    }
    return {
        'name': name,
        'parent': parent,
        'origin': origin,
        'axes': axes,
        'tips': tips,
    }


def _mirror(ranges: Ranges) -> Ranges:
    """Ranges of the right side: mirroring x negates y and z angles."""
    return {
        axis: (low, high) if axis == 'x' else (-high, -low)
        for axis, (low, high) in ranges.items()
    }


def _offset(point: list[float], base: list[float]) -> list[float]:
    return _rounded([a - b for a, b in zip(point, base, strict=True)])


def _rounded(values: list[float]) -> list[float]:
    return [round(value, 5) for value in values]
