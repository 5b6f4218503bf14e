"""How many poses a teacher judges."""

import json
from collections.abc import Iterator

import torch
from torch import Tensor

from ...models.kinematics.chain import import_pytorch_kinematics
from ...models.teachers.free_joints import FreeJointTeacher
from ...models.teachers.kinematic_chain import KinematicChainTeacher
from ...models.teachers.teacher import Teacher
from .rows import Row
from .setting import Setting
from .timing import Plan, median_seconds

SUITE = 'teacher'
POSES = (1, 16, 256, 4096, 65536)
# beyond so many poses one run is long enough
_OFTEN = 1024
_JITTER = 0.02


def measure(setting: Setting) -> Iterator[Row]:
    """Measure poses per second against poses at once.

    Args:
        setting: Where and how.

    Yields:
        What was measured.
    """
    kinds: list[type[Teacher]] = [FreeJointTeacher]
    try:
        import_pytorch_kinematics()
        kinds.append(KinematicChainTeacher)
    except ImportError as error:
        yield Row(SUITE, 'fk teacher', float('nan'), note=str(error))
    counts = POSES if setting.growth else POSES[:2]
    for kind in kinds:
        for count in counts:
            yield _row(setting, kind(), count)


def _row(setting: Setting, teacher: Teacher, count: int) -> Row:
    points, size = drawn_poses(setting, count)
    plan = setting.plan if count <= _OFTEN else Plan(1, 0)
    seconds = median_seconds(
        lambda: teacher(points, None, size), plan, setting.device
    )
    runs = 'once' if plan.repeats == 1 else f'{plan.repeats} runs'
    return Row(
        SUITE,
        f'{type(teacher).__name__}, {count:,} poses at once',
        count / seconds,
        unit='poses/s',
        note=f'{runs}, {seconds * 1e3:,.1f} ms',
        details={'poses': count, 'seconds': seconds},
    )


def drawn_poses(setting: Setting, count: int) -> tuple[Tensor, Tensor]:
    """Return poses of drawn people, slightly moved, and their sizes.

    Args:
        setting: Names data and device.
        count: How many; drawn ones are repeated.

    Returns:
        ``(count, 17, 2)`` key points and ``(count,)`` person sizes, both in
        pixels.
    """
    path = setting.root / 'annotations' / 'person_keypoints_train2017.json'
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
    return moved.to(setting.device), size.to(setting.device)
