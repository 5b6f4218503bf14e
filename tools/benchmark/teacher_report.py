"""Report on the teachers, for ``tools/benchmark_teachers.py``."""

import argparse
from collections.abc import Iterator
from typing import Any

import torch

from self_verify_pose.models.teachers.base import Teacher
from self_verify_pose.models.teachers.kinematic_chain import (
    KinematicChainTeacher,
)
from self_verify_pose.tools.benchmark.adam_baseline import measure_adam
from self_verify_pose.tools.benchmark.labeled_poses import (
    read_annotations,
    read_npz,
    read_predictions,
)
from self_verify_pose.tools.benchmark.teacher_accuracy import (
    ParallelTeacher,
    measure_corruptions,
    measure_cuda,
    measure_fit,
    measure_speed,
    measure_trust,
)

SPLITS = ('train2017', 'val2017')
NETWORKS = ('simplepose', 'movenet')
MIN_LABELED = 12
# Adam needs minutes for more poses of the teacher's own objective.
MAX_ADAM_POSES = 512


def measure_teacher(
    teacher: Teacher, args: argparse.Namespace
) -> dict[str, Any]:
    """Measure everything about one teacher that the given files allow.

    Args:
        teacher: The teacher.
        args: Arguments of ``tools/benchmark_teachers.py``.

    Returns:
        Nested rows of the report.
    """
    rows: dict[str, Any] = {}
    parallel = ParallelTeacher(teacher, args.threads)
    if args.poses:
        few, many, corrupted = (
            read_npz(args.poses, MIN_LABELED, count)
            for count in (max(args.speed, 1), args.persons, args.corrupted)
        )
        rows['speed'] = measure_speed(parallel, few)
        rows['ground truth'] = measure_fit(parallel, many)
        rows['corrupted'] = measure_corruptions(parallel, corrupted)
        if torch.cuda.is_available():
            rows['cuda'] = measure_cuda(teacher, few)
    if args.coco:
        rows['corrupted, held out'] = {
            split: measure_corruptions(
                parallel, read_annotations(args.coco, split, MIN_LABELED)
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
    """Compare the teacher with Adam through the same chain.

    Args:
        teacher: The teacher.
        speed: Its row ``speed`` of the report.
        args: Arguments of ``tools/benchmark_teachers.py``.

    Returns:
        Rows by objective.
    """
    rows = {}
    counts = {
        'reprojection': args.adam,
        'same objective': min(args.adam, MAX_ADAM_POSES),
    }
    for objective, count in counts.items():
        poses = read_npz(args.poses, MIN_LABELED, count)
        residual = speed['median residual']
        row = measure_adam(teacher, poses, objective, residual, args.threads)
        ratio = speed['poses per second'] / row['poses per second']
        rows[objective] = {**row, 'fk is faster by': ratio}
    return rows


def as_table(report: dict[str, Any]) -> str:
    """Lay out every leaf of the report.

    Args:
        report: Nested dict.

    Returns:
        A Markdown table.
    """
    lines = ['| what | value |', '|---|---|']
    for path, value in _leaves(report):
        text = f'{value:.4g}' if isinstance(value, float) else str(value)
        lines.append(f'| {path} | {text} |')
    return '\n'.join(lines)


def _leaves(
    value: object, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, object]]:
    """Leaves of a nested dict with their paths."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    else:
        yield ' · '.join(path), value
