"""Checks of annotation files in COCO format, shared by all readers.

Imports no other part of the package than the fields of JSON files.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .coco_fields import (
    MAX_LEFT_OUT,
    Id,
    check_id,
    check_number,
    check_numbers,
    check_object,
    check_unique,
    read_json,
    shown,
)

OUTSIDE = 'a box without area inside the image'
_MERGED = (
    'keep one, or give new ids where files were merged whose ids begin anew'
)
# persons of a file without a box across the edge that tell the format of boxes
_MANY = 10


def read_annotation_file(path: str | Path) -> dict[str, Any]:
    """Read an annotation file and check each field.

    Args:
        path: Path of a file in COCO format.

    Returns:
        Its content.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not in COCO format; the message names entry and
            field.

    Example:
        >>> import json, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, 'ann.json')
        ...     empty = {'images': [], 'annotations': []}
        ...     size = path.write_text(json.dumps(empty))
        ...     read_annotation_file(path)
        ...
        {'images': [], 'annotations': []}
    """
    content = read_json(path)
    check_annotations(content, path)
    found: dict[str, Any] = content
    return found


def check_annotations(content: Any, path: str | Path) -> None:
    """Check each field of an annotation file that is read by anyone.

    Args:
        content: Its content.
        path: Its path, for messages.

    Raises:
        ValueError: If a field is missing or holds something else, an id is
            repeated or unknown, or boxes have another format; the message
            names file, entry and field.

    Example:
        >>> check_annotations({'images': [], 'annotations': []}, 'ann.json')
    """
    parts = ('images', 'annotations')
    if not isinstance(content, dict) or not {*parts} <= content.keys():
        raise ValueError(
            f"{path}: expected an annotation file with 'images' and "
            f"'annotations', found {shown(content)}; give annotations in COCO "
            'format'
        )
    for part in parts:
        if not isinstance(content[part], list):
            raise ValueError(
                f'{path}: {part}: expected a list, found '
                f'{shown(content[part])}; give annotations in COCO format'
            )
    _check_categories(content.get('categories', []), path)
    for number, image in enumerate(content['images']):
        _check_image(image, f'{path}: images[{number}]')
    sizes = image_sizes(content)
    check_unique(
        (image['id'] for image in content['images']),
        f'{path}: images: id',
        _MERGED,
    )
    lengths: dict[Any, int] = {}
    for number, person in enumerate(content['annotations']):
        where = f'{path}: annotations[{number}]'
        _check_annotation(person, where, sizes, lengths)
    check_unique(
        (person['id'] for person in content['annotations']),
        f'{path}: annotations: id',
        _MERGED,
    )
    _check_boxes(content['annotations'], sizes, path)


def image_sizes(content: Mapping[str, Any]) -> dict[Id, tuple[int, int]]:
    """Return the annotated size of each image.

    Args:
        content: Content of an annotation file.

    Returns:
        Width and height in pixels, by the id of the image.

    Example:
        >>> image = {'id': 7, 'width': 640, 'height': 480}
        >>> image_sizes({'images': [image]})
        {7: (640, 480)}
    """
    return {
        image['id']: (image['width'], image['height'])
        for image in content['images']
    }


def why_left_out(person: Mapping[str, Any], size: Sequence[int]) -> str:
    """Tell why a person cannot be evaluated, with the rules of MMPose.

    Args:
        person: A checked annotation.
        size: Annotated width and height of its image.

    Returns:
        The reason, as the end of "persons with …"; empty if there is none.

    Example:
        >>> person = {'bbox': [0, 0, 50, 90], 'keypoints': [20, 30, 0]}
        >>> why_left_out(person, (640, 480))
        'no labeled keypoint'
    """
    if 'keypoints' not in person or 'bbox' not in person:
        return 'a box or keypoints missing'
    if person.get('iscrowd'):
        return "'iscrowd'"
    points = person['keypoints']
    if not any(flag > 0 for flag in points[2::3]):
        return 'no labeled keypoint'
    if (
        person.get('num_keypoints') == 0
        or max(points[0::3] + points[1::3]) <= 0
    ):
        return "'num_keypoints' 0, or all keypoints at 0"
    if not _has_area(person['bbox'], size):
        return OUTSIDE
    return ''


def count_left_out(content: Mapping[str, Any]) -> Counter[str]:
    """Count the persons that cannot be evaluated, by reason.

    Args:
        content: Checked content of an annotation file.

    Returns:
        The counts; under the empty reason those that can.

    Example:
        >>> image = {'id': 7, 'width': 640, 'height': 480}
        >>> person = {'image_id': 7, 'iscrowd': 1, 'bbox': [0, 0, 9, 9]}
        >>> person['keypoints'] = [5, 5, 2]
        >>> count_left_out({'images': [image], 'annotations': [person]})
        Counter({"'iscrowd'": 1})
    """
    sizes = image_sizes(content)
    return Counter(
        why_left_out(person, sizes[person['image_id']])
        for person in content['annotations']
    )


def describe_left_out(counts: Mapping[str, int]) -> str:
    """Write how many persons are left out, and why.

    Args:
        counts: Number of persons by reason; the empty reason is no reason.

    Returns:
        A sentence; empty if nobody is left out.

    Example:
        >>> describe_left_out({'': 8, "'iscrowd'": 2})
        "2 of 10 annotated persons are left out: 2 with 'iscrowd'."
    """
    reasons = {reason: count for reason, count in counts.items() if reason}
    if not reasons:
        return ''
    parts = [f'{count} with {reason}' for reason, count in reasons.items()]
    return (
        f'{sum(reasons.values())} of {sum(counts.values())} annotated persons '
        f'are left out: {", ".join(parts)}.'
    )


def _check_categories(categories: object, path: str | Path) -> None:
    if not isinstance(categories, list):
        raise ValueError(
            f'{path}: categories: expected a list, found '
            f'{shown(categories)}; give annotations in COCO format'
        )
    for number, category in enumerate(categories):
        where = f'{path}: categories[{number}]'
        entry = check_object(category, where)
        if 'id' in entry:
            check_id(entry, 'id', where)
        names = entry.get('keypoints', [])
        if not isinstance(names, list) or {*map(type, names)} - {str}:
            raise ValueError(
                f'{where}: keypoints: expected a list of names, found '
                f'{shown(names)}; correct or remove it'
            )


def _check_image(image: object, where: str) -> None:
    entry = check_object(image, where)
    check_id(entry, 'id', where)
    for field in ('width', 'height'):
        check_number(entry, field, where, least=1)
    name = entry.get('file_name', '')
    if not isinstance(name, str):
        raise ValueError(
            f'{where}: file_name: expected a text, found {shown(name)}; '
            'correct it'
        )


def _check_annotation(
    person: object,
    where: str,
    sizes: Mapping[Id, Any],
    lengths: dict[Any, int],
) -> None:
    entry = check_object(person, where)
    check_id(entry, 'id', where)
    image = check_id(entry, 'image_id', where)
    if image not in sizes:
        known = next(iter(sizes), 'none')
        raise ValueError(
            f"{where}: image_id: expected the 'id' of one of the "
            f'{len(sizes)} images ({type(known).__name__}, such as '
            f'{shown(known)}), found {shown(image)} ({type(image).__name__}); '
            'correct it, or add the image'
        )
    for field in ('iscrowd', 'num_keypoints'):
        value = entry.get(field, 0)
        if not isinstance(value, int):
            raise ValueError(
                f'{where}: {field}: expected an integer, found '
                f'{shown(value)}; correct or remove it'
            )
    if 'area' in entry:
        check_number(entry, 'area', where, least=0)
    if 'bbox' in entry:
        check_numbers(entry, 'bbox', where, 4)
    if 'keypoints' in entry:
        _check_keypoints(entry, where, lengths)


def _check_keypoints(
    entry: Mapping[str, Any], where: str, lengths: dict[Any, int]
) -> None:
    """Check the keypoints; their number is that of their category."""
    if entry.get('category_id') is not None:
        check_id(entry, 'category_id', where)
    points = check_numbers(entry, 'keypoints', where)
    expected = lengths.setdefault(entry.get('category_id'), len(points))
    if not points or len(points) % 3 or len(points) != expected:
        raise ValueError(
            f'{where}: keypoints: expected x, y and visibility of the same '
            f'keypoints for all persons, found {len(points)} numbers, before '
            f'{expected}; correct it, or remove the field of a person '
            'without keypoints'
        )
    if 'bbox' not in entry and any(points[2::3]):
        raise ValueError(
            f"{where}: expected a 'bbox' of a person with keypoints, found "
            f'only {", ".join(sorted(entry))}; add it'
        )


def _has_area(box: Sequence[float], size: Sequence[int]) -> bool:
    """Whether a box (x, y, width, height) has area inside the image."""
    return all(
        min(max(start + length, 0), limit - 1) > min(max(start, 0), limit - 1)
        for start, length, limit in zip(box[:2], box[2:], size, strict=True)
    )


def _check_boxes(
    annotations: Sequence[Mapping[str, Any]],
    sizes: Mapping[Id, Sequence[int]],
    path: str | Path,
) -> None:
    """Raise if boxes are corners, or many lie beside their image."""
    labeled = [
        person
        for person in annotations
        if any(person.get('keypoints', ())[2::3]) and not person.get('iscrowd')
    ]
    if not labeled:
        return
    boxes = np.array([person['bbox'] for person in labeled], float)
    limits = np.array([sizes[person['image_id']] for person in labeled])
    if are_corners(boxes, [p['keypoints'] for p in labeled], limits):
        across = (boxes[:, :2] + boxes[:, 2:] > limits).any(1)
        example = labeled[int(across.argmax())]
        raise ValueError(
            f'{path}: annotations: bbox: expected x, y, width and height, '
            f'found the corners x0, y0, x1, y1, such as '
            f'{shown(example["bbox"])} of id {shown(example["id"])} in an '
            f'image of {sizes[example["image_id"]][0]} x '
            f'{sizes[example["image_id"]][1]} pixels; convert all boxes'
        )
    beside = [
        person
        for person in labeled
        if min(person['bbox'][2:]) > 0
        and not _has_area(person['bbox'], sizes[person['image_id']])
    ]
    if len(beside) > MAX_LEFT_OUT * len(labeled):
        raise ValueError(
            f'{path}: annotations: bbox: expected boxes inside their images, '
            f'found {len(beside)} of {len(labeled)} beside, first '
            f'{shown(beside[0]["bbox"])} of id {shown(beside[0]["id"])}; '
            'give pixels of the images that width and height belong to'
        )


def are_corners(
    boxes: np.ndarray[Any, Any],
    keypoints: Sequence[Sequence[float]],
    limits: np.ndarray[Any, Any] | None = None,
) -> bool:
    """Tell whether boxes are corners instead of corner, width and height.

    They are if nearly all hold their keypoints as corners, and either some
    end outside of the image as width and height, or there are many.

    Args:
        boxes: ``(N, 4)`` boxes of persons with keypoints.
        keypoints: Lists of x, y and visibility or score of each.
        limits: ``(N, 2)`` sizes of their images, if known.

    Returns:
        Whether they are; False where both readings agree.

    Example:
        >>> corners = np.array([[500.0, 300.0, 600.0, 450.0]] * 20)
        >>> sizes = np.array([[640, 480]] * 20)
        >>> are_corners(corners, [[550, 400, 2]] * 20, sizes)
        True
    """
    differs = boxes[:, :2].max(1) > 0.1 * boxes[:, 2:].max(1)
    if not differs.any():
        return False
    fits = np.array(
        [
            _holds(box, np.reshape(points, (-1, 3)))
            for box, points, differ in zip(
                boxes, keypoints, differs, strict=True
            )
            if differ
        ]
    )
    ends = boxes[:, :2] + boxes[:, 2:]
    across = limits is not None and bool((ends > 1.02 * limits + 2).any())
    return bool(fits.mean() >= 0.95 and (across or len(fits) >= _MANY))


def _holds(box: Any, points: Any) -> bool:
    """Whether corners hold all keypoints, with a margin of a tenth."""
    margin = 0.1 * np.abs(box[2:] - box[:2])
    known = points[points[:, 2] > 0][:, :2]
    return bool(
        len(known)
        and (box[2:] > box[:2]).all()
        and (known >= box[:2] - margin).all()
        and (known <= box[2:] + margin).all()
    )
