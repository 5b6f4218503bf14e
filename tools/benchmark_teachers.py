#!/usr/bin/env python
"""Measure the teachers; print tables, write JSON.

    python tools/benchmark_teachers.py --poses coco_poses/train2017.npz \
        --coco coco_mini --predictions predictions --out benchmark.json

Rows without data (a missing argument) are left out.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from self_verify_pose.metrics.functional import auroc
from self_verify_pose.models.kinematics.body import DATA_ROOT, load_body
from self_verify_pose.models.kinematics.chain import import_pytorch_kinematics
from self_verify_pose.models.kinematics.pose_corruptions import (
    KINDS,
    corrupt_poses,
)
from self_verify_pose.models.teachers.base import TeacherResult
from self_verify_pose.models.teachers.free_joints import FreeJointTeacher
from self_verify_pose.models.teachers.initialization import initial_poses
from self_verify_pose.models.teachers.kinematic_chain import (
    KinematicChainTeacher,
)
from self_verify_pose.models.teachers.solver import CONVERGED
from self_verify_pose.models.teachers.terms import data_term
from self_verify_pose.skeleton import JOINTS

Poses = tuple[Tensor, Tensor, Tensor, Tensor]
Teacher = Callable[..., TeacherResult]
PCK_THRESHOLD = 0.05
FUSION_POWER = 0.05
SPLITS = ('train2017', 'val2017')
NETWORKS = ('simplepose', 'movenet')


def read_poses(path: Path, fewest: int, count: int) -> Poses:
    """Random persons with at least ``fewest`` labeled joints."""
    with np.load(path) as data:
        keypoints, bbox = data['keypoints'], data['bbox']
    enough = np.flatnonzero((keypoints[..., 2] > 0).sum(1) >= fewest)
    rows = np.random.default_rng(0).permutation(enough)[:count]
    return as_poses(keypoints[rows], bbox[rows])


def read_persons(coco: Path, split: str, fewest: int) -> Poses:
    """Labeled persons of a COCO annotation file."""
    path = coco / 'annotations' / f'person_keypoints_{split}.json'
    persons = [
        (np.reshape(a['keypoints'], (17, 3)), a['bbox'])
        for a in json.loads(path.read_text())['annotations']
        if a['num_keypoints'] >= fewest
    ]
    return as_poses(
        *(np.array(column) for column in zip(*persons, strict=True))
    )


def as_poses(keypoints: np.ndarray, bbox: np.ndarray) -> Poses:
    """Points, labeled, size and box center."""
    points = torch.from_numpy(keypoints[..., :2].astype(np.float32))
    box = torch.from_numpy(bbox.astype(np.float32))
    size, center = box[:, 2:].amax(1), box[:, :2] + box[:, 2:] / 2
    return points, torch.from_numpy(keypoints[..., 2] > 0), size, center


def in_parallel(teacher: Teacher, poses: Poses, threads: int) -> TeacherResult:
    """Run a teacher on slices of a batch, one slice per core."""
    points, labeled, size, _ = poses
    pieces = torch.arange(len(points)).chunk(threads)
    with ThreadPoolExecutor(threads) as pool:
        parts = pool.map(
            lambda r: teacher(points[r], labeled[r].float(), size[r]), pieces
        )
    parts = list(parts)
    return TeacherResult(
        *(
            torch.cat(values)
            for values in zip(*map(fields_of, parts), strict=True)
        )
    )


def fields_of(result: TeacherResult) -> tuple[Tensor, ...]:
    """The tensors of a result in order."""
    return tuple(vars(result).values())


def measure_fit(
    teacher: Teacher, poses: Poses, threads: int
) -> dict[str, Any]:
    """Residual and convergence on ground truth."""
    out = in_parallel(teacher, poses, threads)
    residual = out.residual[poses[1]]
    return {
        'persons': len(poses[0]),
        'median residual': residual.median().item(),
        'p90 residual': residual.quantile(0.9).item(),
        'converged': (out.status == CONVERGED).float().mean().item(),
    }


def read_predictions(
    root: Path, coco: Path, network: str, split: str
) -> dict[str, Tensor]:
    """Predictions of one network with the truth of their labeled joints."""
    path = coco / 'annotations' / f'person_keypoints_{split}.json'
    truth = {a['id']: a for a in json.loads(path.read_text())['annotations']}
    name = f'{network}_coco_mini_{split}.json'
    found = json.loads((root / name).read_text())
    labels = [truth[f['ann_id']] for f in found]
    keypoints = np.array([np.reshape(f['keypoints'], (17, 3)) for f in found])
    target = np.array([np.reshape(a['keypoints'], (17, 3)) for a in labels])
    points, _, size, center = as_poses(
        keypoints, np.array([a['bbox'] for a in labels])
    )
    error = np.linalg.norm(keypoints[..., :2] - target[..., :2], axis=-1)
    return {
        'points': points,
        'score': torch.from_numpy(keypoints[..., 2].astype(np.float32)),
        'size': size,
        'center': center,
        'right': torch.from_numpy(
            error / size[:, None].numpy() <= PCK_THRESHOLD
        ),
        'labeled': torch.from_numpy(target[..., 2] > 0),
    }


def measure_trust(
    teacher: Teacher, data: dict[str, Tensor]
) -> dict[str, dict[str, float]]:
    """AUROC of trust and of the fused score, by what the teacher is given."""
    use, score = data['labeled'], data['score'].clamp(1e-3, 1)
    right = data['right'][use].numpy()
    rows = {}
    for name, visible, center in (
        ('keypoints', None, None),
        ('+ box center', None, data['center']),
        ('+ scores', score, None),
        ('+ box center + scores', score, data['center']),
    ):
        out = teacher(data['points'], visible, data['size'], center)
        columns = {
            'trust': out.trust,
            'solvability': out.solvability,
            'identifiability': out.identifiability,
            'raw': data['score'],
            'fused': data['score'] * out.trust**FUSION_POWER,
        }
        rows[name] = {
            key: auroc(value[use].numpy(), right)
            for key, value in columns.items()
        }
    return rows


def measure_corruptions(
    teacher: Teacher, poses: Poses, threads: int
) -> dict[str, float]:
    """AUROC of trust for joints made wrong by kind."""
    points, labeled, size, center = poses
    rows = {}
    for kind in KINDS:
        generator = torch.Generator().manual_seed(0)
        wrong = corrupt_poses(points, labeled, size, kind, generator)
        moved = (wrong - points).norm(dim=-1) / size[:, None]
        out = in_parallel(teacher, (wrong, labeled, size, center), threads)
        right = moved <= PCK_THRESHOLD
        rows[kind] = auroc(out.trust[labeled].numpy(), right[labeled].numpy())
    return rows


def measure_speed(
    teacher: Teacher, poses: Poses, threads: int, repeats: int = 3
) -> dict[str, float]:
    """Best poses per second and the peak memory of the process so far."""
    in_parallel(teacher, tuple(value[:64] for value in poses), threads)
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        out = in_parallel(teacher, poses, threads)
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        'poses': len(poses[0]),
        'poses per second': len(poses[0]) / min(seconds),
        'median residual': out.residual[poses[1]].median().item(),
        'converged': (out.status == CONVERGED).float().mean().item(),
        'peak GiB': peak,
    }


def reprojection_energy(
    teacher: KinematicChainTeacher, poses: Poses
) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Squared reprojection error and a pull of the angles to rest.

    No prior, no robust loss, no limits: the cheapest objective of its kind.
    """
    points, labeled, _, _ = poses
    weights = labeled.to(points) / teacher.noise**2

    def energy(placed: Tensor, angles: Tensor, log_scale: Tensor) -> Tensor:
        squared = (placed - points).square().sum(-1)
        return (weights * squared).sum() + angles[:, 3:].square().sum()

    return energy


