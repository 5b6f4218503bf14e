"""Time and memory of the metric, the report and its page on many persons."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from self_verify_pose.engine.evaluation_input import read_evaluation_input
from self_verify_pose.metrics.evaluation.report.evaluation_report import (
    EvalConfig,
    evaluate_predictions,
)
from self_verify_pose.metrics.evaluation.report.page_data import page_data
from self_verify_pose.metrics.evaluation.report.write import write_report
from self_verify_pose.metrics.joint_trust_metric import JointTrustMetric

from .context import BenchmarkContext
from .memory import read_status
from .metrics import random_samples
from .results import BenchmarkResult
from .spawning import run_in_processes

PERSONS = 100_000
MEMORY_THRESHOLD = 2_000.0  # MB of a process, with the packages it imports
_BATCH = 1_000
# stage, seconds, and bytes at the peak of the process until its end
Stage = tuple[str, float, int]


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Measure evaluation and report of 100,000 made-up persons.

    The metric runs in one process. In another, results in COCO format are
    read, evaluated with the draws of ``tools/eval_trust.py``, and written as
    a report with its page.

    Args:
        context: Folder for the files.

    Yields:
        Time of each stage, and peak memory of both processes.
    """
    folder = context.folder / 'reports'
    folder.mkdir(exist_ok=True)
    run_in_processes(_write_files, [(folder, PERSONS)])
    for name, function in (('metric', _metric), ('report', _report)):
        (stages,) = run_in_processes(function, [(folder, PERSONS)])
        for stage, seconds, peak in stages:
            yield BenchmarkResult(
                f'{stage}, {PERSONS:,} persons',
                seconds,
                unit='s',
                note=f'peak memory until its end: {peak / 1e6:,.0f} MB',
            )
        yield BenchmarkResult(
            f'{name} of {PERSONS:,} persons, memory',
            stages[-1][2] / 1e6,
            unit='MB',
            threshold=MEMORY_THRESHOLD,
        )


def _write_files(folder: Path, count: int) -> None:
    """Write made-up persons, two in each image, and predictions of them."""
    rng = np.random.default_rng(0)
    images, persons, found = [], [], []
    for n in range(count):
        points = rng.uniform(20, 400, (17, 2)).round(1)
        flags = rng.choice([0, 1, 2], (17, 1), p=[0.2, 0.2, 0.6])
        flags[0] = 2
        spread = rng.choice([4, 40], (17, 1), p=[0.7, 0.3])
        score = np.exp(-spread / 30) + rng.normal(0, 0.2, (17, 1))
        predicted = points + rng.normal(0, 1, (17, 2)) * spread
        entry = {'id': n, 'image_id': n // 2, 'category_id': 1}
        persons.append({
            **entry, 'iscrowd': 0, 'bbox': [10, 10, 400, 400], 'area': 8e4,
            'keypoints': np.hstack([points, flags]).ravel().tolist(),
        })  # fmt: skip
        found.append({
            'image_id': n // 2, 'ann_id': n, 'category_id': 1, 'score': 0.5,
            'keypoints': np.hstack([predicted, score]).round(3).ravel()
            .tolist(),
            'keypoint_trust': score.clip(0, 1).ravel().round(4).tolist(),
        })  # fmt: skip
        if n % 2 == 0:
            images.append({'id': n // 2, 'width': 480, 'height': 480})
    annotations = {'images': images, 'annotations': persons}
    (folder / 'ann.json').write_text(json.dumps(annotations))
    (folder / 'results.json').write_text(json.dumps(found))


def _metric(folder: Path, count: int) -> list[Stage]:
    """Run the metric as a test loop does, batch by batch."""
    metric = JointTrustMetric()

    def process() -> None:
        for _ in range(0, count, _BATCH):
            metric.process(None, random_samples(_BATCH))

    stages: list[Stage] = []
    _run(stages, 'JointTrustMetric.process', process)
    _run(stages, 'JointTrustMetric.evaluate', lambda: metric.evaluate(count))
    return stages


def _report(folder: Path, count: int) -> list[Stage]:
    """Read, evaluate and report as ``tools/eval_trust.py --html`` does."""
    stages: list[Stage] = []
    joints = _run(
        stages,
        'reading of results and annotations',
        lambda: read_evaluation_input(
            folder / 'results.json', folder / 'ann.json'
        ),
    )
    report = _run(
        stages,
        'evaluation',
        lambda: evaluate_predictions(joints, EvalConfig()),
    )
    page = _run(stages, 'page', lambda: page_data(report))
    _run(
        stages,
        'writing of report, figures and page',
        lambda: write_report(
            {'results': report}, folder / 'report', {'results': page}
        ),
    )
    return stages


def _run(stages: list[Stage], name: str, work: Callable[[], Any]) -> Any:
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    stages.append((name, seconds, read_status('VmHWM')))
    return result
