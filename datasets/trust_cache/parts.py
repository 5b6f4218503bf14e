"""The finished parts of a cache that is being made."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...output_files import locked, make_output_folder, replacing
from .cache_file import read_npz
from .feature_file import features_path, write_rows
from .files import write_npz
from .schema import CacheError, Columns


class CacheParts:
    """A folder beside the cache that holds its finished parts.

    Each part is one file that appears whole or not at all, so that an
    interruption at any moment loses the running part only. Several
    processes may save different parts.

    Args:
        out: The cache to make; the parts lie in ``OUT.partial``.
        manifest: Everything that the labels depend on.
        sizes: Rows of each part.
    """

    def __init__(
        self, out: Path, manifest: Mapping[str, Any], sizes: Sequence[int]
    ) -> None:
        self.out, self.sizes = out, tuple(sizes)
        self.folder = out.with_name(f'{out.name}.partial')
        self._features_file = self.folder / 'features.npy'
        self._record = self.folder / 'manifest.json'
        self.manifest = json.loads(
            json.dumps({**manifest, 'parts': list(sizes)}, sort_keys=True)
        )

    @contextmanager
    def reserve(self) -> Iterator[None]:
        """Make the folder and hold it against other jobs.

        Yields:
            Nothing, while the folder is held.

        Raises:
            CacheError: If there is something else in its place.
            OutputError: If it cannot be made, or another job holds it.
        """
        found = None
        if self.folder.is_dir():
            if any(self.folder.iterdir()) and not self._record.exists():
                found = 'a folder with other files'
        elif self.folder.exists():
            found = 'a file'
        if found:
            raise CacheError(
                f'{self.folder}: expected the parts of an interrupted run, or '
                f'nothing, found {found}; move it, or give another --out'
            )
        make_output_folder(self.folder)
        with locked(self.folder):
            yield

    def begin(self, resume: bool) -> None:
        """Begin, or continue with the parts of an interrupted run.

        The folder is that of :meth:`reserve`.

        Args:
            resume: Keep existing parts; False removes them.

        Raises:
            CacheError: If the existing parts have another manifest.
        """
        record = self._record
        if not resume:
            self._clear()
        for unfinished in self.folder.glob('.*.new'):
            unfinished.unlink()
        if not record.exists():
            with replacing(record) as file:
                file.write(json.dumps(self.manifest).encode())
            return
        existing = json.loads(record.read_text())
        for key in sorted({*existing, *self.manifest}):
            if existing.get(key) != self.manifest.get(key):
                raise CacheError(
                    f'--resume: expected {key} = {self.manifest.get(key)} as '
                    f'asked for now, found {existing.get(key)} in '
                    f'{self.folder}; ask for the same again, or start anew '
                    'without --resume'
                )

    def is_done(self, part: int) -> bool:
        """Tell whether a part is finished.

        Args:
            part: Its number.

        Returns:
            Whether its file exists.
        """
        return self._file(part).exists()

    def save(
        self, part: int, columns: Columns, features: NDArray[Any] | None = None
    ) -> None:
        """Keep a finished part.

        Args:
            part: Its number.
            columns: Its rows.
            features: Its features ``(rows, D)``, stored as float16.
        """
        if features is not None:
            first, total = sum(self.sizes[:part]), sum(self.sizes)
            write_rows(self._features_file, total, first, features)
        write_npz(self._file(part), columns)

    def collect(self) -> Columns:
        """Read the rows of all parts.

        Returns:
            The concatenated arrays by name.
        """
        parts = [read_npz(self._file(p)) for p in range(len(self.sizes))]
        return {
            name: np.concatenate([part[name] for part in parts])
            for name in parts[0]
        }

    def features(self) -> NDArray[Any]:
        """Open the features of all parts.

        Returns:
            Features ``(N, D)``, memory-mapped.
        """
        path = self._features_file
        if not path.exists():  # published before an interruption
            path = features_path(self.out)
        rows: NDArray[Any] = np.load(path, mmap_mode='r')
        return rows

    def publish_features(self) -> None:
        """Move the features beside the cache."""
        if self._features_file.exists():
            os.replace(self._features_file, features_path(self.out))

    def remove(self) -> None:
        """Remove the parts, and the folder unless it holds other files."""
        self._clear()
        with suppress(OSError):
            self.folder.rmdir()

    def _clear(self) -> None:
        for pattern in ('[0-9]' * 6 + '.npz', '.*.new', 'features.npy'):
            for path in self.folder.glob(pattern):
                path.unlink()
        self._record.unlink(missing_ok=True)

    def _file(self, part: int) -> Path:
        return self.folder / f'{part:06d}.npz'