def teacher_energy(
    teacher: KinematicChainTeacher, poses: Poses
) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """The teacher's own objective, with the bones at their mean lengths."""
    points, labeled, size, _ = poses
    body = teacher.body_for(points)
    with torch.no_grad():
        targets = teacher.targets(
            points, labeled.to(points), torch.zeros_like(size)
        )
    attract = data_term(targets, teacher.width)

    def energy(placed: Tensor, angles: Tensor, log_scale: Tensor) -> Tensor:
        loose = (log_scale - body.scale_mean) * body.loose[-1]
        pull = attract(placed).energy + body._postures(angles)[0]
        return pull.sum() + loose.square().sum()

    return energy


OBJECTIVES = {
    'reprojection': reprojection_energy,
    'same objective': teacher_energy,
}


def fit_with_adam(
    teacher: KinematicChainTeacher,
    poses: Poses,
    objective: str,
    target: float,
    most: int,
) -> tuple[int, Tensor]:
    """Adam through pytorch_kinematics; steps taken and squared errors."""
    kinematics = import_pytorch_kinematics()
    chain = kinematics.build_chain_from_urdf(
        (DATA_ROOT / 'human.urdf').read_bytes()
    )
    names = chain.get_joint_parameter_names()
    tips = chain.get_frame_indices(*JOINTS).tolist()
    points, labeled, size, center = poses
    weights = labeled.float()
    center = (points * weights[..., None]).sum(1)
    center = center / weights.sum(1, keepdim=True)
    pose = (points - center[:, None]) / size[:, None, None]
    energy = OBJECTIVES[objective](teacher, (pose, labeled, size, center))
    facing = initial_poses(pose, weights, torch.tensor(load_body().rest), 1)
    angles = torch.zeros(len(pose), len(names))
    angles[:, names.index('root_y')] = facing.yaw[:, 0]
    angles[:, names.index('root_z')] = facing.roll[:, 0]
    unknowns = [angles, facing.scale.log(), facing.shift[:, 0].clone()]
    unknowns = [value.requires_grad_() for value in unknowns]
    optimizer = torch.optim.Adam(unknowns, lr=0.05)
    steps = 0
    while True:
        frames = chain.forward_kinematics_tensor(unknowns[0])[tips]
        joints = frames[:, :, :2, 3].transpose(0, 1)
        placed = joints * unknowns[1].exp()[..., None] + unknowns[2][:, None]
        squared = (placed - pose).square().sum(-1).detach()
        median = squared[labeled].median().sqrt().item()
        if median <= target or steps == most:
            return steps, squared
        optimizer.zero_grad()
        energy(placed, unknowns[0], unknowns[1]).backward()
        optimizer.step()
        steps += 1


