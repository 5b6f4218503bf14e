"""How many poses a teacher judges."""

import json
from collections.abc import Iterator

import torch
from torch import Tensor

from self_verify_pose.models.kinematics.chain import import_pytorch_kinematics
from self_verify_pose.models.teachers.base import Teacher
from self_verify_pose.models.teachers.free_joints import FreeJointTeacher
from self_verify_pose.models.teachers.kinematic_chain import (
    KinematicChainTeacher,
)
from self_verify_pose.tools.benchmark.context import BenchmarkContext
from self_verify_pose.tools.benchmark.results import BenchmarkResult
from self_verify_pose.tools.benchmark.timing import Plan, median_seconds

SUITE = 'teacher'
POSES = (1, 16, 256, 4096, 65536)
# beyond so many poses one run is long enough
_OFTEN = 1024
_JITTER = 0.02


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Measure poses per second against poses at once.

    Args:
        context: Where and how.

    Yields:
        What was measured.
    """
    kinds: list[type[Teacher]] = [FreeJointTeacher]
    try:
        import_pytorch_kinematics()
        kinds.append(KinematicChainTeacher)
    except ImportError as error:
        yield BenchmarkResult(
            SUITE, 'fk teacher', float('nan'), note=str(error)
        )
    counts = POSES if context.growth else POSES[:2]
    for kind in kinds:
        for count in counts:
            yield _row(context, kind(), count)


def _row(
    context: BenchmarkContext, teacher: Teacher, count: int
) -> BenchmarkResult:
    points, size = drawn_poses(context, count)
    plan = context.plan if count <= _OFTEN else Plan(1, 0)
    seconds = median_seconds(
        lambda: teacher(points, None, size), plan, context.device
    )
    runs = 'once' if plan.repeats == 1 else f'{plan.repeats} runs'
    return BenchmarkResult(
        SUITE,
        f'{type(teacher).__name__}, {count:,} poses at once',
        count / seconds,
        unit='poses/s',
        note=f'{runs}, {seconds * 1e3:,.1f} ms',
        details={'poses': count, 'seconds': seconds},
    )


def drawn_poses(
    context: BenchmarkContext, count: int
) -> tuple[Tensor, Tensor]:
    """Return poses of drawn people, slightly moved, and their sizes.

    Args:
        context: Names data and device.
        count: How many; drawn ones are repeated.

    Returns:
        ``(count, 17, 2)`` keypoints and ``(count,)`` person sizes, both in
        pixels.
    """
    path = context.root / 'annotations' / 'person_keypoints_train2017.json'
    people = json.loads(path.read_text())['annotations']
    points = torch.tensor([p['keypoints'] for p in people], dtype=torch.float)
    points = points.view(-1, 17, 3)[..., :2]
    size = torch.tensor([p['bbox'] for p in people])[:, 2:].amax(1)
    rows = torch.arange(count) % len(points)
    noise = torch.randn(
        count, 17, 2, generator=torch.Generator().manual_seed(0)
    )
    size = size[rows]
    moved = points[rows] + _JITTER * size[:, None, None] * noise
    return moved.to(context.device), size.to(context.device)
