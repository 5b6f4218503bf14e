#!/usr/bin/env python
"""Draw the pictures of docs/solvability.md from posed bodies.

python tools/draw_solvability.py --out docs/images
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib

matplotlib.use('Agg')
import matplotlib.pyplot as plt
import torch
from torch import Tensor

from self_verify_pose.engine.visualization.drawing import (
    TRUST_COLORS,
    add_trust_scale,
)
from self_verify_pose.models.kinematics.chain import (
    forward_kinematics,
    load_chain,
)
from self_verify_pose.models.teachers.free_joints import FreeJointTeacher
from self_verify_pose.models.teachers.kinematic_chain import (
    KinematicChainTeacher,
)
from self_verify_pose.skeleton import FLIP, JOINTS

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


def posed(angles: dict[str, float], seed: int) -> Tensor:
    """Keypoints (1, 17, 2) of the chain at some angles, with 2 px noise."""
    chain = load_chain()
    values = torch.zeros(1, len(chain.names), dtype=torch.float64)
    for name, angle in angles.items():
        values[0, chain.names.index(name)] = angle
    scales = torch.zeros(1, chain.scale_of.shape[1], dtype=torch.float64)
    joints = forward_kinematics(chain, values, scales).joints[..., :2]
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(1, 17, 2, generator=generator, dtype=torch.float64)
    return 250 * joints + 2 * noise


def scenes() -> dict[str, tuple[str, Tensor, Tensor]]:
    """Title, keypoints and weights by file name."""
    ones = torch.ones(1, 17, dtype=torch.float64)
    outlier = posed(WALK, 1)
    outlier[0, JOINTS.index('right_wrist')] += torch.tensor([70.0, -90.0])
    hidden = ones.clone()
    hidden[0, JOINTS.index('left_elbow')] = 0.02
    hidden[0, JOINTS.index('left_wrist')] = 0.02
    swapped = posed(WALK, 3)
    legs = [JOINTS.index(f'{s}_{n}') for s in ('left', 'right')
            for n in ('knee', 'ankle')]  # fmt: skip
    swapped[:, legs] = swapped[:, [FLIP[joint] for joint in legs]].clone()
    return {
        'good_fit': ('good fit', posed(WAVE, 0), ones),
        'corrected_outlier': ('right wrist is wrong', outlier, ones),
        'unidentifiable_arm': ('left arm barely seen', posed(WAVE, 2), hidden),
        'failure_handstand': ('handstand: right, not trusted',
                              posed(HANDSTAND, 4), ones),
        'failure_swap': ('swapped legs, half believed', swapped, ones),
    }  # fmt: skip


def draw(path: Path, title: str, keypoints: Tensor, weights: Tensor) -> None:
    """Keypoints colored by trust over both fitted bodies."""
    figure, axes = plt.subplots(1, 3, figsize=(11, 4.8), layout='constrained')
    teachers = (FreeJointTeacher(), KinematicChainTeacher())
    for axis, teacher in zip(axes, teachers, strict=False):
        out = teacher(keypoints, weights)
        body = out.joints_3d[0, :, :2]
        for a, b in EDGES:
            axis.plot(*body[[a, b]].T, color='0.7', lw=5, zorder=1)
            axis.plot(*keypoints[0, [a, b]].T, color='0.2', lw=1, zorder=2)
        axis.scatter(
            *keypoints[0].T,
            s=60,
            c=TRUST_COLORS.to_rgba(out.trust[0]),
            edgecolors='black',
            linewidths=0.8,
            zorder=3,
        )
        kind = (
            'free joints' if isinstance(teacher, FreeJointTeacher) else 'chain'
        )
        axis.set_title(f'{title} ({kind})', fontsize=10)
        axis.set_aspect('equal')
        axis.invert_yaxis()
        axis.set_axis_off()
    add_trust_scale(figure, axes[:2], 'trust')
    out = teachers[0](keypoints, weights)
    rows = range(17)
    axes[2].barh(rows, out.solvability[0], height=0.4, label='solvability')
    axes[2].barh(
        [row + 0.4 for row in rows], out.identifiability[0], height=0.4,
        label='identifiability',
    )  # fmt: skip
    axes[2].set_yticks(rows, JOINTS, fontsize=8)
    axes[2].set_xlim(0, 1)
    axes[2].invert_yaxis()
    figure.legend(loc='outside lower right', ncols=2, fontsize=8)
    figure.savefig(path, dpi=80)
    plt.close(figure)


def main() -> None:
    """Draw every scene."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('--out', type=Path, default=Path('docs/images'))
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    for name, (title, keypoints, weights) in scenes().items():
        draw(args.out / f'{name}.png', title, keypoints, weights)


if __name__ == '__main__':
    main()
