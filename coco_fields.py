"""Reading of JSON files and their fields, with messages that name both.

Imports nothing of this package, so that every part may import it.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

Id = int | str
# a larger share of persons that are left out is an error
MAX_LEFT_OUT = 0.25
_SHOWN = 40


def check_file(path: str | Path) -> None:
    """Raise unless there is a file.

    Args:
        path: Path of the file.

    Raises:
        FileNotFoundError: If there is no such file.

    Example:
        >>> check_file(__file__)
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f'expected a file, found nothing at {path}; correct the path'
        )


def check_image_folder(folder: Path) -> None:
    """Raise unless there is a folder.

    Args:
        folder: What ``--images`` gives.

    Raises:
        FileNotFoundError: If there is no such folder.

    Example:
        >>> check_image_folder(Path(__file__).parent)
    """
    if not folder.is_dir():
        raise FileNotFoundError(
            f'--images: expected a folder, found none at {folder}; correct '
            'the path'
        )


def read_json(path: str | Path) -> Any:
    """Read a JSON file.

    Args:
        path: Path of the file.

    Returns:
        The decoded content.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds no JSON.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     size = Path(folder, 'a.json').write_text('[1, 2]')
        ...     read_json(Path(folder, 'a.json'))
        ...
        [1, 2]
    """
    check_file(path)
    try:
        return json.loads(Path(path).read_bytes())
    except (RecursionError, ValueError) as error:
        raise ValueError(
            f'{path}: expected JSON, found something else ({error}); give '
            'another file, or write it again'
        ) from error


def shown(value: object) -> str:
    """Write a value for a message.

    Args:
        value: A value of a JSON file.

    Returns:
        Its beginning as JSON.

    Example:
        >>> shown(None), shown([1, 'a']), shown({'id': 1})
        ('null', '[1, "a"]', '{"id": 1}')
    """
    text = json.dumps(value, default=repr)
    return text if len(text) <= _SHOWN else f'{text[: _SHOWN - 1]}…'


def one_line(error: Exception) -> str:
    r"""Write an error of another library for a message.

    Args:
        error: The error.

    Returns:
        Its type and the beginning of its text, in one line.

    Example:
        >>> one_line(ValueError('a\nb'))
        'ValueError: a b'
    """
    text = ' '.join(str(error).split())[:200]
    return f'{type(error).__name__}: {text}'.rstrip(': ')


def check_object(value: object, where: str) -> dict[str, Any]:
    """Raise unless a value is an object with named fields.

    Args:
        value: The value.
        where: File and entry, for the message.

    Returns:
        The value.

    Raises:
        ValueError: If it is something else.

    Example:
        >>> check_object({'id': 7}, 'ann.json: images[0]')
        {'id': 7}
    """
    if not isinstance(value, dict):
        raise ValueError(
            f'{where}: expected an object, found {shown(value)}; correct or '
            'remove it'
        )
    return value


def check_id(entry: Mapping[str, Any], field: str, where: str) -> Id:
    """Raise unless a field holds an id: an integer or a text.

    Args:
        entry: The entry.
        field: Name of the field.
        where: File and entry, for the message.

    Returns:
        The id.

    Raises:
        ValueError: If the field is missing or holds something else.

    Example:
        >>> check_id({'id': 7}, 'id', 'ann.json: images[0]')
        7
    """
    value = _field(entry, field, where)
    if type(value) not in (int, str) or value == '':
        raise ValueError(
            f'{where}: {field}: expected an integer or a text, found '
            f'{shown(value)}; correct it'
        )
    found: Id = value
    return found


def check_number(
    entry: Mapping[str, Any], field: str, where: str, least: float = -math.inf
) -> float:
    """Raise unless a field holds a finite number.

    Args:
        entry: The entry.
        field: Name of the field.
        where: File and entry, for the message.
        least: The smallest number that is accepted.

    Returns:
        The number.

    Raises:
        ValueError: If the field is missing or holds something else.

    Example:
        >>> check_number({'width': 640}, 'width', 'images[0]', least=1)
        640.0
    """
    value = _field(entry, field, where)
    if (
        type(value) not in (int, float)
        or not math.isfinite(value)
        or value < least
    ):
        bound = '' if least == -math.inf else f' of at least {least:g}'
        raise ValueError(
            f'{where}: {field}: expected a number{bound}, found '
            f'{shown(value)}; correct it'
        )
    return float(value)


