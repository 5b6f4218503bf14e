"""Work in processes of its own."""

from collections.abc import Callable, Sequence
from multiprocessing.queues import SimpleQueue
from typing import Any

from torch import multiprocessing

from self_verify_pose.tools.benchmark.silence import quiet

CONTEXT = multiprocessing.get_context('spawn')


def in_new_processes(
    work: Callable[..., Any], calls: Sequence[tuple]
) -> list[Any]:
    """Call a function in fresh processes at once, once in each.

    Args:
        work: Function of a module.
        calls: Its arguments in each process; they are pickled.

    Returns:
        What each call returns; a few numbers, which a pipe can hold.

    Raises:
        RuntimeError: If one fails; the others are ended.
    """
    results = CONTEXT.SimpleQueue()
    try:
        multiprocessing.spawn(_call, (work, calls, results), len(calls))
    except (
        multiprocessing.ProcessExitedException,
        multiprocessing.ProcessRaisedException,
    ) as error:
        raise RuntimeError(
            f'expected processes to end well, found that one fails: {error}'
        ) from None
    found = dict(results.get() for _ in calls)
    return [found[rank] for rank in range(len(calls))]


def _call(
    rank: int,
    work: Callable[..., Any],
    calls: Sequence[tuple],
    results: SimpleQueue,
) -> None:
    with quiet():
        results.put((rank, work(*calls[rank])))
