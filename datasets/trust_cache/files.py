"""Atomic writing of files, and their hashes."""

import hashlib
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray


def file_sha256(path: str | Path) -> str:
    """Hash a file.

    Args:
        path: The file.

    Returns:
        SHA-256 in hexadecimal digits.
    """
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def text_sha256(text: str) -> str:
    """Hash a text.

    Args:
        text: The text, hashed as UTF-8.

    Returns:
        SHA-256 in hexadecimal digits.
    """
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def replacing(
    path: str | Path, scratch: Path | None = None
) -> Iterator[BinaryIO]:
    """Open a file that appears whole under its name, or not at all.

    Args:
        path: The file to make or to replace.
        scratch: Folder on the same file system for the unfinished file;
            the one of ``path`` by default.

    Yields:
        A file to write to.
    """
    path = Path(path)
    fresh = (scratch or path.parent) / f'.{path.name}.{os.getpid()}.new'
    try:
        with open(fresh, 'wb') as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def write_npz(
    path: str | Path,
    arrays: Mapping[str, NDArray[Any]],
    scratch: Path | None = None,
) -> None:
    """Write arrays atomically; equal arrays make equal bytes.

    Args:
        path: The ``.npz`` to make or to replace.
        arrays: Arrays by name.
        scratch: See :func:`replacing`.
    """
    with (
        replacing(path, scratch) as file,
        zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as archive,
    ):
        for name, values in arrays.items():
            entry = zipfile.ZipInfo(f'{name}.npy', (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, 'w', force_zip64=True) as stream:
                np.save(stream, values, allow_pickle=False)
