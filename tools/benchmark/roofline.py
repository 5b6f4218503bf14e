"""The least time that counted operations and bytes need."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from self_verify_pose.tools.benchmark.context import TrainingSetup
from self_verify_pose.tools.benchmark.timing import Plan, median_seconds

_SIDE = 2048
_COPIED = 2**26
_PLAN = Plan(repeats=5, warmup=2)


class Limits(NamedTuple):
    """What a device reaches on the easiest work.

    Args:
        operations: Floating-point operations per second, float32, in a
            product of large matrices.
        bytes: Bytes per second, read and written, in a large copy.
    """

    operations: float
    bytes: float


class _BytesMoved(TorchDispatchMode):
    """Adds up what every operation reads and writes; views are free."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if not func.is_view:
            leaves = tree_leaves((args, kwargs, result))
            self.total += sum(
                leaf.numel() * leaf.element_size()
                for leaf in leaves
                if isinstance(leaf, Tensor)
            )
        return result


def count_step(training: TrainingSetup) -> tuple[int, int]:
    """Count what one training step of a pose network does.

    Operations are those of the forward pass, three times: each product has
    two of its size in the backward pass, and counters get those of grouped
    convolutions wrong.

    Args:
        training: The training; it takes one step.

    Returns:
        Operations (a multiplication and an addition are two), and bytes
        that its operations read and write, each by itself.
    """
    model = training.model
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        inputs = model.data_preprocessor(training.batch)['inputs']
        model.head.forward(model.extract_feat(inputs))
    with _BytesMoved() as moved:
        training.step()
    return 3 * counter.get_total_flops(), moved.total


def machine_limits(device: torch.device) -> Limits:
    """Measure what a device reaches on the easiest work.

    Args:
        device: The device.

    Returns:
        Its limits.
    """
    a, b = torch.randn(2, _SIDE, _SIDE, device=device)
    product = median_seconds(lambda: a @ b, _PLAN, device)
    source = torch.zeros(_COPIED, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    copy = median_seconds(lambda: target.copy_(source), _PLAN, device)
    return Limits(2 * _SIDE**3 / product, 2 * _COPIED / copy)
