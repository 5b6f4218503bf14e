"""Time of writing a cache of a teacher's labels."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from mmpose.models import TopdownPoseEstimator
from torch.utils.benchmark import set_torch_threads

from self_verify_pose.engine.cache_writer import CacheJob, CacheWriter

from .context import BenchmarkContext, write_cache
from .processes import Workload, compare
from .results import BenchmarkResult
from .timing import time_once

THRESHOLD = 0.9
MEASURED = 1_000
TRAIN2017 = 149_813
EXTRAPOLATED = (10_000, 150_000, TRAIN2017)
# the defaults of tools/generate_solvability_cache.py
THREADS, WORKERS, BATCH_SIZE = 1, 2, CacheJob.batch_size


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Compare writing a cache with plain RTMPose-S on the same crops.

    Args:
        context: Data, device and plan.

    Yields:
        The ratio of the rates.
    """
    with set_torch_threads(THREADS):
        writer = context.cache_writer(
            'rate', workers=WORKERS, batch_size=BATCH_SIZE
        )
        plain = context.model(context.config('baseline')).eval()
        timing = context.compare(
            lambda: list(writer.run()),
            lambda: _run_forward(plain, writer),
            times=3,
        )
    details, persons = timing.details(), len(writer.ids)
    rate = persons / details['seconds']
    yield BenchmarkResult(
        'cache generation, rate against the plain forward pass',
        1 / timing.ratio,
        threshold=THRESHOLD,
        higher_is_better=True,
        note=f'{rate:,.1f} persons/s, measured on {persons}',
        details={**details, 'persons': persons, 'persons per second': rate},
    )


@torch.no_grad()
def _run_forward(model: TopdownPoseEstimator, writer: CacheWriter) -> None:
    """Run only the forward pass of a network over the crops of a cache."""
    for batch in writer.loader(range(len(writer.batches))):
        inputs = model.data_preprocessor(batch)['inputs']
        model.head.forward(model.extract_feat(inputs))


def measure_scaling(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Measure a whole cache, and two processes against one.

    Args:
        context: Data and device.

    Yields:
        Minutes per size of the cache, larger ones extrapolated linearly,
        and the ratio of the rates of two processes and one.
    """
    seconds = _seconds_of_whole_cache(context)
    for size in (MEASURED, *EXTRAPOLATED):
        yield BenchmarkResult(
            f'cache of {size:,} persons',
            seconds * size / MEASURED / 60,
            unit='min',
            note='run' if size == MEASURED else 'extrapolated, not run',
        )
    yield compare(context, 'cache generation', prepare_cache, 'persons/s')


def _seconds_of_whole_cache(context: BenchmarkContext) -> float:
    folder = context.folder / 'large'
    folder.mkdir()
    large = replace(context, folder=folder, images=MEASURED)
    with set_torch_threads(THREADS):
        writer = large.cache_writer(
            'large',
            workers=WORKERS,
            batch_size=BATCH_SIZE,
            max_samples=MEASURED,
        )
        return time_once(lambda: write_cache(writer), context.device)


def prepare_cache(
    context: BenchmarkContext, rank: int, count: int
) -> Workload:
    """Prepare one of several processes that write a cache each.

    Args:
        context: Data and device.
        rank: Index of this process.
        count: Number of processes.

    Returns:
        Writing a cache; the process loads the images itself.
    """
    writer = context.cache_writer(
        f'rank{rank}of{count}', batch_size=BATCH_SIZE
    )
    return Workload(lambda: list(writer.run()), len(writer.ids))
