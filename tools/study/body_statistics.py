"""Bone lengths from 2-D poses, for ``tools/fit_body_statistics.py``.

Lengths are fractions of stature. 2-D poses fix ratios only; the trunk carries
the anthropometric length and every other bone follows from its ratio to it.

Convention: image x to the right, y down; a person who faces the camera has
its left at larger x.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from self_verify_pose.skeleton import JOINTS

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
# Ends of the limb bones, without the side.
LIMB_BONES = {
    'upper_arm': ('shoulder', 'elbow'),
    'forearm': ('elbow', 'wrist'),
    'thigh': ('hip', 'knee'),
    'shank': ('knee', 'ankle'),
}
TRUNK = ANSUR['trunk'][0]
# Largest angle of parallel segments and of an upright trunk, degrees.
PARALLEL, UPRIGHT = 8.0, 10.0
# Shortest trunk in pixels.
MIN_TRUNK = 30

NOSE, LEFT_EYE, RIGHT_EYE, LEFT_EAR, RIGHT_EAR = range(5)
SHOULDERS = (JOINTS.index('left_shoulder'), JOINTS.index('right_shoulder'))
HIPS = (JOINTS.index('left_hip'), JOINTS.index('right_hip'))


def fit_ratios(points: Array, labeled: Mask) -> dict[str, Any]:
    """Fit bone lengths and spreads as fractions of stature.

    Args:
        points: Keypoints (N, 17, 2) in pixels, COCO order.
        labeled: Labeled joints (N, 17).

    Returns:
        ``{name: (length, spread, samples)}`` for the bones of ``ANSUR`` and,
        under ``scale``, for log(stature / longer side of the box around the
        joints); ``{name: [x, y]}`` under ``face``: offsets from the neck.
    """
    neck = points[:, SHOULDERS].mean(1)
    trunk = points[:, HIPS].mean(1) - neck
    length = _norm(trunk)
    has_trunk = labeled[:, [*SHOULDERS, *HIPS]].all(1) & (length > MIN_TRUNK)
    frontal = has_trunk & _is_frontal(points, labeled, trunk)
    ratios: dict[str, Any] = {'trunk': (*ANSUR['trunk'], int(has_trunk.sum()))}
    for name in LIMB_BONES:
        known = labeled & has_trunk[:, None]
        ratios[name] = _limb_ratio(points, known, trunk, name)
    width = np.abs(np.subtract(*points[:, SHOULDERS, 0].T))
    shoulders = width[frontal] / length[frontal]
    ratios['shoulders'] = _summarize(shoulders, TRUNK)
    hips = _hip_ratios(points, frontal)
    ratios['hips'] = _summarize(hips, ratios['shoulders'][0])
    box = _longer_side(points, labeled)[has_trunk]
    ratios['scale'] = _summarize(np.log(length[has_trunk] / TRUNK / box))
    local = (points - neck[:, None])[frontal] / length[frontal, None, None]
    ratios['face'] = _face_offsets(local)
    return ratios


def comparison_table(ratios: dict[str, Any]) -> str:
    """Compare the fitted with the anthropometric lengths.

    Args:
        ratios: Result of ``fit_ratios``.

    Returns:
        A Markdown table.
    """
    lines = [
        '| bone | fitted | spread | samples | ANSUR II | spread |',
        '|---|---|---|---|---|---|',
    ]
    for name, (mean, spread) in ANSUR.items():
        fitted, fitted_spread, count = ratios[name]
        lines.append(
            f'| {name} | {fitted:.4f} | {fitted_spread:.4f} | {count} '
            f'| {mean:.4f} | {spread:.4f} |'
        )
    return '\n'.join(lines)


def _norm(vectors: Array) -> Array:
    """Lengths (N,) of (N, 2) vectors."""
    return np.asarray(np.linalg.norm(vectors, axis=1))


def _angle(first: Array, second: Array) -> Array:
    """Undirected angle between (N, 2) vectors in degrees."""
    dot = np.abs((first * second).sum(-1))
    cross = np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
    return np.degrees(np.arctan2(cross, dot))


def _summarize(values: Array, unit: float = 1) -> tuple[float, float, int]:
    """Median, the standard deviation implied by the quartiles, count."""
    low, mid, high = np.percentile(values, (25, 50, 75))
    spread = float((high - low) / 1.349)
    return unit * float(mid), unit * spread, len(values)


def _is_frontal(points: Array, labeled: Mask, trunk: Array) -> Mask:
    """Upright persons facing the camera: face complete, nose centered."""
    complete = labeled[:, : RIGHT_EAR + 1].all(1)
    vertical = np.broadcast_to((0.0, 1.0), trunk.shape)
    upright = _angle(trunk, vertical) < UPRIGHT
    left, right = points[:, LEFT_EAR, 0], points[:, RIGHT_EAR, 0]
    offset = points[:, NOSE, 0] - (left + right) / 2
    centered = np.abs(offset) < 0.1 * (left - right)
    return complete & upright & centered


def _limb_ratio(
    points: Array, labeled: Mask, trunk: Array, name: str
) -> tuple[float, float, int]:
    """A limb bone of persons in whom it is parallel to the trunk."""
    samples = []
    for side in ('left', 'right'):
        a, b = (JOINTS.index(f'{side}_{end}') for end in LIMB_BONES[name])
        bone = points[:, b] - points[:, a]
        use = labeled[:, a] & labeled[:, b] & (_angle(bone, trunk) < PARALLEL)
        samples.append(_norm(bone[use]) / _norm(trunk[use]))
    return _summarize(np.concatenate(samples), TRUNK)


def _hip_ratios(points: Array, frontal: Mask) -> Array:
    """Hip line over shoulder line where the two are parallel."""
    hips, shoulders = (
        points[:, left] - points[:, right] for left, right in (HIPS, SHOULDERS)
    )
    use = frontal & (_angle(hips, shoulders) < PARALLEL)
    return _norm(hips[use]) / _norm(shoulders[use])


def _longer_side(points: Array, labeled: Mask) -> Array:
    """Longer side (N,) of the box around the labeled joints."""
    hidden = ~labeled[..., None]
    low = np.where(hidden, np.inf, points).min(1)
    high = np.where(hidden, -np.inf, points).max(1)
    return np.asarray((high - low).max(1))


def _face_offsets(local: Array) -> dict[str, list[float]]:
    """Median offsets from the neck, symmetric about x = 0.

    Args:
        local: Frontal keypoints (N, 17, 2) from the neck in trunk lengths.
    """
    offsets = {
        JOINTS[k]: [float(v) for v in TRUNK * np.median(local[:, k], axis=0)]
        for k in (NOSE, LEFT_EYE, LEFT_EAR)
    }
    ears = np.median(np.abs(local[:, [LEFT_EAR, RIGHT_EAR], 0]))
    eyes = np.median(np.abs(local[:, LEFT_EYE, 0] - local[:, RIGHT_EYE, 0]))
    offsets['left_ear'][0] = float(ears * TRUNK)
    offsets['left_eye'][0] = float(eyes * TRUNK / 2)
    offsets['nose'][0] = 0.0
    return offsets
