"""The finished parts of a cache that is being made."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .files import replacing, write_npz
from .schema import CacheError, Columns, evidence_path, read_npz


class CacheParts:
    """A folder beside the cache that holds what is finished.

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
        self.manifest = json.loads(
            json.dumps({**manifest, 'parts': list(sizes)}, sort_keys=True)
        )

    def begin(self, resume: bool) -> None:
        """Make the folder, or take the one of an interrupted run over.

        Args:
            resume: Keep the parts that are there; False removes them.

        Raises:
            CacheError: If the parts that are there were made from something
                else.
        """
        record = self.folder / 'manifest.json'
        if not resume and self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in self.folder.glob('.*.new'):
            left.unlink()
        if not record.exists():
            with replacing(record) as file:
                file.write(json.dumps(self.manifest).encode())
            return
        found = json.loads(record.read_text())
        for key in sorted({*found, *self.manifest}):
            if found.get(key) != self.manifest.get(key):
                raise CacheError(
                    f'--resume: expected {key} = {self.manifest.get(key)} as '
                    f'asked for now, found {found.get(key)} in {self.folder}; '
                    'ask for the same again, or start anew without --resume'
                )

    def is_done(self, part: int) -> bool:
        """Tell whether a part is finished."""
        return self._file(part).exists()

    def save(
        self, part: int, columns: Columns, evidence: np.ndarray | None = None
    ) -> None:
        """Keep a finished part.

        Args:
            part: Its number.
            columns: Its rows.
            evidence: ``(rows, D)`` float16 evidence, written in place.
        """
        if evidence is not None:
            self._write_evidence(part, evidence)
        write_npz(self._file(part), columns)

    def collect(self) -> Columns:
        """Return the rows of all parts in order."""
        parts = [read_npz(self._file(p)) for p in range(len(self.sizes))]
        return {
            name: np.concatenate([part[name] for part in parts])
            for name in parts[0]
        }

    def evidence(self) -> np.ndarray:
        """Return the evidence of all parts, memory-mapped."""
        path = self._evidence_file
        if not path.exists():  # published before an interruption
            path = evidence_path(self.out)
        return np.load(path, mmap_mode='r')

    def publish_evidence(self) -> None:
        """Move the evidence beside the cache."""
        if self._evidence_file.exists():
            os.replace(self._evidence_file, evidence_path(self.out))

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder)

    @property
    def _evidence_file(self) -> Path:
        return self.folder / 'features.npy'

    def _file(self, part: int) -> Path:
        return self.folder / f'{part:06d}.npz'

    def _write_evidence(self, part: int, rows: np.ndarray) -> None:
        # written, not mapped: a full disk is then an error, not a signal
        shape = (sum(self.sizes), rows.shape[1])
        descriptor = os.open(
            self._evidence_file, os.O_RDWR | os.O_CREAT, 0o666
        )
        with open(descriptor, 'r+b') as file:
            np.lib.format.write_array_header_1_0(
                file, {'descr': '<f2', 'fortran_order': False, 'shape': shape}
            )
            first = sum(self.sizes[:part])
            file.seek(first * rows.shape[1] * 2, os.SEEK_CUR)
            file.write(np.ascontiguousarray(rows, '<f2').tobytes())
            file.flush()
            os.fsync(file.fileno())
