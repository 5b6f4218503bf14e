"""The suites of the benchmark: which measurements each one runs."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from rich.console import Console

from self_verify_pose.engine.hooks.keep_memory import keep_freed_memory

from . import (
    any_model,
    caches,
    loading,
    metrics,
    optimizations,
    posthoc,
    predictions,
    processes,
    reports,
    scaling,
    steps,
    teachers,
)
from .context import BenchmarkContext
from .results import BenchmarkResult

Measurement = Callable[[BenchmarkContext], Iterator[BenchmarkResult]]
SUITES: dict[str, tuple[Measurement, ...]] = {
    'step': (steps.measure,),
    'predict': (predictions.measure,),
    'teacher': (teachers.measure, caches.measure),
    'metric': (metrics.measure,),
    'report': (reports.measure,),
    'posthoc': (posthoc.measure,),
    'data': (loading.measure,),
}
SCALING: dict[str, tuple[Measurement, ...]] = {
    'step': (optimizations.measure, scaling.measure, processes.measure),
    'teacher': (caches.measure_scaling,),
}
# what any config with trust has, without thresholds
MODEL_SUITES: dict[str, tuple[Measurement, ...]] = {
    'step': (any_model.measure_steps,),
    'predict': (any_model.measure_predictions,),
}


def run_suites(
    names: Iterable[str], context: BenchmarkContext, progress: Console
) -> list[BenchmarkResult]:
    """Run suites one after another.

    Args:
        names: Keys of :data:`SUITES`; of :data:`MODEL_SUITES` where the
            context names a config.
        context: Data, device and plan; with scaling, the measurements of
            :data:`SCALING` follow those of each suite on RTMPose-S.
        progress: Console that shows each result as soon as it is measured.

    Returns:
        All results, with the names of their suites.
    """
    keep_freed_memory()  # as every training of this package does
    results = []
    own = context.config_file is None
    suites = SUITES if own else MODEL_SUITES
    for name in names:
        extra = SCALING.get(name, ()) if own and context.scaling else ()
        for measure in (*suites[name], *extra):
            for result in measure(context):
                progress.print(f'{name}: {result.name}: {result.value:.4g}')
                results.append(replace(result, suite=name))
    return results
