"""Accuracy and speed of the teachers, for ``tools/benchmark_teachers.py``."""

import resource
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

from self_verify_pose.constants import PCK_THRESHOLD
from self_verify_pose.metrics.functional import auroc
from self_verify_pose.models.teachers.base import Teacher, TeacherResult
from self_verify_pose.models.teachers.batches import concatenate
from self_verify_pose.models.teachers.solver import CONVERGED
from self_verify_pose.tools.benchmark.labeled_poses import (
    LabeledPoses,
    Predictions,
)
from self_verify_pose.tools.benchmark.timing import time_once
from self_verify_pose.tools.study.pose_corruptions import KINDS, corrupt_poses

# Exponent of trust in the fused score.
FUSION_POWER = 0.05
# Repeats of a measurement, poses at once on a GPU.
REPEATS, GPU_POSES = 3, 65536
_Result = TypeVar('_Result')


def map_slices(
    function: Callable[[LabeledPoses], _Result],
    poses: LabeledPoses,
    threads: int,
) -> list[_Result]:
    """Call a function on slices of a batch, one slice per thread.

    Args:
        function: The function.
        poses: Poses of N persons.
        threads: Number of slices and threads.

    Returns:
        The result of each slice.
    """
    slices = map(poses.take, torch.arange(len(poses)).chunk(threads))
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, slices))


@dataclass(frozen=True)
class ParallelTeacher:
    """A teacher that runs on slices of a batch, one slice per thread.

    Args:
        teacher: The teacher.
        threads: Number of slices and threads.
    """

    teacher: Teacher
    threads: int

    def __call__(self, poses: LabeledPoses) -> TeacherResult:
        """Evaluate the labeled joints.

        Args:
            poses: Poses of N persons.

        Returns:
            The joined result.
        """

        def evaluate(part: LabeledPoses) -> TeacherResult:
            return self.teacher(part.points, part.labeled.float(), part.size)

        return concatenate(map_slices(evaluate, poses, self.threads))


def measure_fit(
    teacher: ParallelTeacher, poses: LabeledPoses
) -> dict[str, Any]:
    """Measure residuals and convergence on ground truth.

    Args:
        teacher: The teacher.
        poses: Labeled poses.

    Returns:
        Persons, median and 90 % quantile of the residual in person sizes,
        share of converged fits.
    """
    result = teacher(poses)
    residual = result.residual[poses.labeled]
    return {
        'persons': len(poses),
        'median residual': residual.median().item(),
        'p90 residual': residual.quantile(0.9).item(),
        'converged': _converged(result),
    }


def measure_trust(
    teacher: Teacher, predictions: Predictions
) -> dict[str, dict[str, float]]:
    """Measure the AUROC of trust and of the fused score.

    Args:
        teacher: The teacher.
        predictions: Predictions with labels.

    Returns:
        AUROC by the inputs of the teacher and by score.
    """
    poses, score = predictions.poses, predictions.score
    weights, labeled = score.clamp(1e-3, 1), poses.labeled
    correct = predictions.correct[labeled].numpy()
    inputs: dict[str, tuple[Tensor | None, Tensor | None]] = {
        'keypoints': (None, None),
        '+ box center': (None, poses.center),
        '+ scores': (weights, None),
        '+ box center + scores': (weights, poses.center),
    }
    report = {}
    for name, (confidence, center) in inputs.items():
        result = teacher(poses.points, confidence, poses.size, center)
        scores = {
            'trust': result.trust,
            'solvability': result.solvability,
            'identifiability': result.identifiability,
            'raw': score,
            'fused': score * result.trust**FUSION_POWER,
        }
        report[name] = {
            key: auroc(value[labeled].numpy(), correct)
            for key, value in scores.items()
        }
    return report


def measure_corruptions(
    teacher: ParallelTeacher, poses: LabeledPoses
) -> dict[str, float]:
    """Measure the AUROC of trust on corrupted poses.

    Args:
        teacher: The teacher.
        poses: Labeled poses.

    Returns:
        AUROC by kind of corruption.
    """
    points, labeled, size = poses.points, poses.labeled, poses.size
    report = {}
    for kind in KINDS:
        generator = torch.Generator().manual_seed(0)
        wrong = corrupt_poses(points, labeled, size, kind, generator)
        distance = (wrong - points).norm(dim=-1) / size[:, None]
        trust = teacher(LabeledPoses(wrong, labeled, size, poses.center)).trust
        correct = distance <= PCK_THRESHOLD
        report[kind] = auroc(trust[labeled].numpy(), correct[labeled].numpy())
    return report


def measure_speed(
    teacher: ParallelTeacher, poses: LabeledPoses
) -> dict[str, float]:
    """Measure poses per second on the CPU.

    Args:
        teacher: The teacher.
        poses: Labeled poses.

    Returns:
        The best rate of several runs, the fit's accuracy, and the peak memory
        of the process so far.
    """
    result = teacher(poses)
    cpu = torch.device('cpu')
    seconds = [time_once(lambda: teacher(poses), cpu) for _ in range(REPEATS)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        'poses': len(poses),
        'poses per second': len(poses) / min(seconds),
        'median residual': result.residual[poses.labeled].median().item(),
        'converged': _converged(result),
        'peak GiB': peak,
    }


def measure_cuda(teacher: Teacher, poses: LabeledPoses) -> dict[str, float]:
    """Measure poses per second on the GPU, 65,536 at once.

    Args:
        teacher: The teacher.
        poses: Labeled poses, which are repeated.

    Returns:
        The rate and the share of converged fits.
    """
    many = poses.take(torch.arange(GPU_POSES) % len(poses))
    points, size = many.points.cuda(), many.size.cuda()
    weights = many.labeled.float().cuda()
    result = teacher(points, weights, size)
    seconds = time_once(lambda: teacher(points, weights, size), points.device)
    return {
        'poses': GPU_POSES,
        'poses per second': GPU_POSES / seconds,
        'converged': _converged(result),
    }


def _converged(result: TeacherResult) -> float:
    """Share of converged fits."""
    return (result.status == CONVERGED).float().mean().item()
