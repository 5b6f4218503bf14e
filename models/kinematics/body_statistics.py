"""Bone lengths from 2-D poses: the mathematics of fit_body_statistics.py.

Lengths are fractions of stature. 2-D poses fix ratios only; the trunk carries
the anthropometric length and every other bone follows from its ratio to it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# ANSUR II, mean and standard deviation as fractions of stature.
ANSUR = {
    'trunk': (0.3052, 0.0154),
    'shoulders': (0.2328, 0.0114),
    'hips': (0.2036, 0.0167),
    'upper_arm': (0.1909, 0.0062),
    'forearm': (0.1511, 0.0067),
    'thigh': (0.2476, 0.0113),
    'shank': (0.2267, 0.0088),
}
LIMB_BONES = {
    'upper_arm': ((5, 7), (6, 8)),
    'forearm': ((7, 9), (8, 10)),
    'thigh': ((11, 13), (12, 14)),
    'shank': ((13, 15), (14, 16)),
}
FACE = {'nose': 0, 'left_eye': 1, 'left_ear': 3}
# Depth in front of the neck (fraction of stature); 2-D poses do not show it.
FACE_DEPTH = {'nose': 0.075, 'left_eye': 0.06, 'left_ear': 0.0}
PARALLEL = 8.0  # degrees


def _angle(first: Array, second: Array) -> Array:
    """Undirected angle between (N, 2) vectors in degrees."""
    dot = np.abs((first * second).sum(-1))
    cross = np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
    return np.degrees(np.arctan2(cross, dot))


def _center_and_spread(values: Array) -> tuple[float, float]:
    """Median and the standard deviation implied by the quartiles."""
    low, mid, high = np.percentile(values, (25, 50, 75))
    return float(mid), float((high - low) / 1.349)


def _frontal(points: Array, visible: Mask, trunk: Array) -> Mask:
    """Upright persons facing the camera: face complete, nose centerd."""
    need = visible[:, [0, 1, 2, 3, 4, 5, 6, 11, 12]].all(1)
    length = np.linalg.norm(trunk, axis=1)
    upright = _angle(trunk, np.broadcast_to((0.0, 1.0), trunk.shape)) < 10
    ears = points[:, 3, 0] - points[:, 4, 0]
    offset = points[:, 0, 0] - (points[:, 3, 0] + points[:, 4, 0]) / 2
    return need & upright & (length > 30) & (np.abs(offset) < 0.1 * ears)


def fit_ratios(points: Array, visible: Mask) -> dict[str, Any]:
    """Median bone lengths and spreads as fractions of stature.

    Args:
        points: Keypoints (N, 17, 2) in pixels, COCO order.
        visible: Labeled joints (N, 17).

    Returns:
        ``{name: (length, spread, persons)}`` for the bones of ``ANSUR`` and
        ``{name: (x, y)}`` under ``face``: offsets from the neck; under
        ``scale`` log(stature / longer side of the box around the joints).
    """
    neck, pelvis = points[:, 5:7].mean(1), points[:, 11:13].mean(1)
    trunk = pelvis - neck
    length = np.linalg.norm(trunk, axis=1)
    whole = visible[:, [5, 6, 11, 12]].all(1) & (length > 30)
    unit = ANSUR['trunk'][0]
    out: dict[str, Any] = {
        'trunk': (unit, ANSUR['trunk'][1], int(whole.sum()))
    }
    for name, pairs in LIMB_BONES.items():
        samples = []
        for a, b in pairs:
            bone = points[:, b] - points[:, a]
            use = whole & visible[:, a] & visible[:, b]
            use &= _angle(bone, trunk) < PARALLEL
            samples.append(np.linalg.norm(bone[use], axis=1) / length[use])
        joined = np.concatenate(samples)
        mid, spread = _center_and_spread(joined)
        out[name] = (unit * mid, unit * spread, len(joined))
    front = _frontal(points, visible, trunk)
    width = np.abs(points[:, 5, 0] - points[:, 6, 0])[front] / length[front]
    mid, spread = _center_and_spread(width)
    out['shoulders'] = (unit * mid, unit * spread, int(front.sum()))
    hips, line = points[:, 11] - points[:, 12], points[:, 5] - points[:, 6]
    use = front & (_angle(hips, line) < PARALLEL)
    ratio = np.linalg.norm(hips[use], axis=1) / np.linalg.norm(
        line[use], axis=1
    )
    mid, spread = _center_and_spread(ratio)
    out['hips'] = (
        out['shoulders'][0] * mid,
        out['shoulders'][0] * spread,
        int(use.sum()),
    )
    gone = ~visible[..., None]
    low = np.where(gone, np.inf, points).min(1)[whole]
    high = np.where(gone, -np.inf, points).max(1)[whole]
    share = np.log(length[whole] / unit / (high - low).max(1))
    mid, spread = _center_and_spread(share)
    out['scale'] = (mid, spread, int(whole.sum()))
    local = (points - neck[:, None])[front] / length[front, None, None]
    out['face'] = {
        name: [float(v) for v in unit * np.median(local[:, k], axis=0)]
        for name, k in FACE.items()
    }
    mirrored = np.median(np.abs(local[:, [3, 4], 0])) * unit
    out['face']['left_ear'][0] = float(mirrored)
    mirrored = np.median(np.abs(local[:, 1, 0] - local[:, 2, 0])) * unit / 2
    out['face']['left_eye'][0] = float(mirrored)
    out['face']['nose'][0] = 0.0
    return out


def comparison_table(ratios: dict[str, Any]) -> str:
    """Markdown table of the fitted and the anthropometric lengths."""
    rows = [
        '| bone | fitted | spread | samples | ANSUR II | spread |',
        '|---|---|---|---|---|---|',
    ]
    for name, (mean, spread) in ANSUR.items():
        fit, wide, count = ratios[name]
        rows.append(
            f'| {name} | {fit:.4f} | {wide:.4f} | {count} '
            f'| {mean:.4f} | {spread:.4f} |'
        )
    return '\n'.join(rows)


# Ranges of motion, degrees (AAOS; twist ranges: Kapandji), written for the
# left side as (low, high) about the axis named; see `_mirrored`.
# Convention: rest pose upright, arms and legs hanging; x left, y down,
# z backwards; positive angles right-handed about the axis.
RANGES: dict[str, dict[str, tuple[float, float]]] = {
    'root': {'z': (-360, 360), 'x': (-360, 360), 'y': (-360, 360)},
    'spine': {'x': (-25, 80), 'z': (-35, 35), 'y': (-45, 45)},
    'neck': {'y': (-70, 70), 'x': (-45, 45), 'z': (-40, 40)},
    'shoulder': {'x': (-180, 60), 'z': (-180, 45), 'y': (-90, 90)},
    'elbow': {'x': (-150, 0)},
    'hip': {'x': (-120, 30), 'z': (-45, 30), 'y': (-45, 45)},
    'knee': {'x': (0, 135)},
}
SCALES = {
    'trunk': ['spine_x', 'chest_tip'],
    'shoulders': ['left_shoulder_x', 'right_shoulder_x'],
    'hips': ['left_hip_x', 'right_hip_x'],
    'upper_arm': ['left_elbow_x', 'right_elbow_x'],
    'forearm': ['left_wrist_tip', 'right_wrist_tip'],
    'thigh': ['left_knee_x', 'right_knee_x'],
    'shank': ['left_ankle_tip', 'right_ankle_tip'],
    'head': [
        'nose_tip',
        'left_eye_tip',
        'right_eye_tip',
        'left_ear_tip',
        'right_ear_tip',
    ],
}
# Bones of the free fit: name, joints, kind of length.
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
# Tolerances of the soft constraints: symmetry as a fraction of the length,
# hinges on the cosine, posture and limits in radians, depth in person sizes.
SOFT = {
    'symmetry': 0.1,
    'hinge': 0.1,
    'posture': 1.0,
    'limit': 0.1,
    'depth': 0.3,
}
# Spread of lengths that no straight pair measures, as a fraction of length.
HEAD_SPREAD, NECK_SPREAD, TRUNK_SPREAD = 0.15, 0.2, 0.1


def _rest(ratios: dict[str, Any]) -> dict[str, list[float]]:
    """Rest positions: neck at (0, -trunk, 0), pelvis at the origin."""
    trunk = ratios['trunk'][0]
    half_shoulders, half_hips = (
        ratios['shoulders'][0] / 2,
        ratios['hips'][0] / 2,
    )
    rest = {}
    for name, (x, y) in ratios['face'].items():
        depth = -FACE_DEPTH[name]
        rest[name] = [x, y - trunk, depth]
    heights = {
        'shoulder': -trunk,
        'elbow': ratios['upper_arm'][0] - trunk,
        'wrist': ratios['upper_arm'][0] + ratios['forearm'][0] - trunk,
        'hip': 0.0,
        'knee': ratios['thigh'][0],
        'ankle': ratios['thigh'][0] + ratios['shank'][0],
    }
    for name, y in heights.items():
        upper = name in ('shoulder', 'elbow', 'wrist')
        rest[f'left_{name}'] = [half_shoulders if upper else half_hips, y, 0.0]
    for name in [name for name in rest if name.startswith('left_')]:
        x, y, z = rest[name]
        rest[name.replace('left_', 'right_')] = [-x, y, z]
    return {name: [round(v, 5) for v in rest[name]] for name in rest}


def _mirrored(
    ranges: dict[str, tuple[float, float]],
) -> dict[str, tuple[float, float]]:
    """Ranges of the right side: mirroring x turns y and z angles round."""
    return {
        axis: (low, high) if axis == 'x' else (-high, -low)
        for axis, (low, high) in ranges.items()
    }


def _radians(
    ranges: dict[str, tuple[float, float]],
) -> dict[str, list[float]]:
    return {
        axis: [round(float(np.radians(v)), 5) for v in pair]
        for axis, pair in ranges.items()
    }


def _chain(rest: dict[str, list[float]], trunk: float) -> list[dict[str, Any]]:
    """Parts of the kinematic chain in topological order."""

    def offset(name: str, base: list[float]) -> list[float]:
        return [round(a - b, 5) for a, b in zip(rest[name], base, strict=True)]

    def part(
        name: str,
        parent: str,
        origin: list[float],
        ranges: dict[str, tuple[float, float]],
        tips: dict[str, list[float]],
    ) -> dict[str, Any]:
        return {
            'name': name,
            'parent': parent,
            'origin': origin,
            'axes': _radians(ranges),
            'tips': tips,
        }

    zero, neck = [0.0, 0.0, 0.0], [0.0, -trunk, 0.0]
    face = ['nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear']
    up = [0.0, round(-trunk / 2, 5), 0.0]
    parts = [
        part('root', 'pelvis', zero, RANGES['root'], {}),
        part('spine', 'root_y', up, RANGES['spine'], {'chest': up}),
        part(
            'neck',
            'chest',
            zero,
            RANGES['neck'],
            {name: offset(name, neck) for name in face},
        ),
    ]
    for side in ('left', 'right'):
        turn = (lambda r: r) if side == 'left' else _mirrored
        for ball, hinge, end, parent, base in (
            ('shoulder', 'elbow', 'wrist', 'chest', neck),
            ('hip', 'knee', 'ankle', 'root_y', zero),
        ):
            names = [f'{side}_{name}' for name in (ball, hinge, end)]
            parts.append(
                part(
                    names[0],
                    parent,
                    offset(names[0], base),
                    turn(RANGES[ball]),
                    {names[0]: zero},
                )
            )
            parts.append(
                part(
                    names[1],
                    f'{names[0]}_y',
                    offset(names[1], rest[names[0]]),
                    turn(RANGES[hinge]),
                    {
                        names[1]: zero,
                        names[2]: offset(names[2], rest[names[1]]),
                    },
                )
            )
    return parts


def _bones(
    rest: dict[str, list[float]], ratios: dict[str, Any]
) -> list[dict[str, Any]]:
    """Bones with length and relative spread."""
    groups: list[tuple[tuple[str, str], float]] = []
    relative = {n: ratios[n][1] / ratios[n][0] for n in ANSUR}
    groups.append((('left_shoulder', 'right_shoulder'), relative['shoulders']))
    groups.append((('left_hip', 'right_hip'), relative['hips']))
    for side in ('left', 'right'):
        for name, a, b in (
            ('upper_arm', 'shoulder', 'elbow'),
            ('forearm', 'elbow', 'wrist'),
            ('thigh', 'hip', 'knee'),
            ('shank', 'knee', 'ankle'),
        ):
            groups.append(((f'{side}_{a}', f'{side}_{b}'), relative[name]))
    groups += [(pair, TRUNK_SPREAD) for pair in TRUNK_BONES]
    groups += [(pair, HEAD_SPREAD) for pair in HEAD_BONES]
    groups += [(pair, NECK_SPREAD) for pair in NECK_BONES]
    return [
        {
            'joints': list(pair),
            'length': round(
                float(
                    np.linalg.norm(np.subtract(rest[pair[0]], rest[pair[1]]))
                ),
                5,
            ),
            'spread': round(float(spread), 4),
        }
        for pair, spread in groups
    ]


def body_description(ratios: dict[str, Any]) -> dict[str, Any]:
    """Everything that ``body.json`` holds.

    Args:
        ratios: Result of ``fit_ratios``.

    Returns:
        Sources, rest pose, bones, hinges, scale prior, chain and the joints
        whose offsets share one length.
    """
    rest = _rest(ratios)
    return {
        'source': (
            'Bone ratios fitted to COCO train2017 keypoint annotations '
            '(https://cocodataset.org, CC BY 4.0) by '
            'tools/fit_body_statistics.py; trunk length from ANSUR II; ranges '
            'of motion from AAOS; twist ranges, neck and spine from Kapandji, '
            'The Physiology of the Joints; face depth set by hand.'
        ),
        'unit': 'fraction of stature; radians',
        'rest': rest,
        'bones': _bones(rest, ratios),
        'hinges': [
            {
                'joints': [f'{side}_{name}' for name in names],
                'smallest': round(float(np.radians(180 - most)), 5),
            }
            for side in ('left', 'right')
            for names, most in (
                (('shoulder', 'elbow', 'wrist'), 150),
                (('hip', 'knee', 'ankle'), 135),
            )
        ],
        'scale': {
            'mean': round(ratios['scale'][0], 4),
            'spread': round(ratios['scale'][1], 4),
        },
        'soft': SOFT,
        'scales': {
            name: {
                'joints': joints,
                'spread': round(
                    float(
                        HEAD_SPREAD
                        if name == 'head'
                        else ratios[name][1] / ratios[name][0]
                    ),
                    4,
                ),
            }
            for name, joints in SCALES.items()
        },
        'chain': _chain(rest, ratios['trunk'][0]),
    }
