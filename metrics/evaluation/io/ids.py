"""Ids of predictions in the form of the annotations."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from ....coco_fields import Id, shown


def align_ids(
    found: Sequence[Id], known: Mapping[Id, str], field: str
) -> tuple[list[Id], str]:
    """Write the ids of predictions as the annotations write them.

    Where an id is not among those of the annotations, it is read as the same
    number (``'000012'`` for 12) or as the file name of an image, with or
    without folder and ending.

    Args:
        found: Ids of the predictions.
        known: Ids of the annotations, with the file names of images; empty
            for persons.
        field: Name of the field, for messages.

    Returns:
        The ids of the annotations, and a note, empty if they are those given.

    Raises:
        ValueError: If an id is unknown or can be read in two ways; the
            message names both types.

    Example:
        >>> align_ids(['000012'], {12: '12.jpg'}, 'image_id')[0]
        [12]
    """
    unknown = list(dict.fromkeys(one for one in found if one not in known))
    if not unknown:
        return list(found), ''
    readings = _readings(known)
    meanings = {
        one: readings.get(_key(one)) or readings.get(_name(one), set())
        for one in unknown
    }
    missing = [one for one, meant in meanings.items() if not meant]
    if len(unknown) < len(set(found)):  # some are known as they are
        missing = unknown
    example = next(iter(known), 'none')
    if missing:
        raise ValueError(
            f"expected in '{field}' the ids of the annotations "
            f'({type(example).__name__}, such as {shown(example)}), found '
            f'{len(missing)} of {len(set(found))} that are not among them, '
            f'first {shown(missing[0])} ({type(missing[0]).__name__}); give '
            'the annotation file of the images that were predicted'
        )
    _check_one_meaning(meanings, field)
    aligned = {one: next(iter(meant)) for one, meant in meanings.items()}
    first = unknown[0]
    note = (
        f"'{field}' of predictions is read as that of the annotations: "
        f'{shown(first)} ({type(first).__name__}) as '
        f'{shown(aligned[first])} ({type(aligned[first]).__name__}).'
    )
    return [aligned.get(one, one) for one in found], note


def _check_one_meaning(meanings: Mapping[Id, set[Id]], field: str) -> None:
    for one, meant in meanings.items():
        if len(meant) > 1:
            first, second, *_ = sorted(meant, key=str)
            raise ValueError(
                f"expected in '{field}' the ids of the annotations, found "
                f'{shown(one)} ({type(one).__name__}), which may be '
                f'{shown(first)} or {shown(second)} '
                f'({type(first).__name__}) by number and by file name; '
                'write the ids of the annotations'
            )


def _readings(known: Mapping[Id, str]) -> Mapping[Id, set[Id]]:
    """The ids that a text or a number may stand for."""
    readings: defaultdict[Id, set[Id]] = defaultdict(set)
    for one, name in known.items():
        readings[_key(one)].add(one)
        if name:
            plain = _name(name)
            forms = (name, plain, PurePosixPath(plain).stem)
            for form in {*map(_key, forms)}:
                readings[form].add(one)
    return readings


def _key(one: Id) -> Id:
    """A number for a text of digits, else the text."""
    if isinstance(one, str):
        text = one.strip()
        return int(text) if text.isascii() and text.isdigit() else text
    return one


def _name(one: Id) -> str:
    """The name of a file without its folder."""
    return PurePosixPath(str(one).replace('\\', '/')).name