def measure_adam(
    teacher: KinematicChainTeacher,
    poses: Poses,
    objective: str,
    target: float,
    threads: int,
    most: int = 600,
) -> dict[str, Any]:
    """Adam through the same chain until the same median residual.

    It starts where the teacher starts and stops as soon as the median of
    its slice is reached, or after ``most`` steps. Slices run in parallel
    like the teachers' do.
    """
    pieces = torch.arange(len(poses[0])).chunk(threads)
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        parts = list(
            pool.map(
                lambda rows: fit_with_adam(
                    teacher,
                    tuple(value[rows] for value in poses),
                    objective,
                    target,
                    most,
                ),
                pieces,
            )
        )
    seconds = time.perf_counter() - began
    squared = torch.cat([part[1] for part in parts])
    median = squared[poses[1]].median().sqrt().item()
    return {
        'poses': len(squared),
        'steps': max(part[0] for part in parts),
        'median residual': median,
        'reached': max(part[0] for part in parts) < most,
        'poses per second': len(squared) / seconds,
    }


def measure_cuda(teacher: Teacher, poses: Poses) -> dict[str, float]:
    """Poses per second on the GPU, 65,536 at once."""
    copies = -(-65536 // len(poses[0]))
    points, labeled, size, _ = (
        value.repeat(copies, *[1] * (value.ndim - 1))[:65536].cuda()
        for value in poses
    )
    teacher(points, labeled.float(), size)
    torch.cuda.synchronize()
    start = time.perf_counter()
    out = teacher(points, labeled.float(), size)
    torch.cuda.synchronize()
    seconds = time.perf_counter() - start
    return {
        'poses': len(points),
        'poses per second': len(points) / seconds,
        'converged': (out.status == CONVERGED).float().mean().item(),
    }


def as_table(report: dict[str, Any]) -> str:
    """Markdown table of every leaf of the report."""
    lines = ['| what | value |', '|---|---|']
    for path, value in flatten(report):
        text = f'{value:.4g}' if isinstance(value, float) else str(value)
        lines.append(f'| {path} | {text} |')
    return '\n'.join(lines)


def flatten(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, Any]]:
    """Leaves of a nested dict with their paths."""
    if not isinstance(value, dict):
        return [(' · '.join(path), value)]
    return [
        row
        for key, item in value.items()
        for row in flatten(item, (*path, key))
    ]


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add('--poses', type=Path, help='npz of COCO poses')
    add('--coco', type=Path, help='COCO folder with labels')
    add('--predictions', type=Path)
    add('--persons', type=int, default=20000)
    add('--corrupted', type=int, default=4000)
    add('--speed', type=int, default=4096)
    add('--adam', type=int, default=4096)
    add('--threads', type=int, default=2)
    add(
        '--tolerance',
        type=float,
        default=5e-3,
        help='relative change of energy that counts as converged',
    )
    add('--out', type=Path)
    return parser.parse_args(argv)


