"""COCO-format annotations and keypoint results as arrays.

Not with ``pycocotools``, whose loader prints and does not check the format.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....coco_annotations import (
    count_left_out,
    describe_left_out,
    image_sizes,
    read_annotation_file,
    why_left_out,
)
from ....coco_fields import Id, check_numbers
from ....coco_results import read_entries, stack_keypoints, stack_scores
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


@dataclass(frozen=True)
class Annotations:
    """Persons and images of an annotation file.

    Attributes:
        persons: The persons that MMPose evaluates.
        image_names: File name of each image by its id; empty if unknown.
        person_images: Id of the image of every person, also of those that
            are not evaluated, by the id of the annotation.
        left_out: Sentence on persons that are not evaluated; empty if there
            are none.
    """

    persons: GroundTruth
    image_names: dict[Id, str]
    person_images: dict[Id, Id]
    left_out: str


def read_annotations(path: Path, num_joints: int) -> Annotations:
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

    Example:
        >>> import json
        >>> person = {'id': 1, 'image_id': 7, 'category_id': 1, 'iscrowd': 0}
        >>> person['bbox'] = [0, 0, 100, 100]
        >>> person['keypoints'] = [20, 30, 2, 60, 70, 0]
        >>> image = {'id': 7, 'width': 640, 'height': 480}
        >>> content = {'images': [image], 'annotations': [person]}
        >>> path = Path('annotations.json')
        >>> _ = path.write_text(json.dumps(content))
        >>> read_annotations(path, num_joints=2).persons.labeled
        array([[ True, False]])
    """
    content = read_annotation_file(path)
    sizes = image_sizes(content)
    persons = [
        person
        for person in content['annotations']
        if not why_left_out(person, sizes[person['image_id']])
    ]
    left_out = describe_left_out(count_left_out(content))
    if not persons:
        raise ValueError(
            f'{path}: expected persons with labeled joints, found none; give '
            f'COCO keypoint annotations. {left_out}'.strip()
        )
    parts = ['keypoints']
    if len(persons[0]['keypoints']) < 3 * num_joints and persons[0].keys() >= {
        *_PARTS
    }:
        parts += _PARTS
    keypoints = _stack_parts(persons, parts, path)
    return Annotations(
        persons=_ground_truth(content, persons, keypoints, len(parts) > 1),
        image_names={
            image['id']: image.get('file_name', '')
            for image in content['images']
        },
        person_images={
            person['id']: person['image_id']
            for person in content['annotations']
        },
        left_out=left_out,
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

    Example:
        >>> import json
        >>> entry = {'image_id': 7, 'keypoints': [20, 30, 0.9, 60, 70, 0.4]}
        >>> path = Path('results.json')
        >>> _ = path.write_text(json.dumps([entry]))
        >>> read_results(path).scores
        {'keypoint_scores': array([[0.9, 0.4]])}
    """
    entries = read_entries(path)
    keypoints = stack_keypoints(entries)
    boxes = _column(entries, 'bbox')
    if boxes is not None:
        boxes = boxes.astype(float)
        boxes = np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]])
    scores = _column(entries, 'score')
    return Predictions(
        scores={
            RAW_SCORE: keypoints[..., 2],
            **stack_scores(entries, keypoints.shape[1], path),
        },
        keypoints=keypoints[..., :2],
        image_ids=np.array([e['image_id'] for e in entries]),
        person_ids=_column(entries, 'ann_id'),
        boxes=boxes,
        confidence=(
            np.nan_to_num(keypoints[..., 2]).mean(1)
            if scores is None
            else scores.astype(float)
        ),
    )


def _ground_truth(
    content: dict[str, Any],
    persons: list[dict[str, Any]],
    keypoints: Floats,
    whole_body: bool,
) -> GroundTruth:
    """Persons of a file with their (N, K, 3) points and visibility."""
    sizes = image_sizes(content)
    category = (content.get('categories') or [{}])[0]
    names = category.get('keypoints', ())
    return GroundTruth(
        keypoints=keypoints[..., :2],
        labeled=keypoints[..., 2] > 0,
        boxes=np.array(
            [_clipped_box(p['bbox'], sizes[p['image_id']]) for p in persons]
        ),
        image_ids=np.array([p['image_id'] for p in persons]),
        person_ids=np.array([p['id'] for p in persons]),
        # the visibility of feet, faces and hands does not tell
        occluded=None if whole_body else keypoints[..., 2] == 1,
        areas=np.array([p.get('area', np.nan) for p in persons], float),
        joint_names=tuple(map(joint_name, names)),
        dataset_name='coco_wholebody' if whole_body else '',
        limbs=_limbs(category.get('skeleton'), len(names)),
    )


def _limbs(skeleton: object, count: int) -> tuple[tuple[int, int], ...]:
    """Pairs of joints, counted from 0; none where not all are pairs of these.

    Files with other joints than COCO's may hold the skeleton of COCO.
    """
    known = range(1, count + 1)
    pairs = skeleton if isinstance(skeleton, list) else []
    if not all(
        isinstance(pair, list)
        and len(pair) == 2
        and all(type(joint) is int and joint in known for joint in pair)
        for pair in pairs
    ):
        return ()
    return tuple((first - 1, last - 1) for first, last in pairs)


def _clipped_box(box: list[float], size: tuple[int, int]) -> Floats:
    x, y, width, height = box
    corners = np.array([[x, y], [x + width, y + height]], np.float64)
    return np.clip(corners, 0, np.subtract(size, 1)).reshape(4)


def _stack_parts(
    persons: list[dict[str, Any]], parts: list[str], path: Path
) -> Floats:
    """(N, K, 3) points and visibility of all parts of the persons."""
    rows = [
        [
            number
            for part in parts
            for number in check_numbers(
                person, part, f'{path}: annotation id {person["id"]}'
            )
        ]
        for person in persons
    ]
    lengths = {len(row) for row in rows}
    if len(lengths) != 1:
        raise ValueError(
            f'{path}: expected the same joints of every person, found lists '
            f'of lengths {sorted(lengths)}; give annotations of one category'
        )
    return np.array(rows, float).reshape(len(rows), -1, 3)


def _column(entries: list[dict[str, Any]], name: str) -> Any:
    """A field as an array; None where there is none."""
    if name not in entries[0]:
        return None
    return np.array([entry[name] for entry in entries])
