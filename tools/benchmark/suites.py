"""The suites of the benchmark: which measurements each one runs."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from self_verify_pose.engine.hooks.keep_memory import keep_freed_memory

from . import (
    caches,
    loading,
    metrics,
    optimizations,
    predictions,
    processes,
    scaling,
    steps,
    teachers,
)
from .context import BenchmarkContext
from .results import BenchmarkResult
from .silence import silence

Measurement = Callable[[BenchmarkContext], Iterator[BenchmarkResult]]
SUITES: dict[str, tuple[Measurement, ...]] = {
    'step': (steps.measure,),
    'predict': (predictions.measure,),
    'teacher': (teachers.measure, caches.measure),
    'metric': (metrics.measure,),
    'data': (loading.measure,),
}
SCALING: dict[str, tuple[Measurement, ...]] = {
    'step': (optimizations.measure, scaling.measure, processes.measure),
    'teacher': (caches.measure_scaling,),
}


def run_suites(
    names: Sequence[str],
    report: Callable[[BenchmarkResult], object],
    **options: Any,
) -> list[BenchmarkResult]:
    """Run suites on synthetic data in a temporary folder.

    Args:
        names: Keys of :data:`SUITES`.
        report: Called with each result as soon as it is measured.
        **options: Fields of :class:`BenchmarkContext` but the folder.

    Returns:
        All results, in the order of the suites.
    """
    keep_freed_memory()  # as every training of this package does
    results = []
    with tempfile.TemporaryDirectory() as folder, silence():
        context = BenchmarkContext(Path(folder), **options)
        for name in names:
            scaling = SCALING.get(name, ()) if context.scaling else ()
            for measure in (*SUITES[name], *scaling):
                for result in measure(context):
                    results.append(replace(result, suite=name))
                    report(results[-1])
    return results
