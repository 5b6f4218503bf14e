"""Where half precision must not reach."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor


def at_least_float32(values: Tensor) -> Tensor:
    """Convert half precision to float32.

    Args:
        values: Floating-point tensor.

    Returns:
        The tensor itself where it is more precise.

    Example:
        >>> at_least_float32(torch.ones(1, dtype=torch.bfloat16)).dtype
        torch.float32
    """
    half = values.dtype in (torch.float16, torch.bfloat16)
    return values.float() if half else values


def full_precision(like: Tensor) -> AbstractContextManager[None]:
    """Hold automatic mixed precision off.

    Coordinates have no room for it: bfloat16 tells 192 pixels apart by one,
    and a fit that multiplies its Jacobians in float16 does not converge.

    Args:
        like: Tensor on the device of the computation.

    Returns:
        A context; tensors that are in half precision already stay so.

    Example:
        >>> values = torch.ones(1, 1)
        >>> with torch.autocast('cpu', torch.bfloat16), full_precision(values):
        ...     (values @ values).dtype
        ...
        torch.float32
    """
    kind = like.device.type
    if kind not in ('cpu', 'cuda'):
        return nullcontext()
    return torch.autocast(kind, enabled=False)
