"""Effect of optimizations on a training step, and its roofline."""

from collections.abc import Iterator
from typing import NamedTuple

import torch

from .context import BenchmarkContext, Changes, TrainingSetup
from .results import BenchmarkResult, result_of
from .roofline import count_step, measure_device_limits


class Optimization(NamedTuple):
    """A way to make a training step faster.

    Args:
        name: Its name.
        changes: Options to set in the config.
        channels_last: Store the weights of convolutions channels last.
        gpu_only: Measure it on GPUs only.
    """

    name: str
    changes: Changes
    channels_last: bool = False
    gpu_only: bool = False


_BFLOAT16 = {'optim_wrapper.type': 'BFloat16OptimWrapper'}
_FLOAT16 = {
    'optim_wrapper.type': 'AmpOptimWrapper',
    'optim_wrapper.loss_scale': 'dynamic',
}
OPTIMIZATIONS = (
    Optimization('channels_last', {}, True),
    Optimization('bfloat16 backbone', _BFLOAT16),
    Optimization('channels_last and bfloat16', _BFLOAT16, True),
    Optimization('float16 (AmpOptimWrapper)', _FLOAT16, gpu_only=True),
    Optimization('channels_last and float16', _FLOAT16, True, gpu_only=True),
    Optimization(
        'gradients of 4 batches accumulated',
        {'optim_wrapper.accumulative_counts': 4},
    ),
)


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Compare the selfverify_cycle step with and without optimizations.

    Args:
        context: Data, device and plan.

    Yields:
        Ratios to the step without them, and the roofline of a plain step.
    """
    reference = context.training('selfverify_cycle')
    for optimization in OPTIMIZATIONS:
        if optimization.gpu_only and context.device.type != 'cuda':
            continue
        training = context.training('selfverify_cycle', optimization.changes)
        if optimization.channels_last:
            training.model.to(memory_format=torch.channels_last)
        yield _compare(context, optimization.name, training, reference)
    if context.compile:
        training = context.training('selfverify_cycle')
        training.model.backbone.compile()
        yield _compare(context, 'compiled backbone', training, reference)
    yield from _measure_roofline(context)


def _compare(
    context: BenchmarkContext,
    name: str,
    training: TrainingSetup,
    reference: TrainingSetup,
) -> BenchmarkResult:
    timing = context.compare(training.step, reference.step)
    return result_of(
        f'with {name}', timing, context.batch_size, unit='× without'
    )


def _measure_roofline(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    plain = context.training('baseline')
    seconds = context.seconds(plain.step)
    operations, moved = count_step(plain)
    limits = measure_device_limits(context.device)
    for name, least in (
        ('operations', operations / limits.operations),
        ('bytes', moved / limits.bytes),
    ):
        yield BenchmarkResult(
            f'plain step against its roofline by {name}',
            seconds / least,
            unit='× roofline',
            note=f'{seconds:.3f} s against {least:.3f} s',
            details={
                'operations': operations,
                'bytes': moved,
                'operations per second': limits.operations,
                'bytes per second': limits.bytes,
            },
        )
