"""Checks of what the components of a model return."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor


def check_tensor(
    name: str,
    value: Any,
    kind: Literal['boolean', 'floating'],
    shape: Sequence[int],
    device: torch.device,
) -> None:
    """Raise unless a value is a tensor with one number per keypoint.

    No number is read, so that the host does not wait for the device.

    Args:
        name: What has returned the value, for the message.
        value: The value.
        kind: Kind of its numbers.
        shape: ``(B, K)``.
        device: Device on which it must be.

    Raises:
        TypeError: If it is no tensor, or of another kind.
        ValueError: If its shape or its device differs.
    """
    expected = f'{kind} (B, K) = {tuple(shape)} on {device}'
    if not isinstance(value, Tensor):
        raise TypeError(
            f'{name}: expected {expected}, found {type(value).__name__}; '
            'return a tensor'
        )
    right_kind = (
        value.is_floating_point()
        if kind == 'floating'
        else value.dtype == torch.bool
    )
    if (
        right_kind
        and value.shape == torch.Size(shape)
        and value.device == device
    ):
        return
    dtype = str(value.dtype).removeprefix('torch.')
    raise (ValueError if right_kind else TypeError)(
        f'{name}: expected {expected}, found {dtype} {tuple(value.shape)} on '
        f'{value.device}; return one number for each keypoint'
    )


def check_numbers(
    name: str, values: Tensor, good: Tensor, expected: str
) -> None:
    """Raise unless all numbers are good; the host waits for the device.

    Args:
        name: What has returned the numbers, for the message.
        values: The numbers.
        good: Boolean, same shape.
        expected: What they should be.

    Raises:
        ValueError: If one of them is not good.
    """
    if not good.all():
        bad = values[~good]
        raise ValueError(
            f'{name}: expected {expected}, found {bad[0].item():.5g} and '
            f'{len(bad) - 1} more such numbers of {good.numel()}; correct '
            'what it returns'
        )


def check_losses(name: str, losses: Any) -> None:
    """Raise unless one of several named values is a loss.

    Args:
        name: What has returned them, for the message.
        losses: Values by name; MMEngine adds up those whose names contain
            ``'loss'``.

    Raises:
        TypeError: If ``losses`` is no dict.
        ValueError: If it holds no loss.
    """
    is_dict = isinstance(losses, Mapping)
    if is_dict and any('loss' in key for key in losses):
        return
    found = list(losses) if is_dict else type(losses).__name__
    raise (ValueError if is_dict else TypeError)(
        f"{name}: expected a dict with a key that contains 'loss', found "
        f'{found}; name the loss, such as loss_kpt'
    )
