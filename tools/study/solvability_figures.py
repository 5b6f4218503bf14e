"""Figures of docs/solvability.md: scenes and their drawing."""

from dataclasses import dataclass
from pathlib import Path

import matplotlib

matplotlib.use('Agg')
import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from torch import Tensor

from self_verify_pose.engine.visualization.drawing import (
    TRUST_COLORS,
    add_trust_scale,
)
from self_verify_pose.models.kinematics.chain import load_chain
from self_verify_pose.models.kinematics.forward_kinematics import (
    forward_kinematics,
)
from self_verify_pose.models.teachers.base import TeacherResult
from self_verify_pose.models.teachers.free_joints import FreeJointTeacher
from self_verify_pose.models.teachers.kinematic_chain import (
    KinematicChainTeacher,
)
from self_verify_pose.skeleton import FLIP, JOINTS, NUM_JOINTS

EDGES = (
    (0, 1), (0, 2), (1, 3), (2, 4), (5, 6), (5, 7), (7, 9), (6, 8), (8, 10),
    (5, 11), (6, 12), (11, 12), (11, 13), (13, 15), (12, 14), (14, 16),
)  # fmt: skip
WALK = {
    'root_y': 0.6,
    'left_shoulder_x': -0.7,
    'right_shoulder_x': 0.5,
    'left_elbow_x': -0.9,
    'right_elbow_x': -0.4,
    'left_hip_x': 0.3,
    'right_hip_x': -0.5,
    'left_knee_x': 0.6,
    'right_knee_x': 0.3,
}
WAVE = {
    'root_y': -0.2,
    'left_shoulder_z': -2.4,
    'left_elbow_x': -0.7,
    'right_shoulder_z': 0.3,
    'right_hip_z': 0.15,
    'left_hip_z': -0.15,
}
HANDSTAND = {
    'root_z': 3.0,
    'left_shoulder_x': -2.6,
    'right_shoulder_x': -2.8,
    'left_hip_z': -0.5,
    'right_hip_z': 0.4,
}


# Stature and noise of the keypoints in pixels.
STATURE, NOISE = 250, 2


@dataclass(frozen=True)
class Scene:
    """One figure.

    Attributes:
        title: Title of the figure.
        keypoints: Keypoints (1, 17, 2) in pixels.
        weights: Confidence in each keypoint (1, 17).
    """

    title: str
    keypoints: Tensor
    weights: Tensor


def make_scenes() -> dict[str, Scene]:
    """Make the scenes of the document.

    Returns:
        Scenes by the name of their file.
    """
    ones = torch.ones(1, NUM_JOINTS, dtype=torch.float64)
    outlier = pose_chain(WALK, 1)
    outlier[0, JOINTS.index('right_wrist')] += torch.tensor([70.0, -90.0])
    hidden = ones.clone()
    hidden[0, JOINTS.index('left_elbow')] = 0.02
    hidden[0, JOINTS.index('left_wrist')] = 0.02
    swapped = pose_chain(WALK, 3)
    legs = [
        JOINTS.index(f'{side}_{name}')
        for side in ('left', 'right')
        for name in ('knee', 'ankle')
    ]
    swapped[:, legs] = swapped[:, [FLIP[joint] for joint in legs]].clone()
    handstand = pose_chain(HANDSTAND, 4)
    return {
        'good_fit': Scene('good fit', pose_chain(WAVE, 0), ones),
        'corrected_outlier': Scene('right wrist is wrong', outlier, ones),
        'unidentifiable_arm': Scene(
            'left arm with low confidence', pose_chain(WAVE, 2), hidden
        ),
        'failure_handstand': Scene(
            'handstand: correct, low trust', handstand, ones
        ),
        'failure_swap': Scene('swapped legs, half trusted', swapped, ones),
    }


def pose_chain(angles: dict[str, float], seed: int) -> Tensor:
    """Make keypoints of the URDF human with 2 px noise.

    Args:
        angles: Angles in radians by joint of the chain; 0 by default.
        seed: Seed of the noise.

    Returns:
        Keypoints (1, 17, 2) in pixels about the pelvis.
    """
    chain = load_chain()
    values = torch.zeros(1, len(chain.names), dtype=torch.float64)
    for name, angle in angles.items():
        values[0, chain.names.index(name)] = angle
    scales = torch.zeros(1, len(chain.scale_spreads), dtype=torch.float64)
    joints = forward_kinematics(chain, values, scales).joints[..., :2]
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(joints.shape, generator=generator, dtype=torch.float64)
    return STATURE * joints + NOISE * noise


def draw_scene(path: Path, scene: Scene) -> None:
    """Draw keypoints over both fitted bodies, and bars of the scores.

    Args:
        path: File to write.
        scene: Keypoints and weights.
    """
    figure, axes = plt.subplots(1, 3, figsize=(11, 4.8), layout='constrained')
    results = {
        'free joints': FreeJointTeacher()(scene.keypoints, scene.weights),
        'chain': KinematicChainTeacher()(scene.keypoints, scene.weights),
    }
    for axis, (name, result) in zip(axes[:2], results.items(), strict=True):
        _draw_fit(axis, scene.keypoints[0], result)
        axis.set_title(f'{scene.title} ({name})', fontsize=10)
    add_trust_scale(figure, axes[:2], 'trust')
    _draw_bars(axes[2], results['free joints'])
    figure.legend(loc='outside lower right', ncols=2, fontsize=8)
    figure.savefig(path, dpi=80)
    plt.close(figure)


def _draw_fit(axis: Axes, keypoints: Tensor, result: TeacherResult) -> None:
    """Keypoints (17, 2) colored by trust over the fitted body in gray."""
    body = result.joints_3d[0, :, :2]
    for edge in EDGES:
        axis.plot(*body[list(edge)].T, color='0.7', lw=5, zorder=1)
        axis.plot(*keypoints[list(edge)].T, color='0.2', lw=1, zorder=2)
    x, y = keypoints.numpy().T
    axis.scatter(
        x,
        y,
        s=60,
        c=TRUST_COLORS.to_rgba(result.trust[0].numpy()),
        edgecolors='black',
        linewidths=0.8,
        zorder=3,
    )
    axis.set_aspect('equal')
    axis.invert_yaxis()
    axis.set_axis_off()


def _draw_bars(axis: Axes, result: TeacherResult) -> None:
    """Solvability and identifiability of every joint."""
    rows = range(NUM_JOINTS)
    axis.barh(rows, result.solvability[0], height=0.4, label='solvability')
    axis.barh(
        [row + 0.4 for row in rows],
        result.identifiability[0],
        height=0.4,
        label='identifiability',
    )
    axis.set_yticks(rows, JOINTS, fontsize=8)
    axis.set_xlim(0, 1)
    axis.invert_yaxis()
