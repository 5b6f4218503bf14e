"""Lay weights out the way convolutions are fastest."""

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Store convolution weights channels last, which maps then follow.

    Faster on CPUs and with tensor cores; the numbers stay the same up to
    the order of sums.
    """

    def before_run(self, runner: Runner) -> None:
        """Convert the weights.

        Args:
            runner: The runner that is about to start.
        """
        runner.model.to(memory_format=torch.channels_last)
