"""Random but natural poses and proportions.

A pose is a base for the legs, a gesture for each arm and normal noise on every
angle, clipped to the joint ranges; half of the poses are mirrored.
"""

import numpy as np

from .body import JOINTS, LIMITS, PROPORTIONS
from .choice import pick

_INDEX = {name: i for i, name in enumerate(JOINTS)}
_MIRROR = [
    _INDEX[
        name.replace('left', 'right')
        if 'left' in name
        else name.replace('right', 'left')
    ]
    for name in JOINTS
]

# Mean angles (flexion, abduction, rotation) in degrees of what differs from
# standing straight.
_LEGS = {
    'stand': {},
    'relaxed': {
        'left_hip': (6, 9, 14),
        'left_knee': (14, 0, 0),
        'spine': (0, -5, 0),
        'root': (0, 3, 0),
    },
    'wide': {'left_hip': (2, 20, 12), 'right_hip': (2, 20, 12)},
    'sit': {
        'root': (-6, 0, 0),
        'spine': (10, 0, 0),
        'left_hip': (84, 10, 5),
        'right_hip': (84, 10, 5),
        'left_knee': (84, 0, 0),
        'right_knee': (84, 0, 0),
    },
    'squat': {
        'root': (28, 0, 0),
        'spine': (14, 0, 0),
        'left_hip': (105, 22, 18),
        'right_hip': (105, 22, 18),
        'left_knee': (115, 0, 0),
        'right_knee': (115, 0, 0),
        'left_ankle': (18, 0, 0),
        'right_ankle': (18, 0, 0),
    },
    'bend': {
        'root': (42, 0, 0),
        'spine': (32, 0, 0),
        'left_hip': (50, 5, 5),
        'right_hip': (50, 5, 5),
        'left_knee': (14, 0, 0),
        'right_knee': (14, 0, 0),
    },
    'lunge': {
        'root': (8, 0, 0),
        'left_hip': (70, 5, 4),
        'left_knee': (72, 0, 0),
        'right_hip': (-18, 3, 4),
        'right_knee': (30, 0, 0),
        'right_ankle': (15, 0, 0),
    },
    'kick': {
        'root': (-10, 0, 0),
        'left_hip': (75, 10, 5),
        'left_knee': (14, 0, 0),
        'left_ankle': (-25, 0, 0),
        'right_knee': (12, 0, 0),
    },
    'ride': {
        'root': (30, 0, 0),
        'spine': (16, 0, 0),
        'neck': (-20, 0, 0),
        'left_hip': (85, 8, 0),
        'left_knee': (88, 0, 0),
        'right_hip': (55, 8, 0),
        'right_knee': (62, 0, 0),
    },
    'kneel': {
        'left_hip': (85, 8, 5),
        'left_knee': (88, 0, 0),
        'right_hip': (2, 5, 0),
        'right_knee': (100, 0, 0),
        'right_ankle': (-35, 0, 0),
    },
}
_LEG_CHOICES = {
    'stand': 0.16,
    'relaxed': 0.18,
    'wide': 0.08,
    'walk': 0.20,
    'run': 0.11,
    'sit': 0.10,
    'squat': 0.025,
    'bend': 0.035,
    'lunge': 0.035,
    'kick': 0.025,
    'ride': 0.025,
    'kneel': 0.025,
}

# Shoulder (flexion, abduction, rotation) and elbow flexion in degrees.
_ARMS = {
    'hang': (4, 9, 12, 14),
    'hip': (-14, 42, 55, 98),
    'pocket': (-12, 18, 30, 42),
    'up': (168, 12, 0, 14),
    'wave': (10, 88, -82, 80),
    'side': (5, 88, 0, 10),
    'point': (88, 8, 0, 8),
    'phone': (52, 26, 6, 138),
    'cross': (34, 6, 62, 98),
    'carry': (16, 12, 18, 88),
    'camera': (66, 8, 32, 112),
    'diagonal': (10, 132, -20, 16),
    'throw': (12, 100, -70, 60),
}
_ARM_CHOICES = {
    'hang': 0.34,
    'hip': 0.09,
    'pocket': 0.06,
    'up': 0.07,
    'wave': 0.07,
    'side': 0.06,
    'point': 0.06,
    'phone': 0.05,
    'cross': 0.05,
    'carry': 0.06,
    'camera': 0.04,
    'diagonal': 0.03,
    'throw': 0.02,
}

