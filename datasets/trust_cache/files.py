"""Writing of arrays, and hashes of files."""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...output_files import replacing


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


def write_npz(
    path: str | Path,
    arrays: Mapping[str, NDArray[Any]],
    scratch: Path | None = None,
) -> None:
    """Write arrays atomically; equal arrays make equal bytes.

    Args:
        path: The ``.npz`` to make or to replace.
        arrays: Arrays by name.
        scratch: See :func:`~self_verify_pose.output_files.replacing`.
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
