"""Reading and writing of trust caches, checked in both directions."""

import dataclasses
from pathlib import Path

import numpy as np

from ...coco_fields import one_line
from .files import write_npz
from .schema import (
    DTYPES_AND_SHAPES,
    REMEDY,
    SAME_TARGETS,
    CacheError,
    CacheHeader,
    Columns,
    check_columns,
    parse_header,
)


@dataclasses.dataclass(frozen=True)
class TrustCache:
    """A loaded cache.

    Args:
        path: Its file.
        header: Origin of its labels.
        columns: Its arrays by name.
        rows: The row of each annotation id.
    """

    path: Path
    header: CacheHeader
    columns: Columns
    rows: dict[int, int]

    def __len__(self) -> int:
        """Return the number of persons."""
        return len(self.rows)


def save_cache(
    path: str | Path,
    header: CacheHeader,
    columns: Columns,
    scratch: Path | None = None,
) -> None:
    """Check a cache and write it atomically.

    Args:
        path: The ``.npz`` to make or to replace.
        header: Origin of the labels.
        columns: Arrays as in the table of :mod:`~.schema`.
        scratch: See :func:`~self_verify_pose.output_files.replacing`.

    Raises:
        CacheError: If an array breaks a rule of the table.
        OSError: If it cannot be written; an old file is kept.
    """
    check_columns(path, header, columns)
    arrays = {
        name: columns[name].astype(kind, copy=False)
        for name, (kind, _) in DTYPES_AND_SHAPES.items()
    }
    arrays[SAME_TARGETS] = arrays['pseudo_trust']
    arrays['header'] = np.array(header.to_json())
    write_npz(path, arrays, scratch)


def load_cache(path: str | Path) -> TrustCache:
    """Read a cache and check all of it.

    Args:
        path: A file written by :func:`save_cache`.

    Returns:
        The cache.

    Raises:
        FileNotFoundError: If there is no such file.
        CacheError: If the file is corrupted, something else, of another
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
    header = parse_header(path, str(arrays.pop('header')[()]))
    same = arrays.pop(SAME_TARGETS, None)  # the first release wrote none
    check_columns(path, header, arrays)
    if same is not None and not np.array_equal(
        same, arrays['pseudo_trust'], equal_nan=True
    ):
        raise CacheError(
            f"trust cache: expected '{SAME_TARGETS}' to equal 'pseudo_trust', "
            f'found other values in {path}; {REMEDY}'
        )
    rows = {id_: row for row, id_ in enumerate(arrays['ids'].tolist())}
    return TrustCache(path, header, arrays, rows)


def read_npz(path: Path) -> Columns:
    """Read all arrays of an ``.npz`` without running code from it.

    Args:
        path: The file.

    Returns:
        The arrays by name.

    Raises:
        FileNotFoundError: If there is no such file.
        CacheError: If it is unreadable or no ``.npz``.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f'trust cache: expected a file, found nothing at {path}; '
            f'correct the path or {REMEDY}'
        )
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception as error:  # the file decides what it raises
        raise CacheError(
            f'trust cache: expected a whole .npz, found {path}, which cannot '
            f'be read ({one_line(error)}); {REMEDY}'
        ) from error
