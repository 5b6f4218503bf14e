"""A teacher's labels on disk: schema, atomic writing, checked reading.

A cache is one ``.npz`` with a row per person, in the order of the data set,
and a JSON header that says what the labels were made from.

=================== ============= =========================================
array               shape, type   meaning
=================== ============= =========================================
``ids``             (N,) int64    annotation ids, unique
``pseudo_trust``    (N, K) float  what the trust head learns, in [0, 1]
``residual``        (N, K) float  distance to the fitted joint, person sizes
``solvability``     (N, K) float  in [0, 1]
``identifiability`` (N, K) float  in [0, 1]
``energy``          (N,) float    objective at the fit
``keypoints``       (N, K, 2)     judged joints, pixels of the crop
``status``          (N,) int8     0 converged, 1 stopped, 2 degenerate
``header``          JSON text     see :class:`CacheHeader`
=================== ============= =========================================

NaN in the four values per joint says that the joint was not judged, NaN in
``energy`` that the person was not; nowhere else is it allowed.
"""

import dataclasses
import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .files import write_npz

SCHEMA = 1
DEGENERATE = 2
Columns = dict[str, np.ndarray]

PER_JOINT = ('pseudo_trust', 'residual', 'solvability', 'identifiability')
_COLUMNS: dict[str, tuple[str, tuple[int | str, ...]]] = {
    'ids': ('<i8', ()),
    **dict.fromkeys(PER_JOINT, ('<f4', ('K',))),
    'energy': ('<f4', ()),
    'keypoints': ('<f4', ('K', 2)),
    'status': ('|i1', ()),
}
_REMAKE = 'make it again with tools/generate_solvability_cache.py'


class CacheError(ValueError):
    """A cache cannot be used."""


@dataclasses.dataclass(frozen=True)
class CacheHeader:
    """What the labels of a cache were made from.

    Args:
        teacher: Short name of the teacher.
        parameters: Options of the teacher.
        checkpoint_sha256: Hash of the checkpoint file.
        annotation_sha256: Hash of the annotation file.
        config_sha256: Hash of the text of the resolved config.
        split: ``'train'``, ``'val'`` or ``'test'``.
        keypoint_names: Names of the K joints in order.
        samples: Number of rows N.
        package_version: Version of this package.
        evidence: Hash of the stored evidence, empty where there is none;
            see :func:`evidence_digest`.
        schema: Version of the file format.
    """

    teacher: str
    parameters: Mapping[str, Any]
    checkpoint_sha256: str
    annotation_sha256: str
    config_sha256: str
    split: str
    keypoint_names: tuple[str, ...]
    samples: int
    package_version: str
    evidence: str = ''
    schema: int = SCHEMA

    def to_json(self) -> str:
        """Return the header as JSON with sorted keys."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)


@dataclasses.dataclass(frozen=True)
class TrustCache:
    """A loaded cache.

    Args:
        path: Where it was read.
        header: What it was made from.
        columns: The arrays by name.
    """

    path: Path
    header: CacheHeader
    columns: Columns

    def __post_init__(self) -> None:
        """Index the rows by id."""
        ids = self.columns['ids'].tolist()
        rows = dict(zip(ids, range(len(ids)), strict=True))
        object.__setattr__(self, '_rows', rows)

    def __len__(self) -> int:
        """Return the number of persons."""
        return len(self.columns['ids'])

    def row(self, sample_id: int) -> int | None:
        """Return the row of an annotation id, None where there is none."""
        return self._rows.get(int(sample_id))


def evidence_path(cache: str | Path) -> Path:
    """Return where the evidence of a cache lies: beside it."""
    return Path(cache).with_suffix('.features.npy')


def evidence_digest(rows: np.ndarray) -> str:
    """Hash the shape and up to 64 evenly spread rows of stored evidence.

    Args:
        rows: ``(N, D)``, memory-mapped or not.

    Returns:
        Hexadecimal digits.
    """
    chosen = np.linspace(0, len(rows) - 1, min(len(rows), 64)).astype(int)
    digest = hashlib.sha256(str(rows.shape).encode())
    digest.update(np.ascontiguousarray(rows[chosen]).tobytes())
    return digest.hexdigest()


def save_cache(
    path: str | Path,
    header: CacheHeader,
    columns: Columns,
    scratch: Path | None = None,
) -> None:
    """Check a cache and write it atomically.

    Args:
        path: The ``.npz`` to make or to replace.
        header: What the labels were made from.
        columns: The arrays of the module's table.
        scratch: See :func:`replacing`.

    Raises:
        CacheError: If an array is not as the table says.
        OSError: If it cannot be written; the old file is then still there.
    """
    _check_columns(path, header, columns)
    arrays = {
        name: columns[name].astype(kind, copy=False)
        for name, (kind, _) in _COLUMNS.items()
    }
    arrays['header'] = np.array(header.to_json())
    write_npz(path, arrays, scratch)


def load_cache(path: str | Path) -> TrustCache:
    """Read a cache and check all of it.

    Args:
        path: What :func:`save_cache` wrote.

    Returns:
        The cache.

    Raises:
        FileNotFoundError: If there is no such file.
        CacheError: If the file is damaged, something else, of another
            schema, or holds values that its schema forbids.
    """
    path = Path(path)
    arrays = read_npz(path)
    if 'header' not in arrays:
        raise CacheError(
            f'trust cache: expected a header in {path}, found the arrays '
            f'{", ".join(arrays) or "none"}: not written by this package; '
            'give another file'
        )
    header = _read_header(path, arrays.pop('header'))
    _check_columns(path, header, arrays)
    return TrustCache(path, header, arrays)


def read_npz(path: Path) -> Columns:
    """Read all arrays of an ``.npz`` without running code from it.

    Args:
        path: The file.

    Returns:
        The arrays by name.

    Raises:
        FileNotFoundError: If there is no such file.
        CacheError: If it is damaged or no ``.npz``.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f'trust cache: expected a file, found nothing at {path}; '
            f'correct the path or {_REMAKE}'
        )
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (
        zipfile.BadZipFile,
        zlib.error,
        AttributeError,  # a plain .npy has no files
        EOFError,
        OSError,
        TypeError,
        ValueError,
    ) as error:
        raise CacheError(
            f'trust cache: expected a whole .npz, found {path}, which cannot '
            f'be read ({error}); {_REMAKE}'
        ) from error


