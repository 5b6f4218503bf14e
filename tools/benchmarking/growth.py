"""How the cost of a step grows with the batch."""

from collections.abc import Callable, Iterator

import torch

from .rows import Row
from .setting import BASELINE, SELFVERIFY, Setting, first_batch
from .timing import Plan, median_seconds

SUITE = 'step'
CPU_SIZES = (1, 2, 4, 8, 16, 32, 64)
GPU_SIZES = tuple(2**power for power in range(13))
_PLAN = Plan(repeats=3, warmup=1)


def measure(setting: Setting) -> Iterator[Row]:
    """Measure images per second of training, prediction and caches.

    On a GPU the batch is doubled until the card is full.

    Args:
        setting: Where; few runs per size.

    Yields:
        What was measured.
    """
    on_cpu = setting.device.type == 'cpu'
    sizes = CPU_SIZES if on_cpu else GPU_SIZES
    for what, prepare in (
        ('plain step', _training(setting, BASELINE)),
        ('selfverify_cycle step', _training(setting, SELFVERIFY)),
        ('predict with trust and flip test', _prediction(setting)),
        ('network and teacher of a cache', _labelling(setting)),
    ):
        for size in sizes:
            try:
                seconds = median_seconds(prepare(size), _PLAN, setting.device)
            except torch.cuda.OutOfMemoryError:
                yield _row(f'{what}, batch of {size}', float('nan'), 'full')
                break
            yield _row(
                f'{what}, batch of {size}',
                size / seconds,
                f'{1 / seconds:,.2f} steps/s',
            )


def _row(what: str, value: float, note: str) -> Row:
    return Row(SUITE, what, value, unit='images/s', note=note)


def _training(
    setting: Setting, name: str
) -> Callable[[int], Callable[[], None]]:
    def prepare(size: int) -> Callable[[], None]:
        return setting.trainee(setting.config(name), size).step

    return prepare


def _prediction(setting: Setting) -> Callable[[int], Callable[[], None]]:
    config = setting.config(SELFVERIFY)
    model = setting.model(config).eval()

    def prepare(size: int) -> Callable[[], None]:
        batch = setting.batch(config, 'val', size)
        return torch.no_grad()(lambda: model.test_step(dict(batch)))

    return prepare


def _labelling(setting: Setting) -> Callable[[int], Callable[[], object]]:
    maker = setting.cache_maker('growth')

    def prepare(size: int) -> Callable[[], object]:
        batch = first_batch(maker.dataset, size)
        return lambda: maker.label(batch)

    return prepare
