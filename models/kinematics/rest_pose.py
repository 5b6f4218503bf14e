"""The rest pose of the body as a tensor."""

from functools import lru_cache

import torch
from torch import Tensor

from .body import load_body


@lru_cache(maxsize=8)
def load_rest(device: torch.device, dtype: torch.dtype) -> Tensor:
    """Load the rest pose, cached: copying it would synchronize a GPU.

    Args:
        device: Device of the result.
        dtype: Type of the result.

    Returns:
        Rest position of each joint (17, 3), fractions of stature; do not
        modify it.

    Example:
        >>> load_rest(torch.device('cpu'), torch.float32).shape
        torch.Size([17, 3])
    """
    rest = torch.tensor(load_body().rest, dtype=torch.float64)
    return rest.to(device, dtype)
