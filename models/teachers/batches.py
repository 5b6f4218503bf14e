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
    """
    names = [field.name for field in dataclasses.fields(batches[0])]
    return dataclasses.replace(
        batches[0],
        **{
            name: torch.cat([getattr(batch, name) for batch in batches])
            for name in names
        },
    )
