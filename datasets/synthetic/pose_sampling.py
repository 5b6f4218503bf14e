"""Random but natural poses and proportions.

A pose is a base for the legs, a gesture for each arm and normal noise on every
angle, clipped to the joint ranges; half of the poses are mirrored.
"""

import numpy as np

from .body import JOINT_KINDS, JOINTS, LIMITS, PROPORTIONS
from .choice import Rng, pick

_INDEX = {name: i for i, name in enumerate(JOINTS)}
# The joint that each one becomes in a mirror.
_MIRROR = [0, 1, 2, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11]

# fmt: off
# Bases of the legs: probability, and mean angles (flexion, abduction,
# rotation) in degrees of the joints that differ from standing straight; no
# side means both sides. The gait sets the angles of walking and running.
_LEGS: dict[str, tuple[float, dict[str, tuple[int, int, int]]]] = {
    'stand': (0.16, {}),
    'relaxed': (0.18, {'root': (0, 3, 0), 'spine': (0, -5, 0),
                       'left_hip': (6, 9, 14), 'left_knee': (14, 0, 0)}),
    'wide': (0.08, {'hip': (2, 20, 12)}),
    'walk': (0.20, {}),
    'run': (0.11, {}),
    'sit': (0.10, {'root': (-6, 0, 0), 'spine': (10, 0, 0),
                   'hip': (84, 10, 5), 'knee': (84, 0, 0)}),
    'squat': (0.025, {'root': (28, 0, 0), 'spine': (14, 0, 0),
                      'hip': (105, 22, 18), 'knee': (115, 0, 0),
                      'ankle': (18, 0, 0)}),
    'bend': (0.035, {'root': (42, 0, 0), 'spine': (32, 0, 0),
                     'hip': (50, 5, 5), 'knee': (14, 0, 0)}),
    'lunge': (0.035, {'root': (8, 0, 0),
                      'left_hip': (70, 5, 4), 'left_knee': (72, 0, 0),
                      'right_hip': (-18, 3, 4), 'right_knee': (30, 0, 0),
                      'right_ankle': (15, 0, 0)}),
    'kick': (0.025, {'root': (-10, 0, 0),
                     'left_hip': (75, 10, 5), 'left_knee': (14, 0, 0),
                     'left_ankle': (-25, 0, 0), 'right_knee': (12, 0, 0)}),
    'ride': (0.025, {'root': (30, 0, 0), 'spine': (16, 0, 0),
                     'neck': (-20, 0, 0),
                     'left_hip': (85, 8, 0), 'left_knee': (88, 0, 0),
                     'right_hip': (55, 8, 0), 'right_knee': (62, 0, 0)}),
    'kneel': (0.025, {'left_hip': (85, 8, 5), 'left_knee': (88, 0, 0),
                      'right_hip': (2, 5, 0), 'right_knee': (100, 0, 0),
                      'right_ankle': (-35, 0, 0)}),
}
# fmt: on
_LEG_WEIGHTS = {name: weight for name, (weight, _) in _LEGS.items()}

# Gestures of an arm: probability; flexion, abduction and rotation of the
# shoulder, and flexion of the elbow in degrees.
_ARMS = {
    'hang': (0.34, (4, 9, 12), 14),
    'hip': (0.09, (-14, 42, 55), 98),
    'pocket': (0.06, (-12, 18, 30), 42),
    'up': (0.07, (168, 12, 0), 14),
    'wave': (0.07, (10, 88, -82), 80),
    'side': (0.06, (5, 88, 0), 10),
    'point': (0.06, (88, 8, 0), 8),
    'phone': (0.05, (52, 26, 6), 138),
    'cross': (0.05, (34, 6, 62), 98),
    'carry': (0.06, (16, 12, 18), 88),
    'camera': (0.04, (66, 8, 32), 112),
    'diagonal': (0.03, (10, 132, -20), 16),
    'throw': (0.02, (12, 100, -70), 60),
}
_ARM_WEIGHTS = {name: weight for name, (weight, _, _) in _ARMS.items()}

