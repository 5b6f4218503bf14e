"""What a cache of a teacher's labels costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import nn

from ...datasets.cache_generation import CacheJob, CacheMaker
from .processes import Share, compare
from .rows import Row
from .setting import BASELINE, Setting, judge_all, make_cache
from .timing import alternate, seconds_of

SUITE = 'teacher'
BAR = 0.9
RUN = 1_000
TRAIN2017 = 149_813
LARGER = (10_000, 150_000, TRAIN2017)
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
            lambda: judge_all(maker),
            lambda: run_forward(plain, maker),
            setting.plan.times(3),
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


@torch.no_grad()
def run_forward(plain: nn.Module, maker: CacheMaker) -> None:
    """Run plain RTMPose-S, and nothing else, over the crops of a cache."""
    for batch in maker.loader(range(len(maker.batches))):
        inputs = plain.data_preprocessor(batch)['inputs']
        plain.head.forward(plain.extract_feat(inputs))


def growth(setting: Setting) -> Iterator[Row]:
    """Measure how the time of a cache grows, and what processes gain.

    Args:
        setting: Where and how.

    Yields:
        What was measured; what was not run is marked so.
    """
    seconds = _seconds_of_whole(setting)
    for size in (RUN, *LARGER):
        yield Row(
            SUITE,
            f'cache of {size:,} persons',
            seconds * size / RUN / 60,
            unit='min',
            note='run' if size == RUN else 'extrapolated, not run',
        )
    what = 'cache generation'
    yield compare(setting, SUITE, what, of_one_process, 'persons/s')


def _seconds_of_whole(setting: Setting) -> float:
    """Make a cache of so many persons, from the first to the last step."""
    folder = setting.folder / 'growth'
    folder.mkdir()
    large = replace(setting, folder=folder, images=RUN)
    with _one_thread():
        maker = large.cache_maker(
            'run',
            workers=WORKERS,
            batch_size=CacheJob.batch_size,
            max_samples=RUN,
        )
        return seconds_of(lambda: make_cache(maker), setting.device)


def of_one_process(setting: Setting, rank: int, count: int) -> Share:
    """Get ready to make a cache beside other processes.

    Args:
        setting: Where and how.
        rank: Number of this process.
        count: How many there are.

    Returns:
        The making of a cache of its own.
    """
    # its own images, loaded in its own process: two cores, two processes
    maker = setting.cache_maker(
        f'rank{rank}of{count}', batch_size=CacheJob.batch_size
    )
    return Share(lambda: judge_all(maker), len(maker.ids), setting.device)


@contextmanager
def _one_thread() -> Iterator[None]:
    """One CPU thread, as tools/generate_solvability_cache.py has it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
