"""How the cost of a step grows with the batch."""

from collections.abc import Callable, Iterator

import torch

from self_verify_pose.tools.benchmark.context import (
    BASELINE,
    SELFVERIFY,
    BenchmarkContext,
    first_batch,
)
from self_verify_pose.tools.benchmark.results import BenchmarkResult
from self_verify_pose.tools.benchmark.timing import Plan, median_seconds

SUITE = 'step'
CPU_SIZES = (1, 2, 4, 8, 16, 32, 64)
GPU_SIZES = tuple(2**power for power in range(13))
_PLAN = Plan(repeats=3, warmup=1)


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Measure images per second of training, prediction and caches.

    On a GPU the batch is doubled until the card is full.

    Args:
        context: Where; few runs per size.

    Yields:
        What was measured.
    """
    on_cpu = context.device.type == 'cpu'
    sizes = CPU_SIZES if on_cpu else GPU_SIZES
    for what, prepare in (
        ('plain step', _training(context, BASELINE)),
        ('selfverify_cycle step', _training(context, SELFVERIFY)),
        ('predict with trust and flip test', _prediction(context)),
        ('network and teacher of a cache', _labeling(context)),
    ):
        for size in sizes:
            try:
                seconds = median_seconds(prepare(size), _PLAN, context.device)
            except torch.cuda.OutOfMemoryError:
                yield _row(f'{what}, batch of {size}', float('nan'), 'full')
                break
            yield _row(
                f'{what}, batch of {size}',
                size / seconds,
                f'{1 / seconds:,.2f} steps/s',
            )


def _row(what: str, value: float, note: str) -> BenchmarkResult:
    return BenchmarkResult(SUITE, what, value, unit='images/s', note=note)


def _training(
    context: BenchmarkContext, name: str
) -> Callable[[int], Callable[[], None]]:
    def prepare(size: int) -> Callable[[], None]:
        return context.training(context.config(name), size).step

    return prepare


def _prediction(
    context: BenchmarkContext,
) -> Callable[[int], Callable[[], None]]:
    config = context.config(SELFVERIFY)
    model = context.model(config).eval()

    def prepare(size: int) -> Callable[[], None]:
        batch = context.batch(config, 'val', size)
        return torch.no_grad()(lambda: model.test_step(dict(batch)))

    return prepare


def _labeling(
    context: BenchmarkContext,
) -> Callable[[int], Callable[[], object]]:
    writer = context.cache_writer('growth')

    def prepare(size: int) -> Callable[[], object]:
        batch = first_batch(writer.dataset, size)
        return lambda: writer.label(batch)

    return prepare
