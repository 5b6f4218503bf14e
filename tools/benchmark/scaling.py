"""Throughput against the batch size."""

from collections.abc import Callable, Iterator
from functools import partial

import torch

from self_verify_pose.engine.cache_writer import CacheWriter

from .context import BenchmarkContext, first_batch
from .results import BenchmarkResult
from .timing import Plan, Work, median_seconds

CPU_SIZES = (1, 2, 4, 8, 16, 32, 64)
GPU_SIZES = tuple(2**power for power in range(13))
PLAN = Plan(repeats=3, warmup=1)


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Measure images per second of training, prediction and caches.

    On a GPU the batch is doubled until its memory is full.

    Args:
        context: Data and device; the plan is :data:`PLAN`.

    Yields:
        Images per second of each batch size; NaN where memory is full.
    """
    on_cpu = context.device.type == 'cpu'
    for name, prepare in _prepare_functions(context).items():
        for size in CPU_SIZES if on_cpu else GPU_SIZES:
            label = f'{name}, batch of {size}'
            try:
                seconds = median_seconds(prepare(size), PLAN, context.device)
            except torch.cuda.OutOfMemoryError:
                yield _result(label, float('nan'), 'memory full')
                break
            rate = f'{1 / seconds:,.2f} steps/s'
            yield _result(label, size / seconds, rate)


def _result(name: str, value: float, note: str) -> BenchmarkResult:
    return BenchmarkResult(name, value, unit='images/s', note=note)


def _prepare_functions(
    context: BenchmarkContext,
) -> dict[str, Callable[[int], Work]]:
    writer = context.cache_writer('scaling')
    return {
        'plain step': partial(_training, context, 'baseline'),
        'selfverify_cycle step': partial(
            _training, context, 'selfverify_cycle'
        ),
        'predict with trust and flip test': partial(_prediction, context),
        'network and teacher of a cache': partial(_labeling, writer),
    }


def _training(context: BenchmarkContext, name: str, size: int) -> Work:
    return context.training(name, size=size).step


def _prediction(context: BenchmarkContext, size: int) -> Work:
    config = context.config('selfverify_cycle')
    model = context.model(config).eval()
    batch = context.batch(config, 'val', size)
    return torch.no_grad()(lambda: model.test_step(dict(batch)))


def _labeling(writer: CacheWriter, size: int) -> Work:
    batch = first_batch(writer.dataset, size)
    return lambda: writer.label(batch)
