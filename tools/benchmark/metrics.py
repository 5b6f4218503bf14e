"""What the trust metric costs."""

import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np

from self_verify_pose.metrics.joint_trust_metric import JointTrustMetric
from self_verify_pose.tools.benchmark.context import BenchmarkContext
from self_verify_pose.tools.benchmark.results import BenchmarkResult
from self_verify_pose.tools.benchmark.timing import median_seconds

SUITE = 'metric'
PERSONS = 6_352  # persons with keypoints in COCO val2017
SECONDS_BAR, MEMORY_BAR = 1.0, 50.0


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Measure :class:`JointTrustMetric` on as many persons as val2017 has.

    Args:
        context: How often.

    Yields:
        What was measured.
    """
    samples = random_samples(PERSONS)
    yield BenchmarkResult(
        SUITE,
        f'JointTrustMetric on {PERSONS:,} persons, time',
        median_seconds(
            lambda: evaluate(samples), context.plan, context.device
        ),
        unit='s',
        bar=SECONDS_BAR,
    )
    tracemalloc.start()
    evaluate(samples)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    yield BenchmarkResult(
        SUITE,
        f'JointTrustMetric on {PERSONS:,} persons, memory',
        peak / 1e6,
        unit='MB',
        bar=MEMORY_BAR,
    )


def evaluate(samples: list[dict[str, Any]]) -> dict[str, float]:
    """Run the metric as an evaluation does."""
    metric = JointTrustMetric()
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def random_samples(count: int) -> list[dict[str, Any]]:
    """Make samples as MMPose hands them to a metric.

    Args:
        count: Number of persons.

    Returns:
        One dictionary per person, 17 labeled joints each.
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
