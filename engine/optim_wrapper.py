"""Mixed precision training on GPUs and CPUs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIM_WRAPPERS
from torch import Tensor, nn

from .model_wrapper import unwrap_model

Backbone = Callable[[Tensor], tuple[Tensor, ...]]
_CPU_INFO = Path('/proc/cpuinfo')


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """Run the backbone in bfloat16, on GPUs and on CPUs.

    MMEngine's ``AmpOptimWrapper`` does not support CPUs, and MMPose's heads
    fail on bfloat16 logits. Here the backbone, which takes nearly all of the
    time, runs under autocast; heads, decoding and losses get float32.
    bfloat16 has the range of float32, so the loss is not scaled.

    Args:
        only_where_fast: Keep float32 on a device that does not compute in
            bfloat16, where it would be slower.
        loss_scale: Accepted, since configs of ``AmpOptimWrapper`` have it,
            and not used.
        **kwargs: Arguments of :class:`mmengine.optim.OptimWrapper`.
    """

    def __init__(
        self,
        only_where_fast: bool = False,
        loss_scale: str | float | dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.only_where_fast = only_where_fast

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Run the forward pass of a step with a bfloat16 backbone.

        Args:
            model: The model that is trained, or its distributed wrapper.

        Yields:
            None, while the backbone runs in bfloat16.
        """
        backbone = unwrap_model(model).backbone
        device = next(backbone.parameters()).device
        if self.only_where_fast and not _is_fast(device.type):
            with super().optim_context(model):
                yield
            return
        backbone.forward = _in_bfloat16(backbone.forward)
        try:
            with super().optim_context(model):
                yield
        finally:
            del backbone.forward


@cache
def _is_fast(kind: str) -> bool:
    """Whether a kind of device computes in bfloat16, not in software."""
    if kind == 'cuda':
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if kind != 'cpu':
        return True
    flags = _CPU_INFO.read_text() if _CPU_INFO.exists() else ''
    return 'avx512_bf16' in flags or 'amx_bf16' in flags


def _in_bfloat16(forward: Backbone) -> Backbone:
    def in_bfloat16(inputs: Tensor) -> tuple[Tensor, ...]:
        with torch.autocast(inputs.device.type, dtype=torch.bfloat16):
            levels = forward(inputs)
        return tuple(level.float() for level in levels)

    return in_bfloat16
