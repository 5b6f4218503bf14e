"""Let a CPU training keep the memory it needs again in the next step."""

import ctypes

from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # of glibc's malloc.h
_NEVER = -1


@HOOKS.register_module()
class KeepMemoryHook(Hook):
    """Before a run on a CPU, see :func:`keep_freed_memory`."""

    def before_run(self, runner: Runner) -> None:
        """Keep freed memory from now on.

        Args:
            runner: The runner that is about to start.
        """
        if next(runner.model.parameters()).device.type == 'cpu':
            keep_freed_memory()


def keep_freed_memory() -> bool:
    """Give no freed memory back to the system, where glibc allocates.

    A step on a CPU frees gigabytes, which the system would have to clear
    again, page by page, in the next one.

    Returns:
        Whether this C library can.
    """
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is None:
        return False
    return all([mallopt(_TRIM_THRESHOLD, _NEVER), mallopt(_MMAP_MAX, 0)])
