"""Throughput of two processes against one."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from typing import NamedTuple

import torch
from mmengine.model import MMDistributedDataParallel

from .context import BenchmarkContext
from .results import BenchmarkResult
from .spawning import SPAWN, run_in_processes
from .timing import Work, time_once

_STEPS = 5


class Workload(NamedTuple):
    """The work of one process.

    Args:
        work: Function that is called twice; the second call is timed.
        amount: Images or persons that one call processes.
    """

    work: Work
    amount: int


# called in each process with context, rank and number of processes
Prepare = Callable[[BenchmarkContext, int, int], Workload]


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Compare training in two processes with training in one.

    Args:
        context: Data and device; on GPUs each process has its own.

    Yields:
        The ratio of the rates.
    """
    name = 'selfverify_cycle step'
    if context.device.type == 'cuda' and torch.cuda.device_count() < 2:
        yield BenchmarkResult(
            f'{name}, two GPUs', float('nan'), note='one GPU'
        )
    else:
        yield compare(context, name, prepare_training, 'images/s')


def compare(
    context: BenchmarkContext, name: str, prepare: Prepare, unit: str
) -> BenchmarkResult:
    """Compare two processes with one that has the work of each.

    Args:
        context: Data and device; on a CPU a process has one thread.
        name: Name of the work.
        prepare: Function of a module that prepares the work of a process.
        unit: Unit of the work's amount per second.

    Returns:
        The ratio of their rates.
    """
    one, two = (rate_of(context, count, prepare) for count in (1, 2))
    return BenchmarkResult(
        f'{name}, two processes against one',
        two / one,
        unit='× one',
        note=f'{two:,.1f} against {one:,.1f} {unit}',
        details={'one': one, 'two': two},
    )


def rate_of(context: BenchmarkContext, count: int, prepare: Prepare) -> float:
    """Measure the common rate of processes that run at once.

    Args:
        context: Data and device.
        count: Number of processes.
        prepare: Function of a module that prepares the work of a process.

    Returns:
        Amount of all processes per second of the slowest one.
    """
    context.write_inputs()
    barrier = SPAWN.Barrier(count)
    calls = [(context, rank, count, prepare, barrier) for rank in range(count)]
    results = run_in_processes(_run, calls)
    amount = sum(amount for amount, _ in results)
    return amount / max(seconds for _, seconds in results)


def _run(
    context: BenchmarkContext,
    rank: int,
    count: int,
    prepare: Prepare,
    barrier: Barrier,
) -> tuple[int, float]:
    torch.set_num_threads(1)
    load = prepare(context, rank, count)
    load.work()
    barrier.wait()
    result = load.amount, time_once(load.work, context.device)
    if torch.distributed.is_initialized():
        # a model that still held the group would end it under the
        # interpreter's lock, which gloo's threads may wait for
        del load
        torch.distributed.destroy_process_group()
    return result


def prepare_training(
    context: BenchmarkContext, rank: int, count: int
) -> Workload:
    """Prepare one process of a distributed training.

    Args:
        context: Data and device.
        rank: Index of this process.
        count: Number of processes; there is nothing to distribute in one.

    Returns:
        Training steps on a batch of this process.
    """
    on_gpu = context.device.type == 'cuda'
    if on_gpu:
        torch.cuda.set_device(rank)
    training = context.training('selfverify_cycle')
    if count > 1:
        torch.distributed.init_process_group(
            'nccl' if on_gpu else 'gloo',
            init_method=f'file://{context.folder}/{count}_processes',
            rank=rank,
            world_size=count,
        )
        model = MMDistributedDataParallel(
            training.model, device_ids=[rank] if on_gpu else None
        )
        training = replace(training, model=model)

    def take_steps() -> None:
        for _ in range(_STEPS):
            training.step()

    return Workload(take_steps, _STEPS * context.batch_size)
