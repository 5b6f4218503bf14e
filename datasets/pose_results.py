"""Keypoints that another pose estimator has predicted for known persons."""

import json
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import torch
from mmpose.structures.bbox import bbox_overlaps, bbox_xywh2xyxy

# smallest overlap of a person's box with that of an entry: the box around
# keypoints is smaller than the person, boxes of neighbors overlap less
LEAST_IOU = 0.3
_REMEDY = "give COCO results, such as MMPose's CocoMetric writes"


class PoseResults:
    """Keypoint results in COCO format, read once.

    A person is found by the id of the annotation where every entry holds one
    (``ann_id``, or else ``id``), otherwise in its image by its box.

    Args:
        path: A JSON list with one entry per person: ``image_id``,
            ``keypoints`` ``(x1, y1, score1, ...)`` in pixels of the image,
            and, if there are, ``ann_id`` or ``id``, and ``bbox``
            ``(x, y, w, h)``. A keypoint ``0, 0, 0`` was not predicted.

    Attributes:
        path: The file.
        keypoints: ``(N, K, 2)`` float32 points in pixels of the image, NaN
            where there is none.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds something else.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        entries = _read_entries(path)
        self.keypoints = _keypoints(entries, path)
        self._image_ids = [entry['image_id'] for entry in entries]
        self._by_image: dict[Any, list[int]] = defaultdict(list)
        for row, image in enumerate(self._image_ids):
            self._by_image[image].append(row)
        self._id_field, self._by_person = _person_ids(entries, path)
        if self._id_field is None:
            self._boxes = _boxes(entries, self.keypoints, path)

    def find(
        self, image_id: int, person_id: int, box: np.ndarray
    ) -> np.ndarray | None:
        """Find the keypoints of a person.

        Args:
            image_id: Id of the image.
            person_id: Id of the annotation.
            box: ``(4,)`` the person's box ``(x1, y1, x2, y2)`` in pixels of
                the image.

        Returns:
            ``(K, 2)`` points in pixels of the image; None if there are no
            results for the person. Without annotation ids they are those
            whose ``bbox``, or the box around whose keypoints, overlaps most
            with the person's, at least by the IoU ``LEAST_IOU``.

        Raises:
            ValueError: If the results hold the id in another image.
        """
        if self._id_field is not None:
            row = self._by_person.get(person_id)
            if row is None:
                return None
            if self._image_ids[row] != image_id:
                raise ValueError(
                    f'{self.path}: entry {row}: expected image_id '
                    f'{image_id!r}, as of the annotation '
                    f'{self._id_field}={person_id}, found '
                    f'{self._image_ids[row]!r}; give results on the training '
                    f'images, and remove {self._id_field!r} where it is no '
                    'id of an annotation'
                )
            return self.keypoints[row]
        rows = self._by_image.get(image_id, [])
        if not rows:
            return None
        overlaps = bbox_overlaps(
            torch.from_numpy(self._boxes[rows]),
            torch.from_numpy(np.asarray(box, np.float32)[None]),
        )[:, 0]
        best = int(overlaps.argmax())
        found = overlaps[best] >= LEAST_IOU
        return self.keypoints[rows[best]] if found else None


def _read_entries(path: str) -> list[dict[str, Any]]:
    try:
        with open(path, encoding='utf-8') as file:
            entries = json.load(file)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f'keypoint results: expected a file, found nothing at {path}; '
            'correct the path'
        ) from error
    except ValueError as error:
        raise ValueError(
            f'{path}: expected JSON, found something else ({error}); {_REMEDY}'
        ) from error
    if not isinstance(entries, list) or not entries:
        raise ValueError(
            f'{path}: expected a list with one entry per person, found '
            f'{"an empty list" if entries == [] else type(entries).__name__}; '
            f'{_REMEDY}'
        )
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise ValueError(
                f'{path}: entry {number}: expected an object, found '
                f'{entry!r}; {_REMEDY}'
            )
        missing = {'image_id', 'keypoints'} - entry.keys()
        if missing:
            raise ValueError(
                f'{path}: entry {number}: expected image_id and keypoints, '
                f'found only {sorted(entry)}; {_REMEDY}'
            )
        if type(entry['image_id']) is not int:
            raise ValueError(
                f'{path}: entry {number}: image_id: expected an integer, as '
                f'in COCO annotations, found {entry["image_id"]!r}; {_REMEDY}'
            )
    return entries


def _keypoints(entries: list[dict[str, Any]], path: str) -> np.ndarray:
    """``(N, K, 2)`` points, NaN where there is none."""
    for number, entry in enumerate(entries):
        where, found = f'{path}: entry {number}: keypoints', entry['keypoints']
        _check_numbers(where, found)
        first = len(entries[0]['keypoints'])
        if len(found) != first or not found or len(found) % 3:
            raise ValueError(
                f'{where}: expected x, y and score of the same keypoints in '
                f'every entry, found {len(found)} numbers, in entry 0 '
                f'{first}; {_REMEDY}'
            )
    rows = np.array([entry['keypoints'] for entry in entries], np.float32)
    triples = rows.reshape(len(rows), -1, 3)
    points = triples[..., :2]
    known = triples.any(-1) & np.isfinite(points).all(-1)
    return np.where(known[..., None], points, np.float32(np.nan))


def _boxes(
    entries: list[dict[str, Any]], keypoints: np.ndarray, path: str
) -> np.ndarray:
    """``(N, 4)`` given boxes, or else those around the keypoints."""
    known = np.isfinite(keypoints)
    boxes = np.concatenate(
        [
            np.where(known, keypoints, np.inf).min(1),
            np.where(known, keypoints, -np.inf).max(1),
        ],
        1,
    )
    boxes[~known.any((1, 2))] = 0
    for number, entry in enumerate(entries):
        if 'bbox' in entry:
            where, found = f'{path}: entry {number}: bbox', entry['bbox']
            _check_numbers(where, found)
            if len(found) != 4:
                raise ValueError(
                    f'{where}: expected the four numbers x, y, width and '
                    f'height, found {len(found)}; correct or remove it'
                )
            box = np.array([found], np.float32)
            boxes[number] = bbox_xywh2xyxy(box)[0]
    return boxes.astype(np.float32)


def _check_numbers(where: str, found: Any) -> None:
    if not isinstance(found, list):
        raise ValueError(
            f'{where}: expected a list of numbers, found '
            f'{json.dumps(found)}; {_REMEDY}'
        )
    wrong = [one for one in found if not isinstance(one, int | float)]
    if wrong:
        raise ValueError(
            f'{where}: expected numbers, found {json.dumps(wrong[0])}; write '
            '0, 0, 0 for a keypoint that was not predicted'
        )


def _person_ids(
    entries: list[dict[str, Any]], path: str
) -> tuple[str | None, dict[Any, int]]:
    """The field of the annotation's id, and the entry of each id."""
    for field in ('ann_id', 'id'):
        ids = [entry.get(field) for entry in entries]
        if all(type(one) is int for one in ids):
            twice = [one for one, count in Counter(ids).items() if count > 1]
            if twice:
                raise ValueError(
                    f'{path}: {field}: expected an id of its own for every '
                    f'entry, found {twice[0]!r} several times; keep one '
                    f'entry per person, or remove {field!r}'
                )
            return field, {one: row for row, one in enumerate(ids)}
    return None, {}
