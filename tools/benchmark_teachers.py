#!/usr/bin/env python
"""Measure the teachers; print a table, write JSON.

    python tools/benchmark_teachers.py --poses coco_poses/train2017.npz \
        --coco coco_mini --predictions predictions --out benchmark.json

Rows without data (a missing argument) are left out.
"""

import argparse
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from self_verify_pose.metrics.json_values import to_json_values
from self_verify_pose.models.teachers.base import Teacher
from self_verify_pose.models.teachers.free_joints import FreeJointTeacher
from self_verify_pose.models.teachers.kinematic_chain import (
    KinematicChainTeacher,
)
from self_verify_pose.output_files import write_json
from self_verify_pose.tools.benchmark.teacher_report import (
    as_table,
    compare_with_adam,
    measure_teacher,
)


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The arguments.
    """
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
        default=Teacher.tolerance,
        help='relative change of energy that counts as converged',
    )
    add('--out', type=Path)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and report.

    Args:
        argv: Arguments, those of the process by default.
    """
    args = parse_arguments(argv)
    torch.set_num_threads(1)
    machine = {
        'processor': platform.processor() or platform.machine(),
        'threads': args.threads,
        'torch': torch.__version__,
    }
    free = FreeJointTeacher(tolerance=args.tolerance)
    chain = KinematicChainTeacher(tolerance=args.tolerance)
    report: dict[str, Any] = {
        'machine': machine,
        'free': measure_teacher(free, args),
        'fk': measure_teacher(chain, args),
    }
    if args.poses:
        speed = report['fk']['speed']
        report['adam'] = compare_with_adam(chain, speed, args)
    print(as_table(report))
    if args.out:
        write_json(args.out, to_json_values(report))


if __name__ == '__main__':
    main()
