"""Adam through the same kinematic chain, a baseline of the chain teacher."""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from self_verify_pose.models.kinematics.body import DATA_ROOT
from self_verify_pose.models.kinematics.chain import import_pytorch_kinematics
from self_verify_pose.models.kinematics.rest_pose import load_rest
from self_verify_pose.models.teachers.initialization import initial_poses
from self_verify_pose.models.teachers.kinematic_chain import (
    ROOT_ROLL,
    ROOT_YAW,
    KinematicChainTeacher,
)
from self_verify_pose.models.teachers.terms import data_term
from self_verify_pose.skeleton import JOINTS
from self_verify_pose.tools.benchmark.labeled_poses import LabeledPoses
from self_verify_pose.tools.benchmark.teacher_accuracy import map_slices
from self_verify_pose.tools.study.pose_corruptions import labeled_center

LEARNING_RATE, MAX_STEPS = 0.05, 600

# Energy of projected joints (B, 17, 2), angles (B, Q), log scale (B, 1).
Energy = Callable[[Tensor, Tensor, Tensor], Tensor]


def reprojection_energy(
    teacher: KinematicChainTeacher, poses: LabeledPoses
) -> Energy:
    """Make the cheapest objective: no prior, no robust loss, no limits.

    Args:
        teacher: Gives the standard deviation of the keypoints.
        poses: Poses in units of person size.

    Returns:
        Squared reprojection error plus squared angles below the root.
    """
    weights = poses.labeled.to(poses.points) / teacher.noise**2

    def energy(points: Tensor, angles: Tensor, log_scale: Tensor) -> Tensor:
        squared = (points - poses.points).square().sum(-1)
        return (weights * squared).sum() + angles[:, 3:].square().sum()

    return energy


def teacher_energy(
    teacher: KinematicChainTeacher, poses: LabeledPoses
) -> Energy:
    """Make the teacher's own objective, with the bones at their mean lengths.

    Args:
        teacher: The teacher.
        poses: Poses in units of person size.

    Returns:
        The objective, summed over the poses.
    """
    body = teacher.body_for(poses.points)
    with torch.no_grad():
        targets = teacher.fit_targets(
            poses.points,
            poses.labeled.to(poses.points),
            torch.zeros_like(poses.size),
        )
    expand = data_term(targets, teacher.width)

    def energy(points: Tensor, angles: Tensor, log_scale: Tensor) -> Tensor:
        mean_bones = angles.new_zeros(len(angles), body.num_scales)
        prior = body.prior_energy(angles, mean_bones, log_scale)
        return (expand(points).energy + prior).sum()

    return energy


OBJECTIVES = {
    'reprojection': reprojection_energy,
    'same objective': teacher_energy,
}


def measure_adam(
    teacher: KinematicChainTeacher,
    poses: LabeledPoses,
    objective: str,
    target: float,
    threads: int,
) -> dict[str, Any]:
    """Measure the speed of Adam to the same median residual.

    It starts where the teacher starts and stops as soon as the median of
    its slice is reached, or after ``MAX_STEPS`` steps. Slices run in parallel
    like the teachers' do.

    Args:
        teacher: The teacher it is compared with.
        poses: Labeled poses.
        objective: One of ``OBJECTIVES``.
        target: Median residual to reach, in person sizes.
        threads: Number of slices and threads.

    Returns:
        Poses, steps, median residual, whether it was reached, speed.
    """
    start = time.perf_counter()
    parts = map_slices(
        lambda part: fit_with_adam(teacher, part, objective, target),
        poses,
        threads,
    )
    seconds = time.perf_counter() - start
    steps = max(part[0] for part in parts)
    squared = torch.cat([part[1] for part in parts])
    return {
        'poses': len(poses),
        'steps': steps,
        'median residual': squared[poses.labeled].median().sqrt().item(),
        'reached': steps < MAX_STEPS,
        'poses per second': len(poses) / seconds,
    }


def fit_with_adam(
    teacher: KinematicChainTeacher,
    poses: LabeledPoses,
    objective: str,
    target: float,
) -> tuple[int, Tensor]:
    """Fit the chain with Adam through ``pytorch_kinematics``.

    Args:
        teacher: Gives the objective.
        poses: Labeled poses in pixels.
        objective: One of ``OBJECTIVES``.
        target: Median residual to reach, in person sizes.

    Returns:
        Steps taken and squared residuals (N, 17).
    """
    chain = import_pytorch_kinematics().build_chain_from_urdf(
        (DATA_ROOT / 'human.urdf').read_bytes()
    )
    tips = chain.get_frame_indices(*JOINTS).tolist()
    poses = _normalize(poses)
    energy = OBJECTIVES[objective](teacher, poses)
    unknowns = _start(chain.get_joint_parameter_names(), poses)
    angles, log_scale, shift = unknowns
    optimizer = torch.optim.Adam(unknowns, lr=LEARNING_RATE)
    steps = 0
    while True:
        frames = chain.forward_kinematics_tensor(angles)[tips]
        joints = frames[:, :, :2, 3].transpose(0, 1)
        points = joints * log_scale.exp()[..., None] + shift[:, None]
        squared = (points - poses.points).square().sum(-1).detach()
        median = squared[poses.labeled].median().sqrt().item()
        if median <= target or steps == MAX_STEPS:
            return steps, squared
        optimizer.zero_grad()
        energy(points, angles, log_scale).backward()
        optimizer.step()
        steps += 1


def _normalize(poses: LabeledPoses) -> LabeledPoses:
    """Poses in units of person size about the mean of the labeled joints."""
    center = labeled_center(poses.points, poses.labeled)
    points = (poses.points - center[:, None]) / poses.size[:, None, None]
    return LabeledPoses(points, poses.labeled, poses.size, center)


def _start(names: list[str], poses: LabeledPoses) -> list[Tensor]:
    """Angles, log scale and shift of the best facing direction."""
    rest = load_rest(poses.points.device, poses.points.dtype)
    init = initial_poses(poses.points, poses.labeled.float(), rest, 1)
    angles = torch.zeros(len(poses), len(names))
    angles[:, names.index(ROOT_YAW)] = init.yaw[:, 0]
    angles[:, names.index(ROOT_ROLL)] = init.roll[:, 0]
    unknowns = [angles, init.scale.log(), init.shift[:, 0].clone()]
    return [value.requires_grad_() for value in unknowns]