# Standard deviation of the noise on each angle, degrees.
_NOISE = {
    'root': (4, 3, 0),
    'spine': (6, 5, 10),
    'neck': (10, 6, 18),
    'shoulder': (11, 7, 12),
    'elbow': (13, 0, 0),
    'hip': (7, 5, 7),
    'knee': (7, 0, 0),
    'ankle': (6, 0, 0),
}
_STD = np.array([_NOISE[kind] for kind in JOINT_KINDS], dtype=float)


def sample_angles(rng: Rng) -> tuple[np.ndarray, str]:
    """Sample a natural pose.

    Args:
        rng: Source of randomness.

    Returns:
        Anatomical angles of shape (13, 3) in degrees inside
        :data:`~self_verify_pose.datasets.synthetic.body.LIMITS`, and the name
        of the base of the legs.

    Example:
        >>> angles, base = sample_angles(np.random.default_rng(0))
        >>> angles.shape
        (13, 3)
    """
    base = pick(rng, _LEG_WEIGHTS)
    angles = np.zeros((len(JOINTS), 3))
    for i, (joint, kind) in enumerate(zip(JOINTS, JOINT_KINDS, strict=True)):
        means = _LEGS[base][1]
        angles[i] = means.get(joint, means.get(kind, 0))
    gait = base in ('walk', 'run')
    if gait:
        _set_gait(angles, rng.uniform(0, 2 * np.pi), running=base == 'run')
    _set_arms(angles, rng, share=0.3 if gait else 1.0)
    angles += rng.normal(size=angles.shape) * _STD
    if rng.random() < 0.5:
        angles = angles[_MIRROR]
        angles[:3, 1:] *= -1  # leans and turns of the trunk
    return np.clip(angles, LIMITS[..., 0], LIMITS[..., 1]), base


def sample_ratios(rng: Rng) -> dict[str, float]:
    """Sample body proportions.

    Args:
        rng: Source of randomness.

    Returns:
        Each length of :data:`~self_verify_pose.datasets.synthetic.body.
        PROPORTIONS` as a fraction of stature, within two standard deviations.

    Example:
        >>> ratios = sample_ratios(np.random.default_rng(0))
        >>> all(0 < ratio < 1 for ratio in ratios.values())
        True
    """
    unit = np.clip(rng.normal(size=len(PROPORTIONS)), -2, 2)
    return {
        name: ratio.mean + ratio.std * float(u)
        for (name, ratio), u in zip(PROPORTIONS.items(), unit, strict=True)
    }


def _set_gait(angles: np.ndarray, phase: float, running: bool) -> None:
    """Write one moment of walking or running into ``angles``."""
    walk, run = (24.0, 46.0, 22.0, 16.0, 2.0), (44.0, 78.0, 42.0, 84.0, 10.0)
    swing, lift, arm, elbow, lean = run if running else walk
    angles[_INDEX['root'], 0] = lean
    for side, p in (('left', phase), ('right', phase + np.pi)):
        forward, moving = np.sin(p), max(np.cos(p), 0.0)
        angles[_INDEX[f'{side}_hip']] = (0.3 * swing + swing * forward, 3, 4)
        angles[_INDEX[f'{side}_knee'], 0] = 8 + 0.2 * lift + lift * moving**2
        angles[_INDEX[f'{side}_ankle'], 0] = -14 * max(-forward, 0.0)
        angles[_INDEX[f'{side}_shoulder']] = (-arm * forward, 8, 14)
        angles[_INDEX[f'{side}_elbow'], 0] = elbow - 0.3 * arm * forward


def _set_arms(angles: np.ndarray, rng: Rng, share: float) -> None:
    """Write arm gestures into ``angles``; both arms often have the same."""
    names = [pick(rng, _ARM_WEIGHTS), pick(rng, _ARM_WEIGHTS)]
    if rng.random() < 0.45:
        names[1] = names[0]
    for side, name in zip(('left', 'right'), names, strict=True):
        if rng.random() < share:
            _, shoulder, elbow = _ARMS[name]
            angles[_INDEX[f'{side}_shoulder']] = shoulder
            angles[_INDEX[f'{side}_elbow'], 0] = elbow
