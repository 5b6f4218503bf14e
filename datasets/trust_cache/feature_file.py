"""The features stored beside a cache: one ``.npy`` of N rows in half floats.

A plain ``.npy`` is memory-mapped in training; an ``.npz`` could not be.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...coco_fields import one_line
from .schema import CacheError

_DIGEST_ROWS = 64


def features_path(cache: str | Path) -> Path:
    """Return the path of a cache's features: beside it, other suffix.

    Args:
        cache: Path of the cache.

    Returns:
        Path of the features.
    """
    return Path(cache).with_suffix('.features.npy')


def features_digest(rows: NDArray[Any]) -> str:
    """Hash the shape and up to 64 evenly spread rows of stored features.

    Args:
        rows: Features ``(N, D)``, memory-mapped or not.

    Returns:
        Hexadecimal digits.
    """
    count = min(len(rows), _DIGEST_ROWS)
    chosen = np.linspace(0, len(rows) - 1, count).astype(int)
    digest = hashlib.sha256(str(rows.shape).encode())
    digest.update(np.ascontiguousarray(rows[chosen]).tobytes())
    return digest.hexdigest()


def open_features(path: str | Path, digest: str) -> NDArray[Any]:
    """Map stored features into memory and compare their digest.

    Args:
        path: The ``.features.npy``.
        digest: Digest in the header of the cache.

    Returns:
        Features ``(N, D)``, memory-mapped.

    Raises:
        FileNotFoundError: If there is no such file.
        CacheError: If it cannot be read or has another digest.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f'PSEUDO_TRUST_FEATURES: expected a file, found nothing at '
            f'{path}; make it with tools/generate_solvability_cache.py '
            '--with-features'
        )
    try:
        rows: NDArray[Any] = np.load(path, mmap_mode='r', allow_pickle=False)
        actual = features_digest(rows)
    except Exception as error:  # the file decides what it raises
        raise CacheError(
            f'PSEUDO_TRUST_FEATURES: expected stored features, found {path}, '
            f'which cannot be read ({one_line(error)}); make them again'
        ) from error
    if actual != digest:
        raise CacheError(
            'PSEUDO_TRUST_FEATURES: expected the features that were stored '
            f'with the cache ({digest[:12] or "none"}), found {actual[:12]} '
            f'in {path}; give the file beside the cache, or make both again '
            'with --with-features'
        )
    return rows


def write_rows(path: Path, total: int, first: int, rows: NDArray[Any]) -> None:
    """Write some rows in place; several processes may write other rows.

    The file is written, not memory-mapped: a full disk is then an error
    instead of a signal that ends the process.

    Args:
        path: The ``.npy`` to make or to fill.
        total: Number of rows N of the whole file.
        first: Position of the first row.
        rows: Features ``(n, D)``, stored as float16.
    """
    width = rows.shape[1]
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    with open(descriptor, 'r+b') as file:
        np.lib.format.write_array_header_1_0(
            file,
            {'descr': '<f2', 'fortran_order': False, 'shape': (total, width)},
        )
        file.seek(first * width * 2, os.SEEK_CUR)
        file.write(np.ascontiguousarray(rows, '<f2').tobytes())
        file.flush()
        os.fsync(file.fileno())
