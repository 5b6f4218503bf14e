"""Time and memory of the trust metric."""

import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np

from self_verify_pose.metrics.joint_trust_metric import JointTrustMetric

from .context import BenchmarkContext
from .results import BenchmarkResult

PERSONS = 6_352  # persons with keypoints in COCO val2017
SECONDS_THRESHOLD, MEMORY_THRESHOLD = 1.0, 50.0


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Measure :class:`JointTrustMetric` on as many persons as val2017 has.

    Args:
        context: Plan.

    Yields:
        Median time, and peak of the memory that Python allocates.
    """
    samples = random_samples(PERSONS)
    yield BenchmarkResult(
        f'JointTrustMetric on {PERSONS:,} persons, time',
        context.seconds(lambda: _evaluate(samples)),
        unit='s',
        threshold=SECONDS_THRESHOLD,
    )
    tracemalloc.start()
    _evaluate(samples)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    yield BenchmarkResult(
        f'JointTrustMetric on {PERSONS:,} persons, memory',
        peak / 1e6,
        unit='MB',
        threshold=MEMORY_THRESHOLD,
    )


def _evaluate(samples: list[dict[str, Any]]) -> dict[str, float]:
    """Run the metric as the test loop of MMEngine does."""
    metric = JointTrustMetric()
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def random_samples(count: int) -> list[dict[str, Any]]:
    """Make persons in the format that MMPose passes to a metric.

    Args:
        count: Number of persons.

    Returns:
        One sample for each.
    """
    random = np.random.default_rng(0)
    truth = random.uniform(0, 200, (count, 1, 17, 2)).astype(np.float32)
    errors = random.normal(0, 10, truth.shape).astype(np.float32)
    trust = random.random((count, 1, 17), np.float32)
    box = np.array([[0, 0, 200, 200]], np.float32)
    visible = np.ones((1, 17), np.float32)
    return [
        {
            'id': index,
            'pred_instances': {
                'keypoints': truth[index] + errors[index],
                'keypoint_trust': trust[index],
            },
            'gt_instances': {
                'keypoints': truth[index],
                'keypoints_visible': visible,
                'bboxes': box,
            },
        }
        for index in range(count)
    ]