def check_numbers(
    entry: Mapping[str, Any],
    field: str,
    where: str,
    count: int | None = None,
    nullable: bool = False,
) -> list[float]:
    """Raise unless a field holds a list of numbers.

    Args:
        entry: The entry.
        field: Name of the field.
        where: File and entry, for the message.
        count: Length of the list; any by default.
        nullable: Whether null and NaN are accepted.

    Returns:
        The numbers; NaN for null.

    Raises:
        ValueError: If the field is missing or holds something else.

    Example:
        >>> check_numbers({'bbox': [0, 0, 9, 9]}, 'bbox', 'ann.json', count=4)
        [0, 0, 9, 9]
    """
    value = _field(entry, field, where)
    what = 'numbers' if count is None else f'{count} numbers'
    if not isinstance(value, list):
        raise ValueError(
            f'{where}: {field}: expected a list of {what}, found '
            f'{shown(value)}; correct it'
        )
    if count is not None and len(value) != count:
        raise ValueError(
            f'{where}: {field}: expected {what}, found {len(value)} '
            f'({shown(value)}); correct it'
        )
    # types first and sums first: annotations hold millions of numbers
    if set(map(type, value)) <= {int, float} and math.isfinite(sum(value)):
        return value
    for position, number in enumerate(value):
        is_number = type(number) in (int, float)
        good = number is None or is_number if nullable else is_number
        if not good or not (nullable or math.isfinite(number)):
            raise ValueError(
                f'{where}: {field}: expected {what}, found {shown(number)} '
                f'at position {position}; correct it'
            )
    return [math.nan if number is None else number for number in value]


def check_unique(values: Iterable[Id], where: str, hint: str) -> None:
    """Raise if a value occurs twice, or if integers and texts are mixed.

    Args:
        values: Ids.
        where: File, part and field, for the message.
        hint: What the user can do.

    Raises:
        ValueError: If an id is repeated; the message tells how often.

    Example:
        >>> check_unique([1, 2, 3], 'ann.json: images: id', 'correct them')
    """
    counts = Counter(values)
    kinds = {type(value).__name__ for value in counts}
    if len(kinds) > 1:
        raise ValueError(
            f'{where}: expected ids of one type, found integers and texts '
            f'({_example(counts, int)} and {_example(counts, str)}); write '
            'all of them in one way'
        )
    repeated = [value for value, count in counts.items() if count > 1]
    if repeated:
        raise ValueError(
            f'{where}: expected each id once, found {len(repeated)} repeated,'
            f' first {shown(repeated[0])}, {counts[repeated[0]]} times; {hint}'
        )


def check_everywhere(
    entries: Sequence[Mapping[str, Any]], field: str, where: str
) -> bool:
    """Raise if only some entries have a field.

    Args:
        entries: The entries.
        field: Name of the field.
        where: File, for the message.

    Returns:
        Whether all have it.

    Raises:
        ValueError: If some have it and others do not.

    Example:
        >>> check_everywhere([{'id': 1}, {'id': 2}], 'id', 'ann.json')
        True
    """
    missing = [n for n, entry in enumerate(entries) if field not in entry]
    if missing and len(missing) < len(entries):
        raise ValueError(
            f"{where}: expected '{field}' in all entries or in none, found it "
            f'in {len(entries) - len(missing)} of {len(entries)}, missing '
            f'first in entry {missing[0]}; add or remove it'
        )
    return not missing


def _field(entry: Mapping[str, Any], field: str, where: str) -> Any:
    if field not in entry:
        raise ValueError(
            f"{where}: expected '{field}', found only "
            f'{", ".join(sorted(map(str, entry))) or "nothing"}; add it'
        )
    return entry[field]


def _example(values: Iterable[Id], kind: type) -> str:
    return shown(next(value for value in values if type(value) is kind))
