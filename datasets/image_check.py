"""Check that images have the size that their annotations give."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

from PIL import Image, UnidentifiedImageError

_ORIENTATION = 0x0112  # EXIF; 5 to 8 turn by 90 degrees
_TURNED = range(5, 9)


def check_images(
    infos: Iterable[Mapping[str, Any]], annotations: str | os.PathLike[str]
) -> None:
    """Raise unless images exist and have the annotated size.

    A file that is no image is reported where it is loaded.

    Args:
        infos: Persons with ``img_path`` and, if it is known,
            ``annotated_size``, width and height.
        annotations: Path of the annotation file, for messages.

    Raises:
        FileNotFoundError: If an image does not exist.
        ValueError: If an image has another size, as OpenCV loads it.
    """
    sizes = {info['img_path']: info.get('annotated_size') for info in infos}
    for path, expected in sizes.items():
        if '://' in path:
            continue
        if not os.path.isfile(path):
            hint = ', with / between folders' if '\\' in path else ''
            raise FileNotFoundError(
                f'{annotations}: file_name: expected the image {path}, found '
                "nothing there; give the folder that 'file_name' begins in"
                f'{hint}'
            )
        if expected is None:
            continue
        found, turned = _loaded_size(path)
        if found is not None and found != tuple(expected):
            reason = ' after EXIF has turned it' if turned else ''
            raise ValueError(
                f'{annotations}: width and height: expected the size of '
                f'{path}, which is {found[0]} x {found[1]} pixels{reason}, '
                f'found {expected[0]} x {expected[1]}; annotate the image as '
                'it is loaded, or save it without EXIF orientation'
            )


def _loaded_size(path: str) -> tuple[tuple[int, int] | None, bool]:
    """Width and height as OpenCV loads an image, and whether it is turned."""
    try:
        with Image.open(path) as image:
            turned = image.getexif().get(_ORIENTATION) in _TURNED
            width, height = image.size
    except (OSError, SyntaxError, UnidentifiedImageError, ValueError):
        return None, False
    return ((height, width) if turned else (width, height)), turned
