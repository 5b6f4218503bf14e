"""The content of a trust cache: arrays, header, and the rules they obey.

A cache holds a teacher's labels, one row per person in the order of the data
set, and a JSON header that identifies what the labels were made from. The
container is ``.npz``, not safetensors: numpy alone reads it, it is compressed,
and existing caches stay readable.

=================== ============= =========================================
array               shape, type   meaning
=================== ============= =========================================
``ids``             (N,) int64    annotation ids, unique
``pseudo_trust``    (N, K) float  target of the trust head, in [0, 1]
``pseudo_trust_sol``              the same again, for other readers
``residual``        (N, K) float  distance to the fitted joint, person sizes
``solvability``     (N, K) float  in [0, 1]
``identifiability`` (N, K) float  in [0, 1]
``energy``          (N,) float    objective at the fit
``keypoints``       (N, K, 2)     predicted joints, pixels of the crop
``status``          (N,) int8     0 converged, 1 stopped, 2 degenerate
``header``          JSON text     see :class:`CacheHeader`
=================== ============= =========================================

NaN in the four values per joint marks a joint without a label, NaN in
``energy`` a person without a fit; no other value may be NaN.
"""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SCHEMA = 1
DEGENERATE = 2
Columns = dict[str, NDArray[Any]]

PER_JOINT = ('pseudo_trust', 'residual', 'solvability', 'identifiability')
DTYPES_AND_SHAPES: dict[str, tuple[str, tuple[int | str, ...]]] = {
    'ids': ('<i8', ()),
    **dict.fromkeys(PER_JOINT, ('<f4', ('K',))),
    'energy': ('<f4', ()),
    'keypoints': ('<f4', ('K', 2)),
    'status': ('|i1', ()),
}
"""Type and shape after the first axis of each array."""

# the key of programs that knew the targets by the name of their source
SAME_TARGETS = 'pseudo_trust_sol'
REMEDY = 'make it again with tools/generate_solvability_cache.py'
# Key of :attr:`CacheHeader.features` in a file, as in the first release.
_FEATURES_KEY = 'evidence'


class CacheError(ValueError):
    """A cache that cannot be used."""


@dataclasses.dataclass(frozen=True)
class CacheHeader:
    """The origin of a cache's labels.

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
        features: Digest of the stored features, empty where there are none;
            see :func:`~.feature_file.features_digest`.
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
    features: str = ''
    schema: int = SCHEMA

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by their keys in a file.

        Returns:
            JSON-serializable values.
        """
        fields = dataclasses.asdict(self)
        fields[_FEATURES_KEY] = fields.pop('features')
        return fields

    def to_json(self) -> str:
        """Serialize the header.

        Returns:
            JSON with sorted keys.
        """
        return json.dumps(self.to_dict(), sort_keys=True)


def parse_header(path: str | Path, text: str) -> CacheHeader:
    """Read the header of a cache.

    Args:
        path: The cache, for messages.
        text: What :meth:`CacheHeader.to_json` returned.

    Returns:
        The header.

    Raises:
        CacheError: If the text is not JSON, of another schema, or has other
            fields.
    """
    try:
        fields = json.loads(text)
        schema = fields['schema']
    except (ValueError, KeyError, TypeError) as error:
        raise CacheError(
            f'trust cache: expected a JSON header with its schema in {path}, '
            f'found {text[:80]!r}; {REMEDY}'
        ) from error
    if schema != SCHEMA:
        raise CacheError(
            f'trust cache: expected schema {SCHEMA}, found schema {schema} '
            f'in {path}; {REMEDY}'
        )
    names = {field.name for field in dataclasses.fields(CacheHeader)}
    expected = names - {'features'} | {_FEATURES_KEY}
    if set(fields) != expected:
        raise CacheError(
            f'trust cache: expected the header fields {sorted(expected)}, '
            f'found {sorted(fields)} in {path}; {REMEDY}'
        )
    fields['features'] = fields.pop(_FEATURES_KEY)
    _check_fields(path, fields)
    fields['keypoint_names'] = tuple(fields['keypoint_names'])
    return CacheHeader(**fields)


def _check_fields(path: str | Path, fields: Mapping[str, Any]) -> None:
    """Raise unless each field of a header has its type."""
    for name, value in fields.items():
        kind = {'parameters': dict, 'keypoint_names': list, 'samples': int}
        expected = kind.get(name, str if name != 'schema' else int)
        items = value if expected is list and type(value) is list else ()
        if type(value) is not expected or any(
            type(item) is not str for item in items
        ):
            raise CacheError(
                f"trust cache: expected the header field '{name}' as "
                f'{expected.__name__}, found {str(value)[:80]!r} in {path}; '
                f'{REMEDY}'
            )


def check_columns(
    path: str | Path, header: CacheHeader, columns: Columns
) -> None:
    """Raise unless every array has its type, its shape and valid values.

    Args:
        path: The cache, for messages.
        header: Its header, with N and K.
        columns: Its arrays by name.

    Raises:
        CacheError: If an array breaks a rule of the module's table.
    """
    joints = len(header.keypoint_names)
    for name, (kind, trailing) in DTYPES_AND_SHAPES.items():
        shape = (
            header.samples,
            *(joints if size == 'K' else size for size in trailing),
        )
        values = columns.get(name)
        if (
            values is None
            or values.shape != shape
            or values.dtype.kind != np.dtype(kind).kind
        ):
            found = (
                'nothing'
                if values is None
                else f'{values.dtype} of shape {values.shape}'
            )
            raise CacheError(
                f"trust cache: expected '{name}' as {np.dtype(kind)} of "
                f'shape {shape}, found {found} in {path}; {REMEDY}'
            )
    check_unique(columns['ids'], f'in {path}')
    _check_values(path, columns)


def check_unique(ids: NDArray[Any], where: str) -> None:
    """Raise if an id occurs twice.

    Args:
        ids: ``(N,)`` annotation ids.
        where: Their origin, for the message.

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
    def refuse(name: str, expected: str, wrong: NDArray[Any]) -> None:
        if wrong.any():
            row = int(np.argwhere(wrong)[0][0])
            raise CacheError(
                f"trust cache: expected '{name}' {expected}, found "
                f'{int(wrong.sum())} other values, the first for id '
                f'{columns["ids"][row]}, in {path}; {REMEDY}'
            )

    status = columns['status']
    refuse('status', 'in 0, 1, 2', ~np.isin(status, (0, 1, DEGENERATE)))
    refuse('keypoints', 'to be finite', ~np.isfinite(columns['keypoints']))
    refuse(
        'energy',
        'to be finite where the fit is not degenerate, NaN elsewhere',
        np.isfinite(columns['energy']) == (status == DEGENERATE),
    )
    labeled = np.isfinite(columns['pseudo_trust'])
    for name in PER_JOINT:
        values = columns[name]
        refuse(
            name,
            "to be NaN exactly where the joint has no 'pseudo_trust'",
            np.isnan(values) == labeled,
        )
        high = np.inf if name == 'residual' else 1
        inside = (values >= 0) & (values <= high) & np.isfinite(values)
        refuse(name, 'in range', labeled & ~inside)
