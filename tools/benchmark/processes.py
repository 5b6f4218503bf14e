"""What several processes do at once."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from typing import NamedTuple

import torch
from mmengine.model import MMDistributedDataParallel

from self_verify_pose.tools.benchmark.context import (
    SELFVERIFY,
    BenchmarkContext,
)
from self_verify_pose.tools.benchmark.results import BenchmarkResult
from self_verify_pose.tools.benchmark.spawning import (
    CONTEXT,
    in_new_processes,
)
from self_verify_pose.tools.benchmark.timing import Work, seconds_of

SUITE = 'step'
_STEPS = 5


class Share(NamedTuple):
    """What one process does.

    Args:
        work: It, once; runs twice, and the second time counts.
        amount: How many images or persons that are.
        device: Where it runs.
    """

    work: Work
    amount: int
    device: torch.device


Prepare = Callable[[BenchmarkContext, int, int], Share]


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Compare training in two processes with one.

    Args:
        context: Where and how; on a GPU every process has its own.

    Yields:
        What was measured.
    """
    what = 'selfverify_cycle step'
    on_gpu = context.device.type == 'cuda'
    if on_gpu and torch.cuda.device_count() < 2:
        yield BenchmarkResult(
            SUITE, f'{what}, two GPUs', float('nan'), note='one GPU'
        )
    else:
        yield compare(context, SUITE, what, train, 'images/s')


def compare(
    context: BenchmarkContext,
    suite: str,
    what: str,
    prepare: Prepare,
    unit: str,
) -> BenchmarkResult:
    """Compare two processes with one that has as much to do as each.

    Args:
        context: Where and how; on a CPU a process has one thread.
        suite: Part of the benchmark.
        what: What is done.
        prepare: Function of a module that gets ready in a process; it is
            given the context, the number of the process, and how many there
            are.
        unit: What its amount is per second.

    Returns:
        The ratio of their rates.
    """
    one, two = (rate_together(context, count, prepare) for count in (1, 2))
    return BenchmarkResult(
        suite,
        f'{what}, two processes against one',
        two / one,
        unit='× one',
        note=f'{two:,.1f} against {one:,.1f} {unit}',
        details={'one': one, 'two': two},
    )


def rate_together(
    context: BenchmarkContext, count: int, prepare: Prepare
) -> float:
    """Measure processes that run at once.

    Args:
        context: Where and how.
        count: Processes.
        prepare: See :func:`compare`.

    Returns:
        What all do together per second.

    Raises:
        RuntimeError: If a process fails.
    """
    _ = context.checkpoint, context.root  # made here, not in each of them
    gate = CONTEXT.Barrier(count)
    found = in_new_processes(
        _run, [(context, rank, count, prepare, gate) for rank in range(count)]
    )
    amount = sum(number for number, _ in found)
    return amount / max(seconds for _, seconds in found)


def _run(
    context: BenchmarkContext,
    rank: int,
    count: int,
    prepare: Prepare,
    gate: Barrier,
) -> tuple[int, float]:
    torch.set_num_threads(1)
    share = prepare(context, rank, count)
    share.work()
    gate.wait()
    result = share.amount, seconds_of(share.work, share.device)
    if torch.distributed.is_initialized():
        # a model that still held the group would end it under the
        # interpreter's lock, which gloo's threads may wait for
        del share
        torch.distributed.destroy_process_group()
    return result


def train(context: BenchmarkContext, rank: int, count: int) -> Share:
    """Get ready for steps of one training in several processes.

    Args:
        context: Where and how.
        rank: Number of this process.
        count: How many there are.

    Returns:
        The steps; every process has a batch of its own.
    """
    device, on_gpu = context.device, context.device.type == 'cuda'
    if on_gpu:
        device = torch.device('cuda', rank)
    training = replace(context, device=device).training(
        context.config(SELFVERIFY)
    )
    if count > 1:
        torch.distributed.init_process_group(
            'nccl' if on_gpu else 'gloo',
            init_method=f'file://{context.folder}/{count}_processes',
            rank=rank,
            world_size=count,
        )
        training = replace(
            training,
            model=MMDistributedDataParallel(
                training.model, device_ids=[device] if on_gpu else None
            ),
        )

    def steps() -> None:
        for _ in range(_STEPS):
            training.step()

    return Share(steps, _STEPS * context.batch_size, device)