def measure_teacher(
    teacher: Teacher, args: argparse.Namespace
) -> dict[str, Any]:
    """Everything about one teacher that the given files allow."""
    rows: dict[str, Any] = {}
    threads = args.threads
    if args.poses:
        few = read_poses(args.poses, 12, max(args.speed, 1))
        rows['speed'] = measure_speed(teacher, few, threads)
        rows['ground truth'] = measure_fit(
            teacher, read_poses(args.poses, 12, args.persons), threads
        )
        rows['corrupted'] = measure_corruptions(
            teacher, read_poses(args.poses, 12, args.corrupted), threads
        )
        if torch.cuda.is_available():
            rows['cuda'] = measure_cuda(teacher, few)
    if args.coco:
        rows['corrupted, held out'] = {
            split: measure_corruptions(
                teacher, read_persons(args.coco, split, 12), threads
            )
            for split in SPLITS
        }
    if args.coco and args.predictions:
        rows['predictions'] = {
            f'{network} {split}': measure_trust(
                teacher,
                read_predictions(args.predictions, args.coco, network, split),
            )
            for split in SPLITS
            for network in NETWORKS
        }
    return rows


def compare_with_adam(
    teacher: KinematicChainTeacher,
    speed: dict[str, float],
    args: argparse.Namespace,
) -> dict[str, Any]:
    """How much faster the teacher is than Adam through the same chain."""
    rows = {}
    for objective, count in (
        ('reprojection', args.adam),
        ('same objective', min(args.adam, 512)),
    ):
        row = rows[objective] = measure_adam(
            teacher,
            read_poses(args.poses, 12, count),
            objective,
            speed['median residual'],
            args.threads,
        )
        row['fk is faster by'] = (
            speed['poses per second'] / row['poses per second']
        )
    return rows


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and report."""
    args = parse_arguments(argv)
    torch.set_num_threads(1)
    teachers = {
        'free': FreeJointTeacher(tolerance=args.tolerance),
        'fk': KinematicChainTeacher(tolerance=args.tolerance),
    }
    report: dict[str, Any] = {
        'machine': {
            'processor': platform.processor() or platform.machine(),
            'threads': args.threads,
            'torch': torch.__version__,
        }
    }
    for name, teacher in teachers.items():
        report[name] = measure_teacher(teacher, args)
    if args.poses:
        report['adam'] = compare_with_adam(
            teachers['fk'], report['fk']['speed'], args
        )
    print(as_table(report))
    if args.out:
        args.out.write_text(json.dumps(report, indent=1) + '\n')


if __name__ == '__main__':
    main()
