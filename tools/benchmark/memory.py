"""How much memory a step takes at most."""

from pathlib import Path

import torch

from self_verify_pose.tools.benchmark.context import BenchmarkContext
from self_verify_pose.tools.benchmark.spawning import in_new_processes

_STEPS = 2


def peak_of_steps(context: BenchmarkContext, name: str) -> int:
    """Take steps in a process of its own.

    Args:
        context: Where and how.
        name: Config of the training.

    Returns:
        Bytes: on a GPU the most that was allocated; on a CPU by how much
        the process has grown at most since before its network was built.
    """
    measure = _on_gpu if context.device.type == 'cuda' else _on_cpu
    _ = context.root  # drawn here, not there
    (peak,) = in_new_processes(measure, [(context, name)])
    return peak


def _on_cpu(context: BenchmarkContext, name: str) -> int:
    before = _status('VmRSS')
    _take_steps(context, name)
    return _status('VmHWM') - before


def _on_gpu(context: BenchmarkContext, name: str) -> int:
    _take_steps(context, name)
    return torch.cuda.max_memory_allocated(context.device)


def _take_steps(context: BenchmarkContext, name: str) -> None:
    training = context.training(context.config(name))
    for _ in range(_STEPS):
        training.step()


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
