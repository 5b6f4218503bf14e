"""Checks of keypoint results in COCO format, shared by all readers.

Imports no other part of the package than constants and the fields of JSON
files.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .coco_fields import (
    check_everywhere,
    check_id,
    check_number,
    check_numbers,
    check_object,
    check_unique,
    read_json,
    shown,
)
from .constants import TRUST

Entry = dict[str, Any]
Floats = NDArray[np.float64]


def read_entries(path: str | Path) -> list[Entry]:
    """Read keypoint results and check each field.

    Args:
        path: Path of a JSON list with one entry per person: ``image_id`` and
            ``keypoints`` ``(x1, y1, score1, ...)``; in all entries or in none
            ``ann_id``, ``bbox`` ``(x, y, width, height)`` and ``score``.

    Returns:
        The entries; null in ``keypoints`` and in lists of scores is NaN.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a field is missing or holds something else; the message
            names file, entry and field.

    Example:
        >>> import json, tempfile
        >>> person = {'image_id': 7, 'keypoints': [10, 20, 0.5]}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     size = Path(folder, 'a.json').write_text(json.dumps([person]))
        ...     read_entries(Path(folder, 'a.json'))[0]['image_id']
        ...
        7
    """
    entries = read_json(path)
    if not isinstance(entries, list):
        raise ValueError(
            f'{path}: expected a list with one entry per predicted person, '
            f'found {shown(entries)}; give results, not annotations'
        )
    if not entries:
        raise ValueError(
            f'{path}: expected predictions, found an empty list; predict again'
        )
    for number, entry in enumerate(entries):
        _check_entry(entry, f'{path}: entry {number}', entries[0])
    for field in ('ann_id', 'bbox', 'score'):
        check_everywhere(entries, field, str(path))
    for field in ('image_id', 'ann_id'):
        _check_types(entries, field, path)
    if 'ann_id' in entries[0]:
        check_unique(
            [entry['ann_id'] for entry in entries],
            f'{path}: ann_id',
            'give one prediction per person',
        )
    return entries


def stack_keypoints(entries: Sequence[Entry]) -> Floats:
    """Return the keypoints of checked entries.

    Args:
        entries: The entries.

    Returns:
        ``(N, K, 3)`` x, y and score of each keypoint; NaN where there was
        null.

    Example:
        >>> stack_keypoints([{'keypoints': [10, 20, 0.5, 30, 40, 0.9]}]).shape
        (1, 2, 3)
    """
    rows = np.array([entry['keypoints'] for entry in entries], float)
    return rows.reshape(len(rows), -1, 3)


def stack_scores(
    entries: Sequence[Entry], num_joints: int, path: str | Path
) -> dict[str, Floats]:
    """Return every list of one number per keypoint.

    Args:
        entries: Checked entries.
        num_joints: Number of keypoints.
        path: Path of the file, for messages.

    Returns:
        ``(N, K)`` scores by name, those of ``keypoints`` not among them.

    Raises:
        ValueError: If a list is missing in some entries, has another length
            or holds something else than numbers.

    Example:
        >>> person = {'keypoints': [10, 20, 0.5], 'trust': [0.7]}
        >>> stack_scores([person], 1, 'results.json')
        {'trust': array([[0.7]])}
    """
    names: dict[str, None] = {}
    for entry in entries:
        for name, value in entry.items():
            if _is_score(name, value, num_joints):
                names[name] = None
    for name in names:
        check_everywhere(entries, name, str(path))
    return {
        name: np.array(
            [
                check_numbers(
                    entry, name, f'{path}: entry {n}', num_joints, True
                )
                for n, entry in enumerate(entries)
            ],
            float,
        )
        for name in names
    }


def _is_score(name: str, value: object, num_joints: int) -> bool:
    """Whether a field is meant as one score per keypoint."""
    if name in ('keypoints', 'bbox'):
        return False
    return name == TRUST or (
        isinstance(value, list)
        and len(value) == num_joints
        and all(type(number) in (int, float) for number in value)
    )


def _check_entry(value: object, where: str, first: Entry) -> None:
    entry = check_object(value, where)
    check_id(entry, 'image_id', where)
    points = check_numbers(entry, 'keypoints', where, nullable=True)
    expected = len(first['keypoints'])
    if not points or len(points) % 3 or len(points) != expected:
        raise ValueError(
            f'{where}: keypoints: expected x, y and score of the same '
            f'keypoints in every entry, found {len(points)} numbers, in entry '
            f'0 {expected}; correct it'
        )
    entry['keypoints'] = points
    if 'ann_id' in entry:
        check_id(entry, 'ann_id', where)
    if 'bbox' in entry:
        check_numbers(entry, 'bbox', where, 4)
    if 'score' in entry:
        check_number(entry, 'score', where)


def _check_types(
    entries: Sequence[Entry], field: str, path: str | Path
) -> None:
    kinds = {type(entry[field]) for entry in entries if field in entry}
    if len(kinds) > 1:
        examples = ' and '.join(
            shown(next(e[field] for e in entries if type(e[field]) is kind))
            for kind in (int, str)
        )
        raise ValueError(
            f'{path}: {field}: expected ids of one type, found integers and '
            f'texts ({examples}); write all of them in one way'
        )
