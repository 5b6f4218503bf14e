"""Reading of COCO-format annotations and keypoint results.

Not with ``pycocotools``, whose loader prints and does not check the format.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....constants import RAW_SCORE
from ....skeleton import joint_name
from ..evaluation_input import Floats, GroundTruth

# COCO-WholeBody keeps the joints beyond the body in fields of their own.
_PARTS = ('foot_kpts', 'face_kpts', 'lefthand_kpts', 'righthand_kpts')


@dataclass(frozen=True)
class Predictions:
    """Predicted persons that are not yet matched to annotations.

    Attributes:
        scores: (N, K) scores by name.
        keypoints: (N, K, 2) points (x, y) in pixels of the image.
        image_ids: (N,) id of each person's image.
        person_ids: (N,) id of each person's annotation; None if the
            predictions hold none.
        boxes: (N, 4) boxes (x1, y1, x2, y2) in pixels; None if the
            predictions hold none.
        confidence: (N,) confidence in each person; orders the matching.
    """

    scores: dict[str, Floats]
    keypoints: Floats
    image_ids: NDArray[np.generic]
    person_ids: NDArray[np.generic] | None
    boxes: Floats | None
    confidence: Floats


def check_file(path: Path) -> None:
    """Raise unless there is a file.

    Args:
        path: Path of the file.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f'expected a file, found nothing at {path}; correct the path.'
        )


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Args:
        path: Path of the file.

    Returns:
        The decoded content.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds no JSON.
    """
    check_file(path)
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise ValueError(
            f'{path}: expected JSON, found something else ({error}); give a '
            'COCO-format file.'
        ) from error


def read_annotations(path: Path, num_joints: int) -> GroundTruth:
    """Read the persons of a COCO annotation file that MMPose evaluates.

    These have a labeled joint and a box of positive area, and are not marked
    as a crowd. Boxes are clipped to the image, as in MMPose.

    Args:
        path: Path of a COCO ``person_keypoints`` file.
        num_joints: Number of joints that are predicted; where the persons
            have fewer and the further parts of COCO-WholeBody, these are
            read as well.

    Returns:
        The persons in the order of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds no such annotations.
    """
    content = read_json(path)
    if not isinstance(content, dict) or not {'images', 'annotations'} <= set(
        content
    ):
        raise ValueError(
            f"{path}: expected an annotation file with 'images' and "
            "'annotations', found something else; give the COCO annotations "
            'of the images that were predicted.'
        )
    try:
        limits = {
            image['id']: (image['width'] - 1, image['height'] - 1)
            for image in content['images']
        }
        persons = [
            (person, _clipped_box(person['bbox'], limits[person['image_id']]))
            for person in content['annotations']
            if not person.get('iscrowd') and any(person['keypoints'][2::3])
        ]
    except KeyError as error:
        raise ValueError(
            f'{path}: expected {error} in every image or annotation, found '
            'one without; give COCO keypoint annotations.'
        ) from error
    persons = [(p, box) for p, box in persons if (box[2:] > box[:2]).all()]
    if not persons:
        raise ValueError(
            f'{path}: expected persons with labeled joints, found none; give '
            'COCO keypoint annotations.'
        )
    parts = ['keypoints']
    first = persons[0][0]
    if len(first['keypoints']) < 3 * num_joints and first.keys() >= {*_PARTS}:
        parts += _PARTS
    keypoints = _stack_keypoints(
        [[x for part in parts for x in p[part]] for p, _ in persons], path
    )
    categories = content.get('categories') or [{}]
    names = categories[0].get('keypoints', ())
    return GroundTruth(
        keypoints=keypoints[..., :2],
        labeled=keypoints[..., 2] > 0,
        boxes=np.array([box for _, box in persons]),
        image_ids=np.array([p['image_id'] for p, _ in persons]),
        person_ids=np.array([p['id'] for p, _ in persons]),
        # the further parts do not tell
        occluded=None if len(parts) > 1 else keypoints[..., 2] == 1,
        areas=np.array([p.get('area', np.nan) for p, _ in persons], float),
        joint_names=tuple(map(joint_name, names)),
        dataset_name='coco_wholebody' if len(parts) > 1 else '',
    )


def read_results(path: Path) -> Predictions:
    """Read keypoint results in COCO format.

    The third number of each joint is its raw score. Every other list with one
    number per joint, such as ``keypoint_trust``, is a further score.

    Args:
        path: Path of a JSON list with one entry per person.

    Returns:
        The predictions, one per entry.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds no such results.
    """
    entries = read_json(path)
    if not isinstance(entries, list) or not all(
        isinstance(e, dict) for e in entries
    ):
        raise ValueError(
            f'{path}: expected a list with one entry per predicted person, '
            f'found a {type(entries).__name__}; give results, not '
            'annotations.'
        )
    if not entries:
        raise ValueError(f'{path}: expected predictions, found an empty list.')
    for number, entry in enumerate(entries):
        for name in ('image_id', 'keypoints'):
            if name not in entry:
                raise ValueError(
                    f"{path}: expected '{name}' in every entry, not found in "
                    f'entry {number}, which holds {sorted(entry)}.'
                )
    keypoints = _stack_keypoints([e['keypoints'] for e in entries], path)
    boxes = _column(entries, 'bbox')
    if boxes is not None:
        boxes = np.asarray(boxes, float)
        boxes = np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]])
    means = keypoints[..., 2].mean(1)
    return Predictions(
        scores={
            RAW_SCORE: keypoints[..., 2],
            **_further_scores(entries, keypoints.shape[1], path),
        },
        keypoints=keypoints[..., :2],
        image_ids=np.array([e['image_id'] for e in entries]),
        person_ids=_column(entries, 'ann_id'),
        boxes=boxes,
        confidence=np.array(
            [
                entry.get('score', mean)
                for entry, mean in zip(entries, means, strict=True)
            ],
            float,
        ),
    )


def _clipped_box(box: list[float], limit: tuple[int, int]) -> Floats:
    x, y, width, height = box
    corners = np.array([[x, y], [x + width, y + height]], np.float64)
    return np.clip(corners, 0, limit).reshape(4)


def _stack_keypoints(rows: list[list[float]], path: Path) -> Floats:
    lengths = {len(row) for row in rows}
    if len(lengths) != 1 or lengths.pop() % 3:
        raise ValueError(
            f'{path}: expected three numbers (x, y, score or visibility) for '
            'the same joints of every person, found lists of lengths '
            f'{sorted({len(row) for row in rows})}.'
        )
    return np.array(rows, float).reshape(len(rows), -1, 3)


def _column(entries: list[dict[str, Any]], name: str) -> Any:
    """A field that all entries have as an array; None if none has it."""
    values = [entry[name] for entry in entries if name in entry]
    if values and len(values) < len(entries):
        raise ValueError(
            f"expected '{name}' in all entries or in none, found it in "
            f'{len(values)} of {len(entries)}.'
        )
    return np.array(values) if values else None


def _further_scores(
    entries: list[dict[str, Any]], num_joints: int, path: Path
) -> dict[str, Floats]:
    """Lists of one number per joint, by name, apart from the keypoints."""
    names = [
        name
        for name, value in entries[0].items()
        if isinstance(value, list)
        and len(value) == num_joints
        and all(isinstance(number, int | float) for number in value)
        and name not in ('keypoints', 'bbox')
    ]
    scores = {}
    for name in names:
        rows = [entry.get(name, []) for entry in entries]
        if any(len(row) != num_joints for row in rows):
            raise ValueError(
                f"{path}: expected {num_joints} numbers in '{name}' of every "
                'entry, found some with another number.'
            )
        scores[name] = np.array(rows, float)
    return scores
