"""Rows of dataclasses whose fields are tensors of one batch size."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_Batch = TypeVar('_Batch', bound='DataclassInstance')


def take(batch: _Batch, rows: Tensor | slice) -> _Batch:
    """Select samples of a batch.

    Args:
        batch: Dataclass whose fields are tensors (B, …), or named tuples and
            dataclasses of such.
        rows: Indices (N,) of the samples, or a slice.

    Returns:
        The same dataclass with tensors (N, …).

    Example:
        >>> from self_verify_pose.models.teachers.solver import Fit
        >>> energy = torch.tensor([3.0, 4.0, 5.0])
        >>> fit = Fit(torch.zeros(3, 52), energy, torch.ones(3))
        >>> take(fit, torch.tensor([2, 0])).energy
        tensor([5., 3.])
    """

    def select(value: Any) -> Any:
        if isinstance(value, tuple):
            return type(value)(*map(select, value))
        return value[rows] if isinstance(value, Tensor) else take(value, rows)

    names = [field.name for field in dataclasses.fields(batch)]
    return dataclasses.replace(
        batch, **{name: select(getattr(batch, name)) for name in names}
    )


def concatenate(batches: Sequence[_Batch]) -> _Batch:
    """Join batches along their first dimension.

    Args:
        batches: One or more dataclasses of one type whose fields are all
            tensors (B, …).

    Returns:
        The same dataclass with tensors (ΣB, …).

    Example:
        >>> from self_verify_pose.models.teachers.solver import Fit
        >>> fit = Fit(torch.zeros(1, 52), torch.tensor([3.0]), torch.ones(1))
        >>> concatenate([fit, fit]).energy
        tensor([3., 3.])
    """
    names = [field.name for field in dataclasses.fields(batches[0])]
    return dataclasses.replace(
        batches[0],
        **{
            name: torch.cat([getattr(batch, name) for batch in batches])
            for name in names
        },
    )
