"""A bfloat16 backbone on CPUs that do not compute in bfloat16."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.registry import OPTIM_WRAPPERS
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from self_verify_pose.engine.optim_wrapper import BFloat16OptimWrapper


@OPTIM_WRAPPERS.register_module()
class EmulatedBFloat16OptimWrapper(BFloat16OptimWrapper):
    """The wrapper of ``FAST=1``, with convolutions in float32.

    Input, weight, output and their gradients are rounded to bfloat16, and sums
    are float32, as the hardware does it. Everything else of the backbone runs
    in bfloat16. For accuracy alone: what it takes in time is not that of
    bfloat16.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Run the forward pass of a step with a bfloat16 backbone.

        Args:
            model: The model that is trained.

        Yields:
            None, while the backbone runs in bfloat16.
        """
        with super().optim_context(model), _RoundedConvolutions():
            yield


class _RoundedConvolutions(TorchFunctionMode):
    """Convolutions under autocast take and give bfloat16."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        convolution: Callable[..., Any] = functional.conv2d
        if func is not convolution or not torch.is_autocast_enabled('cpu'):
            return func(*args, **(kwargs or {}))
        # input, weight, bias, and what is no tensor
        rounded = [
            one.bfloat16().float() if isinstance(one, Tensor) else one
            for one in args
        ]
        with torch.autocast('cpu', enabled=False):
            return func(*rounded, **(kwargs or {})).bfloat16()
