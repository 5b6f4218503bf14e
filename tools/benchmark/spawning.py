"""Results of a function that runs in new processes.

``torch.multiprocessing.spawn`` starts, watches and ends the processes but
returns nothing; a queue brings the results back.
"""

from collections.abc import Callable, Sequence
from multiprocessing.queues import SimpleQueue
from typing import Any

from torch import multiprocessing

from .silence import silence

SPAWN = multiprocessing.get_context('spawn')


def run_in_processes(
    function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]
) -> list[Any]:
    """Call a function in new processes at once, once in each.

    Args:
        function: Function of a module.
        calls: Its arguments in each process; they are pickled.

    Returns:
        The result of each call, small enough for the buffer of a pipe.

    Raises:
        ProcessRaisedException: If a call raises; the others are ended.
        ProcessExitedException: If a process dies; the others are ended.
    """
    queue = SPAWN.SimpleQueue()
    multiprocessing.spawn(_call, (function, calls, queue), len(calls))
    results = dict(queue.get() for _ in calls)
    return [results[rank] for rank in range(len(calls))]


def _call(
    rank: int,
    function: Callable[..., Any],
    calls: Sequence[tuple[Any, ...]],
    queue: 'SimpleQueue[tuple[int, Any]]',
) -> None:
    with silence():
        queue.put((rank, function(*calls[rank])))