def _read_header(path: Path, text: np.ndarray) -> CacheHeader:
    try:
        fields = json.loads(str(text[()]))
        schema = fields['schema']
    except (ValueError, KeyError, TypeError) as error:
        raise CacheError(
            f'trust cache: expected a JSON header with its schema in {path}, '
            f'found {str(text)[:80]!r}; {_REMAKE}'
        ) from error
    if schema != SCHEMA:
        raise CacheError(
            f'trust cache: expected schema {SCHEMA}, found schema {schema} '
            f'in {path}; {_REMAKE}'
        )
    wanted = {field.name for field in dataclasses.fields(CacheHeader)}
    if set(fields) != wanted:
        raise CacheError(
            f'trust cache: expected the header fields {sorted(wanted)}, '
            f'found {sorted(fields)} in {path}; {_REMAKE}'
        )
    fields['keypoint_names'] = tuple(fields['keypoint_names'])
    return CacheHeader(**fields)


def _check_columns(
    path: str | Path, header: CacheHeader, columns: Columns
) -> None:
    """Raise unless every array has its type, its shape and fit values."""
    joints = len(header.keypoint_names)
    for name, (kind, trailing) in _COLUMNS.items():
        shape = (
            header.samples,
            *(joints if size == 'K' else size for size in trailing),
        )
        found = columns.get(name)
        if (
            found is None
            or found.shape != shape
            or found.dtype.kind != np.dtype(kind).kind
        ):
            what = (
                'nothing'
                if found is None
                else f'{found.dtype} of shape {found.shape}'
            )
            raise CacheError(
                f"trust cache: expected '{name}' as {np.dtype(kind)} of "
                f'shape {shape}, found {what} in {path}; {_REMAKE}'
            )
    check_unique(columns['ids'], f'in {path}')
    _check_values(path, columns)


def check_unique(ids: np.ndarray, where: str) -> None:
    """Raise if an id occurs twice.

    Args:
        ids: ``(N,)`` ids.
        where: Where they were found, for the message.

    Raises:
        CacheError: If one does.
    """
    values, counts = np.unique(ids, return_counts=True)
    if (counts > 1).any():
        worst = counts.argmax()
        raise CacheError(
            f'trust cache: expected every annotation id once, found id '
            f'{values[worst]} {counts[worst]} times {where}; make the ids of '
            'the annotation file unique'
        )


def _check_values(path: str | Path, columns: Columns) -> None:
    def refuse(name: str, wanted: str, bad: np.ndarray) -> None:
        if bad.any():
            row = int(np.argwhere(bad)[0][0])
            raise CacheError(
                f"trust cache: expected '{name}' {wanted}, found "
                f'{int(bad.sum())} other values, the first for id '
                f'{columns["ids"][row]}, in {path}; {_REMAKE}'
            )

    status = columns['status']
    refuse('status', 'in 0, 1, 2', ~np.isin(status, (0, 1, DEGENERATE)))
    refuse('keypoints', 'to be finite', ~np.isfinite(columns['keypoints']))
    degenerate = status == DEGENERATE
    refuse(
        'energy',
        'to be finite where the person was judged, NaN elsewhere',
        np.isfinite(columns['energy']) == degenerate,
    )
    judged = np.isfinite(columns['pseudo_trust'])
    for name in PER_JOINT:
        values = columns[name]
        refuse(
            name,
            "to be NaN exactly where the joint has no 'pseudo_trust'",
            np.isnan(values) == judged,
        )
        high = np.inf if name == 'residual' else 1
        inside = (values >= 0) & (values <= high) & np.isfinite(values)
        refuse(name, 'in range', judged & ~inside)
