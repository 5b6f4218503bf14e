"""Peak memory of a training step.

A CPU's peak is read from ``/proc``, since the one of ``resource.getrusage``
starts with the peak of the parent process.
"""

from pathlib import Path

import torch

from .context import BenchmarkContext
from .spawning import run_in_processes

_STEPS = 2
# code of a process that runs a tool and then prints 'measured', its seconds of
# processor time and its peak in KiB, and imports nothing for it
MEASURED_TOOL = """
import os, pathlib, runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name='__main__')
finally:
    status = pathlib.Path('/proc/self/status').read_text()
    peak = status.split('VmHWM:')[1].split()[0]
    print('measured', os.times().user, peak)
"""


def peak_of_steps(context: BenchmarkContext, name: str) -> int:
    """Measure the peak memory of training steps in a new process.

    Args:
        context: Data and device.
        name: Config of the training.

    Returns:
        Bytes: on a GPU the most that was allocated at once; on a CPU the
        peak of the process minus its memory before the network was built.
    """
    context.write_inputs()  # here: the new process must not draw the data
    (peak,) = run_in_processes(_peak_of_this_process, [(context, name)])
    return peak


def _peak_of_this_process(context: BenchmarkContext, name: str) -> int:
    on_gpu = context.device.type == 'cuda'
    before = 0 if on_gpu else read_status('VmRSS')
    training = context.training(name)
    for _ in range(_STEPS):
        training.step()
    if on_gpu:
        return torch.cuda.max_memory_allocated(context.device)
    return read_status('VmHWM') - before


def read_status(name: str) -> int:
    """Read how much memory this process holds, from Linux.

    Args:
        name: ``'VmRSS'`` (now) or ``'VmHWM'`` (at its peak).

    Returns:
        Bytes of resident memory.

    Raises:
        RuntimeError: If the system does not say.
    """
    path = Path('/proc/self/status')
    for line in path.read_text().splitlines() if path.exists() else ():
        key, _, value = line.partition(':')
        if key == name:
            return int(value.split()[0]) * 1024
    raise RuntimeError(
        f'expected {name} in {path}, found none; peak memory on a CPU is '
        'measured on Linux only'
    )
