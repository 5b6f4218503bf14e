"""What makes a training step faster, and what bounds it."""

from collections.abc import Iterator

import torch

from .floor import count_step, machine_limits
from .rows import Row, row_of
from .setting import BASELINE, SELFVERIFY, Changes, Setting, Trainee
from .steps import compare
from .timing import median_seconds

SUITE = 'step'
_BFLOAT16 = {'optim_wrapper.type': 'BFloat16OptimWrapper'}
_FLOAT16 = {
    'optim_wrapper.type': 'AmpOptimWrapper',
    'optim_wrapper.loss_scale': 'dynamic',
}


def measure(setting: Setting) -> Iterator[Row]:
    """Try speed-ups on the selfverify_cycle step.

    Args:
        setting: Where and how.

    Yields:
        Ratios to the same step without them, and the floor of a plain step.
    """
    reference = setting.trainee(setting.config(SELFVERIFY))
    for what, changes, channels_last in _ways(setting):
        trainee = setting.trainee(setting.config(SELFVERIFY, changes))
        if channels_last:
            trainee.model.to(memory_format=torch.channels_last)
        yield _row(setting, what, trainee, reference)
    if setting.compile:
        trainee = setting.trainee(setting.config(SELFVERIFY))
        trainee.model.backbone.compile()
        yield _row(setting, 'compiled backbone', trainee, reference)
    yield from _floor(setting)


def _ways(setting: Setting) -> Iterator[tuple[str, Changes, bool]]:
    yield 'channels_last', {}, True
    yield 'bfloat16 backbone', _BFLOAT16, False
    yield 'channels_last and bfloat16', _BFLOAT16, True
    if setting.device.type == 'cuda':
        yield 'float16 (AmpOptimWrapper)', _FLOAT16, False
        yield 'channels_last and float16', _FLOAT16, True
    accumulate = {'optim_wrapper.accumulative_counts': 4}
    yield 'gradients of 4 batches accumulated', accumulate, False


def _row(
    setting: Setting, what: str, trainee: Trainee, reference: Trainee
) -> Row:
    return row_of(
        SUITE,
        f'with {what}',
        compare(setting, trainee, reference),
        setting.batch_size,
        unit='× without',
    )


def _floor(setting: Setting) -> Iterator[Row]:
    plain = setting.trainee(setting.config(BASELINE))
    seconds = median_seconds(plain.step, setting.plan, setting.device)
    operations, moved = count_step(plain)
    limits = machine_limits(setting.device)
    for what, least in (
        ('operations', operations / limits.operations),
        ('bytes', moved / limits.bytes),
    ):
        yield Row(
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
