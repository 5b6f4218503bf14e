"""Time and memory of the metric, the report and its page on many persons."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from self_verify_pose.engine.evaluation_input import read_evaluation_input
from self_verify_pose.metrics.evaluation.report.evaluation_report import (
    EvalConfig,
    evaluate_predictions,
)
from self_verify_pose.metrics.evaluation.report.page_data import page_data
from self_verify_pose.metrics.evaluation.report.write import write_report
from self_verify_pose.metrics.joint_trust_metric import JointTrustMetric

from .context import BenchmarkContext
from .memory import MEASURED_TOOL, read_status
from .metrics import random_samples
from .report_files import write_dump, write_files
from .results import BenchmarkResult
from .spawning import run_in_processes

PERSONS = 100_000
MEMORY_THRESHOLD = 2_000.0  # MB of a process, with the packages it imports
_BATCH = 1_000
_DRAWS = 5  # of the report of a dump; more take time alone
# stage, seconds, and bytes at the peak of the process until its end
Stage = tuple[str, float, int]


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Measure evaluation and report of 100,000 made-up persons.

    The metric runs in one process, ``tools/eval_trust.py --html`` on a dump
    in another. In a third, results in COCO format are read, evaluated with
    the draws of that tool, and written as a report with its page.

    Args:
        context: Folder for the files.

    Yields:
        Time of each stage, and peak memory of each process.
    """
    folder = context.folder / 'reports'
    folder.mkdir(exist_ok=True)
    run_in_processes(write_files, [(folder, PERSONS)])
    run_in_processes(write_dump, [(folder,)])
    for name, function in (
        ('metric', _metric),
        ('dump', _dump),
        ('report', _report),
    ):
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


def _dump(folder: Path, count: int) -> list[Stage]:
    """Run ``tools/eval_trust.py --html`` on a dump."""
    del count
    tool = Path(__file__).parents[1] / 'eval_trust.py'
    arguments = [
        tool, folder / 'dump.pkl', '--html', '--bootstrap', _DRAWS,
        '--out', folder / 'dump_report',
    ]  # fmt: skip
    start = time.perf_counter()
    output = subprocess.run(  # noqa: S603, a tool of this repository
        [sys.executable, '-c', MEASURED_TOOL, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    seconds = time.perf_counter() - start
    peak = int(output.split()[-1]) * 1024
    return [('tools/eval_trust.py --html of a dump', seconds, peak)]


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
