"""How much memory a step takes at most."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from .setting import Setting

_STEPS = 2


def peak_of_steps(setting: Setting, name: str) -> int:
    """Take steps in a process of its own.

    Args:
        setting: Where and how.
        name: Config of the training.

    Returns:
        Bytes: on a GPU the most that was allocated; on a CPU by how much
        the process has grown at most since before its network was built.
    """
    measure = _on_gpu if setting.device.type == 'cuda' else _on_cpu
    _ = setting.root  # drawn here, not there
    return in_new_process(measure, setting, name)


def in_new_process(work: Callable[..., int], *arguments: object) -> int:
    """Call a function in a fresh process.

    Args:
        work: Function of a module.
        *arguments: Its arguments; they are pickled.

    Returns:
        What it returns.

    Raises:
        RuntimeError: If the process fails; its message is on stderr.
    """
    context = multiprocessing.get_context('spawn')
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(sender, work, arguments))
    process.start()
    sender.close()
    try:
        return receiver.recv()
    except EOFError:
        raise RuntimeError(
            f'expected a result of {work.__name__}, found that its process '
            'has ended without; see its message above'
        ) from None
    finally:
        process.join()


def _call(
    sender: Connection, work: Callable[..., int], arguments: tuple
) -> None:
    sender.send(work(*arguments))


def _on_cpu(setting: Setting, name: str) -> int:
    before = _status('VmRSS')
    _take_steps(setting, name)
    return _status('VmHWM') - before


def _on_gpu(setting: Setting, name: str) -> int:
    _take_steps(setting, name)
    return torch.cuda.max_memory_allocated(setting.device)


def _take_steps(setting: Setting, name: str) -> None:
    trainee = setting.trainee(setting.config(name))
    for _ in range(_STEPS):
        trainee.step()


def _status(name: str) -> int:
    """Read bytes from Linux; ru_maxrss would start with the parent's."""
    for line in Path('/proc/self/status').read_text().splitlines():
        key, _, value = line.partition(':')
        if key == name:
            return int(value.split()[0]) * 1024
    raise RuntimeError(
        f'expected {name} in /proc/self/status, found none; peak memory on '
        'a CPU is measured on Linux only'
    )
