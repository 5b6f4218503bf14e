"""What a cache of a teacher's labels costs."""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from ...datasets.cache_generation import CacheJob, CacheMaker
from .rows import Row
from .setting import BASELINE, Setting
from .timing import alternate

SUITE = 'teacher'
BAR = 0.9
TRAIN2017 = 149_813
SIZES = (1_000, 10_000, 150_000, TRAIN2017)
WORKERS = 2


def measure(setting: Setting) -> Iterator[Row]:
    """Measure how fast a cache is made.

    Args:
        setting: Where and how.

    Yields:
        What was measured.
    """
    with _one_thread():
        maker = setting.cache_maker(
            'rate', workers=WORKERS, batch_size=CacheJob.batch_size
        )
        plain = setting.model(setting.config(BASELINE)).eval()
        found = alternate(
            lambda: make(maker),
            lambda: run_forward(plain, maker),
            setting.plan,
            setting.device,
        )
    details, persons = found.details(), len(maker.ids)
    rate = persons / details['seconds']
    yield Row(
        SUITE,
        'cache generation, rate against the plain forward pass',
        1 / found.ratio,
        bar=BAR,
        at_least=True,
        note=f'{rate:,.1f} persons/s, measured on {persons}',
        details={**details, 'persons': persons, 'persons per second': rate},
    )
    if setting.growth:
        yield from _growth(setting, rate)


def make(maker: CacheMaker) -> None:
    """Judge all persons of a cache."""
    for _ in maker.run():
        pass


@torch.no_grad()
def run_forward(plain: nn.Module, maker: CacheMaker) -> None:
    """Run plain RTMPose-S, and nothing else, over the crops of a cache."""
    for batch in maker.loader(range(len(maker.batches))):
        inputs = plain.data_preprocessor(batch)['inputs']
        plain.head.forward(plain.extract_feat(inputs))


def _growth(setting: Setting, rate: float) -> Iterator[Row]:
    for size in SIZES:
        yield Row(
            SUITE,
            f'cache of {size:,} persons',
            size / rate / 60,
            unit='min',
            note='extrapolated from the rate, not run',
        )
    one, two = (_rate_together(setting, count) for count in (1, 2))
    yield Row(
        SUITE,
        'cache generation, two processes against one',
        two / one,
        unit='× one',
        note=f'{two:,.1f} against {one:,.1f} persons/s',
        details={'one': one, 'two': two},
    )


def _rate_together(setting: Setting, count: int) -> float:
    """Persons per second of so many processes at once."""
    context = multiprocessing.get_context('spawn')
    _ = setting.checkpoint  # made here, not in each of them
    gate, results = context.Barrier(count), context.SimpleQueue()
    processes = [
        context.Process(
            target=_one_process, args=(setting, rank, gate, results)
        )
        for rank in range(count)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        if process.exitcode:
            raise RuntimeError(
                'expected a process to make its cache, found that it ended '
                f'with code {process.exitcode}; see its message above'
            )
    found = [results.get() for _ in processes]
    persons = sum(number for number, _ in found)
    return persons / max(seconds for _, seconds in found)


def _one_process(
    setting: Setting, rank: int, gate: object, results: object
) -> None:
    torch.set_num_threads(1)
    # its own images, loaded in its own process: two cores, two processes
    maker = setting.cache_maker(f'rank{rank}', batch_size=CacheJob.batch_size)
    make(maker)
    gate.wait()
    begin = time.perf_counter()
    make(maker)
    results.put((len(maker.ids), time.perf_counter() - begin))


@contextmanager
def _one_thread() -> Iterator[None]:
    """One CPU thread, as tools/generate_solvability_cache.py has it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
