"""Reuse freed memory between training steps on a CPU."""

import ctypes

from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # of glibc's malloc.h
_NEVER = -1


@HOOKS.register_module()
class KeepMemoryHook(Hook):
    """Call :func:`keep_freed_memory` before a run on a CPU."""

    def before_run(self, runner: Runner) -> None:
        """Keep freed memory if the model is on a CPU.

        Args:
            runner: The runner that is about to start.
        """
        if next(runner.model.parameters()).device.type == 'cpu':
            keep_freed_memory()


def keep_freed_memory() -> bool:
    """Stop glibc from returning freed memory to the operating system.

    A training step on a CPU frees gigabytes; if they are returned, the
    system has to zero them again, page by page, in the next step.

    Returns:
        Whether the C library supports and accepted the setting.
    """
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is None:
        return False
    return all([mallopt(_TRIM_THRESHOLD, _NEVER), mallopt(_MMAP_MAX, 0)])
