"""Throughput of the teachers against the number of poses."""

from collections.abc import Iterator

import torch
from torch import Tensor

from self_verify_pose.models.kinematics.chain import import_pytorch_kinematics
from self_verify_pose.models.teachers.base import Teacher
from self_verify_pose.models.teachers.free_joints import FreeJointTeacher
from self_verify_pose.models.teachers.kinematic_chain import (
    KinematicChainTeacher,
)

from .context import BenchmarkContext
from .labeled_poses import read_annotations
from .results import BenchmarkResult
from .timing import Plan, median_seconds

POSES = (1, 16, 256, 4096, 65536)
_MOST_REPEATED = 1024  # one run of more poses is long enough
_JITTER = 0.02


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Measure poses per second of each teacher.

    Args:
        context: Data, device and plan; without scaling, few poses.

    Yields:
        Poses per second; NaN for a teacher that is not installed.
    """
    teachers: list[type[Teacher]] = [FreeJointTeacher]
    try:
        import_pytorch_kinematics()
        teachers.append(KinematicChainTeacher)
    except ImportError as error:
        yield BenchmarkResult('fk teacher', float('nan'), note=str(error))
    for teacher in teachers:
        for count in POSES if context.scaling else POSES[:2]:
            yield _measure_teacher(context, teacher(), count)


def _measure_teacher(
    context: BenchmarkContext, teacher: Teacher, count: int
) -> BenchmarkResult:
    points, size = synthetic_poses(context, count)
    plan = context.plan if count <= _MOST_REPEATED else Plan(1, 0)
    seconds = median_seconds(
        lambda: teacher(points, None, size), plan, context.device
    )
    runs = 'once' if plan.repeats == 1 else f'{plan.repeats} runs'
    return BenchmarkResult(
        f'{type(teacher).__name__}, {count:,} poses at once',
        count / seconds,
        unit='poses/s',
        note=f'{runs}, {seconds * 1e3:,.1f} ms',
        details={'poses': count, 'seconds': seconds},
    )


def synthetic_poses(
    context: BenchmarkContext, count: int
) -> tuple[Tensor, Tensor]:
    """Load poses of synthetic persons, with Gaussian noise.

    Args:
        context: Data and device.
        count: Number of poses; those of the data are repeated.

    Returns:
        Keypoints (count, 17, 2) and person sizes (count,), both in pixels.
    """
    poses = read_annotations(context.root, 'train2017', min_labeled=0)
    poses = poses.take(torch.arange(count) % len(poses))
    noise = torch.randn(
        poses.points.shape, generator=torch.Generator().manual_seed(0)
    )
    points = poses.points + _JITTER * poses.size[:, None, None] * noise
    return points.to(context.device), poses.size.to(context.device)
