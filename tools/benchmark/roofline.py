"""Roofline: the least time that operations and memory traffic allow.

S. Williams et al., "Roofline: an insightful visual performance model for
multicore architectures", 2009. Operations are counted by PyTorch's own
counter; it has none for bytes.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from .context import TrainingSetup
from .timing import Plan, median_seconds

_MATRIX_SIZE = 2048
_COPIED = 2**26
_PLAN = Plan(repeats=5, warmup=2)


class DeviceLimits(NamedTuple):
    """Throughput of a device in the work that suits it best.

    Args:
        operations: Floating-point operations per second, float32, in a
            product of large matrices.
        bytes: Bytes read and written per second in a large copy.
    """

    operations: float
    bytes: float


class _ByteCounter(TorchDispatchMode):
    """Sum of the bytes that operations read and write; views count 0."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if not func.is_view:
            self.total += sum(
                leaf.numel() * leaf.element_size()
                for leaf in tree_leaves((args, kwargs, result))
                if isinstance(leaf, Tensor)
            )
        return result


def count_step(training: TrainingSetup) -> tuple[int, int]:
    """Count operations and memory traffic of a training step.

    The operations are three times those of the forward pass: the backward
    pass has two products of the same size for each one, and the counter is
    wrong about the backward pass of grouped convolutions.

    Args:
        training: The training; it takes one step.

    Returns:
        Floating-point operations (a multiplication and an addition are two),
        and bytes that all tensor operations read and write.
    """
    model = training.model
    with torch.no_grad(), FlopCounterMode(display=False) as operations:
        inputs = model.data_preprocessor(training.batch)['inputs']
        model.head.forward(model.extract_feat(inputs))
    with _ByteCounter() as moved:
        training.step()
    return 3 * operations.get_total_flops(), moved.total


def measure_device_limits(device: torch.device) -> DeviceLimits:
    """Measure the throughput of a large matrix product and a large copy.

    Args:
        device: The device.

    Returns:
        Its limits.
    """
    a, b = torch.randn(2, _MATRIX_SIZE, _MATRIX_SIZE, device=device)
    product = median_seconds(lambda: a @ b, _PLAN, device)
    source = torch.zeros(_COPIED, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    copy = median_seconds(lambda: target.copy_(source), _PLAN, device)
    return DeviceLimits(2 * _MATRIX_SIZE**3 / product, 2 * _COPIED / copy)
