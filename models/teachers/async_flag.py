"""A boolean of a GPU that the host reads without waiting."""

from typing import Any

import torch
from torch import Tensor


class AsyncFlag:
    """Copies boolean scalars to the host, one at a time."""

    def __init__(self) -> None:
        """Start without a copy in flight."""
        self._pending: tuple[Tensor, Any] | None = None

    def poll(self, flag: Tensor) -> bool:
        """Test whether a flag that was passed before has arrived as True.

        Args:
            flag: Boolean scalar on the GPU. Its copy begins unless an earlier
                one is still in flight.

        Returns:
            True once a True flag has arrived, often some calls later; always
            False for a flag on the CPU.
        """
        if not flag.is_cuda:
            return False
        return self._poll_cuda(flag)

    def _poll_cuda(self, flag: Tensor) -> bool:  # pragma: no cover  (GPU)
        if self._pending is None:
            host_buffer = torch.empty((), dtype=torch.bool, pin_memory=True)
            host_buffer.copy_(flag, non_blocking=True)
            event = torch.cuda.Event()  # type: ignore[no-untyped-call]
            event.record()
            self._pending = host_buffer, event
            return False
        host_buffer, event = self._pending
        if not event.query():
            return False
        self._pending = None
        return bool(host_buffer)
