"""What makes a training step faster, and what bounds it."""

from collections.abc import Iterator

import torch

from self_verify_pose.tools.benchmark.context import (
    BASELINE,
    SELFVERIFY,
    BenchmarkContext,
    Changes,
    TrainingSetup,
)
from self_verify_pose.tools.benchmark.results import BenchmarkResult, result_of
from self_verify_pose.tools.benchmark.roofline import (
    count_step,
    machine_limits,
)
from self_verify_pose.tools.benchmark.steps import compare
from self_verify_pose.tools.benchmark.timing import median_seconds

SUITE = 'step'
_BFLOAT16 = {'optim_wrapper.type': 'BFloat16OptimWrapper'}
_FLOAT16 = {
    'optim_wrapper.type': 'AmpOptimWrapper',
    'optim_wrapper.loss_scale': 'dynamic',
}


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Try speed-ups on the selfverify_cycle step.

    Args:
        context: Where and how.

    Yields:
        Ratios to the same step without them, and the floor of a plain step.
    """
    reference = context.training(context.config(SELFVERIFY))
    for what, changes, channels_last in _ways(context):
        training = context.training(context.config(SELFVERIFY, changes))
        if channels_last:
            training.model.to(memory_format=torch.channels_last)
        yield _row(context, what, training, reference)
    if context.compile:
        training = context.training(context.config(SELFVERIFY))
        training.model.backbone.compile()
        yield _row(context, 'compiled backbone', training, reference)
    yield from _floor(context)


def _ways(context: BenchmarkContext) -> Iterator[tuple[str, Changes, bool]]:
    yield 'channels_last', {}, True
    yield 'bfloat16 backbone', _BFLOAT16, False
    yield 'channels_last and bfloat16', _BFLOAT16, True
    if context.device.type == 'cuda':
        yield 'float16 (AmpOptimWrapper)', _FLOAT16, False
        yield 'channels_last and float16', _FLOAT16, True
    accumulate = {'optim_wrapper.accumulative_counts': 4}
    yield 'gradients of 4 batches accumulated', accumulate, False


def _row(
    context: BenchmarkContext,
    what: str,
    training: TrainingSetup,
    reference: TrainingSetup,
) -> BenchmarkResult:
    return result_of(
        SUITE,
        f'with {what}',
        compare(context, training, reference),
        context.batch_size,
        unit='× without',
    )


def _floor(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    plain = context.training(context.config(BASELINE))
    seconds = median_seconds(plain.step, context.plan, context.device)
    operations, moved = count_step(plain)
    limits = machine_limits(context.device)
    for what, least in (
        ('operations', operations / limits.operations),
        ('bytes', moved / limits.bytes),
    ):
        yield BenchmarkResult(
            SUITE,
            f'plain step above its floor by {what}',
            seconds / least,
            unit='× floor',
            note=f'{seconds:.3f} s against {least:.3f} s',
            details={
                'operations': operations,
                'bytes': moved,
                'operations per second': limits.operations,
                'bytes per second': limits.bytes,
            },
        )