_SPREAD = {
    'root': (4, 3, 0),
    'spine': (6, 5, 10),
    'neck': (10, 6, 18),
    'shoulder': (11, 7, 12),
    'elbow': (13, 0, 0),
    'hip': (7, 5, 7),
    'knee': (7, 0, 0),
    'ankle': (6, 0, 0),
}
_STD = np.array([_SPREAD[name.split('_')[-1]] for name in JOINTS], dtype=float)


def sample_angles(rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """Draw a natural pose.

    Args:
        rng: Source of randomness.

    Returns:
        Anatomical angles of shape (13, 3) in degrees inside
        :data:`~self_verify_pose.datasets.synthetic.body.LIMITS`, and the name
        of the base of the legs.
    """
    base = pick(rng, _LEG_CHOICES)
    angles = np.zeros((len(JOINTS), 3))
    if base in ('walk', 'run'):
        _set_gait(angles, rng.uniform(0, 2 * np.pi), running=base == 'run')
        gesture_share = 0.3
    else:
        for joint, value in _LEGS[base].items():
            angles[_INDEX[joint]] = value
        gesture_share = 1.0
    _set_arms(angles, rng, gesture_share)
    angles += rng.normal(size=angles.shape) * _STD
    if rng.random() < 0.5:
        angles = _mirrored(angles)
    return np.clip(angles, LIMITS[..., 0], LIMITS[..., 1]), base


def sample_ratios(rng: np.random.Generator) -> dict[str, float]:
    """Draw body proportions.

    Args:
        rng: Source of randomness.

    Returns:
        Each length of :data:`~self_verify_pose.datasets.synthetic.body.
        PROPORTIONS` as a fraction of stature, within two standard deviations.
    """
    unit = np.clip(rng.normal(size=len(PROPORTIONS)), -2, 2)
    return {
        name: ratio.mean + ratio.std * float(u)
        for (name, ratio), u in zip(PROPORTIONS.items(), unit, strict=True)
    }


def _set_gait(angles: np.ndarray, phase: float, running: bool) -> None:
    """Write one moment of walking or running into ``angles``."""
    swing, lift, arm, elbow, lean = (
        (44.0, 78.0, 42.0, 84.0, 10.0)
        if running
        else (24.0, 46.0, 22.0, 16.0, 2.0)
    )
    angles[_INDEX['root'], 0] = lean
    for side, p in (('left', phase), ('right', phase + np.pi)):
        forward, moving = np.sin(p), max(np.cos(p), 0.0)
        angles[_INDEX[f'{side}_hip']] = (0.3 * swing + swing * forward, 3, 4)
        angles[_INDEX[f'{side}_knee'], 0] = 8 + 0.2 * lift + lift * moving**2
        angles[_INDEX[f'{side}_ankle'], 0] = -14 * max(-forward, 0.0)
        angles[_INDEX[f'{side}_shoulder']] = (-arm * forward, 8, 14)
        angles[_INDEX[f'{side}_elbow'], 0] = elbow - 0.3 * arm * forward


def _set_arms(
    angles: np.ndarray, rng: np.random.Generator, share: float
) -> None:
    """Write arm gestures into ``angles``; both arms are often alike."""
    names = [pick(rng, _ARM_CHOICES), pick(rng, _ARM_CHOICES)]
    if rng.random() < 0.45:
        names[1] = names[0]
    for side, name in zip(('left', 'right'), names, strict=True):
        if rng.random() >= share:
            continue
        *shoulder, elbow = _ARMS[name]
        angles[_INDEX[f'{side}_shoulder']] = shoulder
        angles[_INDEX[f'{side}_elbow'], 0] = elbow


def _mirrored(angles: np.ndarray) -> np.ndarray:
    """Swap left and right; leans and turns of the trunk change sign."""
    swapped = angles[_MIRROR].copy()
    swapped[:3, 1:] *= -1
    return swapped
