"""What a cache of a teacher's labels costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import nn

from self_verify_pose.engine.cache_writer import CacheJob, CacheWriter
from self_verify_pose.tools.benchmark.context import (
    BASELINE,
    BenchmarkContext,
    make_cache,
    write_parts,
)
from self_verify_pose.tools.benchmark.processes import Share, compare
from self_verify_pose.tools.benchmark.results import BenchmarkResult
from self_verify_pose.tools.benchmark.timing import alternate, seconds_of

SUITE = 'teacher'
BAR = 0.9
RUN = 1_000
TRAIN2017 = 149_813
LARGER = (10_000, 150_000, TRAIN2017)
WORKERS = 2


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Measure how fast a cache is made.

    Args:
        context: Where and how.

    Yields:
        What was measured.
    """
    with _one_thread():
        writer = context.cache_writer(
            'rate', workers=WORKERS, batch_size=CacheJob.batch_size
        )
        plain = context.model(context.config(BASELINE)).eval()
        found = alternate(
            lambda: write_parts(writer),
            lambda: run_forward(plain, writer),
            context.plan.times(3),
            context.device,
        )
    details, persons = found.details(), len(writer.ids)
    rate = persons / details['seconds']
    yield BenchmarkResult(
        SUITE,
        'cache generation, rate against the plain forward pass',
        1 / found.ratio,
        bar=BAR,
        at_least=True,
        note=f'{rate:,.1f} persons/s, measured on {persons}',
        details={**details, 'persons': persons, 'persons per second': rate},
    )


@torch.no_grad()
def run_forward(plain: nn.Module, writer: CacheWriter) -> None:
    """Run plain RTMPose-S, and nothing else, over the crops of a cache."""
    for batch in writer.loader(range(len(writer.batches))):
        inputs = plain.data_preprocessor(batch)['inputs']
        plain.head.forward(plain.extract_feat(inputs))


def growth(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Measure how the time of a cache grows, and what processes gain.

    Args:
        context: Where and how.

    Yields:
        What was measured; what was not run is marked so.
    """
    seconds = _seconds_of_whole(context)
    for size in (RUN, *LARGER):
        yield BenchmarkResult(
            SUITE,
            f'cache of {size:,} persons',
            seconds * size / RUN / 60,
            unit='min',
            note='run' if size == RUN else 'extrapolated, not run',
        )
    what = 'cache generation'
    yield compare(context, SUITE, what, of_one_process, 'persons/s')


def _seconds_of_whole(context: BenchmarkContext) -> float:
    """Make a cache of so many persons, from the first to the last step."""
    folder = context.folder / 'growth'
    folder.mkdir()
    large = replace(context, folder=folder, images=RUN)
    with _one_thread():
        writer = large.cache_writer(
            'run',
            workers=WORKERS,
            batch_size=CacheJob.batch_size,
            max_samples=RUN,
        )
        return seconds_of(lambda: make_cache(writer), context.device)


def of_one_process(context: BenchmarkContext, rank: int, count: int) -> Share:
    """Get ready to make a cache beside other processes.

    Args:
        context: Where and how.
        rank: Number of this process.
        count: How many there are.

    Returns:
        The making of a cache of its own.
    """
    # its own images, loaded in its own process: two cores, two processes
    writer = context.cache_writer(
        f'rank{rank}of{count}', batch_size=CacheJob.batch_size
    )
    return Share(lambda: write_parts(writer), len(writer.ids), context.device)


@contextmanager
def _one_thread() -> Iterator[None]:
    """One CPU thread, as tools/generate_solvability_cache.py has it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
