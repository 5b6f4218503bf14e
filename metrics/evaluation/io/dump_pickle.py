"""Unpickling of a dump of ``mim test`` that runs no code from the file.

MMEngine writes a dump as a pickle, which may name any function to be called
when it is read. Here each name of a pickle is looked up in a short table:
plain containers, and what NumPy and torch name for numeric arrays. The arrays
are built by this module from checked parts.
"""

import collections
import importlib
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_KINDS = frozenset('biufcSU')  # numbers and text; no Python objects


def read_pickle(path: Path) -> Any:
    """Read a pickle of plain values, NumPy arrays and torch tensors.

    Args:
        path: The file.

    Returns:
        Its content; tensors are NumPy arrays.

    Raises:
        pickle.UnpicklingError: If the file names anything else.
        Exception: Whatever else reading a corrupted pickle raises.

    Example:
        >>> path = Path('values.pkl')
        >>> _ = path.write_bytes(pickle.dumps({'scores': np.ones(2)}))
        >>> read_pickle(path)['scores'].tolist()
        [1.0, 1.0]
        >>> _ = path.write_bytes(pickle.dumps(print))
        >>> read_pickle(path)
        Traceback (most recent call last):
            ...
        _pickle.UnpicklingError: it holds builtins.print, not plain values ...
    """
    with path.open('rb') as file:
        return _Unpickler(file).load()


class _Array(np.ndarray[Any, Any]):
    """An array that is filled from the checked parts of a pickle."""

    __slots__ = ()  # thousands of them are in memory at once

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, content = state
        super().__setstate__(
            (1, tuple(shape), _real(dtype), bool(fortran), _bytes(content))
        )


class _DType:
    """The description of a NumPy type; only its byte order may be set."""

    def __init__(self, code: str) -> None:
        self.real = np.dtype(code)
        if self.real.kind not in _KINDS:
            raise _unexpected(f'an array of type {code}')

    def __setstate__(self, state: Any) -> None:
        self.real = self.real.newbyteorder(state[1])


class _Unpickler(pickle.Unpickler):
    """An unpickler that looks names up in a table and imports nothing.

    The functions are bound methods: a pickle cannot set attributes of them.
    """

    def find_class(self, module: str, name: str) -> Any:
        """Return what a name of the table stands for."""
        module = module.replace('numpy._core', 'numpy.core')  # NumPy 2
        module = module.replace('__builtin__', 'builtins')  # protocol 2
        allowed: dict[tuple[str, str], Any] = {
            ('builtins', 'set'): set,
            ('builtins', 'bytes'): self._no_bytes,
            ('collections', 'OrderedDict'): collections.OrderedDict,
            ('_codecs', 'encode'): self._encode,
            ('numpy', 'ndarray'): None,
            ('numpy', 'dtype'): self._dtype,
            ('numpy.core.multiarray', '_reconstruct'): self._array,
            ('numpy.core.multiarray', 'scalar'): self._scalar,
            ('numpy.core.numeric', '_frombuffer'): self._from_buffer,
            ('torch._utils', '_rebuild_tensor_v2'): self._tensor,
            ('torch.storage', '_load_from_bytes'): self._storage,
        }
        if (module, name) not in allowed:
            raise _unexpected(f'{module}.{name}')
        return allowed[module, name]

    def _no_bytes(self) -> bytes:
        return b''

    def _encode(self, text: str, encoding: str) -> str:
        """Bytes, as protocol 2 writes them, still as text.

        The unpickler keeps what is returned until its end. The same object
        takes no further memory; :func:`_bytes` makes bytes where they are
        used.
        """
        if encoding != 'latin1':
            raise _unexpected(f'text in {encoding}')
        return text

    def _dtype(self, code: str, *_: object) -> _DType:
        return _DType(code)

    def _array(self, *_: object) -> _Array:
        return _Array(0)

    def _scalar(self, dtype: _DType, content: object) -> np.generic:
        values = np.frombuffer(_bytes(content), _real(dtype), 1)
        value: np.generic = values[0]
        return value

    def _from_buffer(
        self, content: object, dtype: _DType, shape: Any, order: str
    ) -> NDArray[Any]:
        values = np.frombuffer(_bytes(content), _real(dtype))
        return values.reshape(shape, order='F' if order == 'F' else 'C')

    def _storage(self, content: object) -> Any:
        # a dump with tensors is read where torch is; others do not need it
        load: Callable[..., Any] = importlib.import_module('torch').load
        return load(io.BytesIO(_bytes(content)), weights_only=True)

    def _tensor(
        self, storage: Any, offset: int, size: Any, stride: Any, *_: object
    ) -> NDArray[Any]:
        torch = importlib.import_module('torch')
        tensor = torch.empty(0, dtype=storage.dtype)
        tensor.set_(storage._untyped_storage, offset, size, stride)
        if tensor.dtype == torch.bfloat16:
            tensor = tensor.float()
        # a copy, without the objects of torch
        values: NDArray[Any] = tensor.numpy().copy()
        return values


def _bytes(content: object) -> bytes:
    if isinstance(content, str):
        return content.encode('latin1')
    if not isinstance(content, bytes | bytearray):
        raise _unexpected('an array of Python objects')
    return bytes(content)


def _real(dtype: object) -> np.dtype[Any]:
    if not isinstance(dtype, _DType):
        raise _unexpected(f'a {type(dtype).__name__} as the type of an array')
    return dtype.real


def _unexpected(found: str) -> pickle.UnpicklingError:
    return pickle.UnpicklingError(
        f'it holds {found}, not plain values and arrays alone'
    )
