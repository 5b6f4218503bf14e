"""Keypoints that another pose estimator has predicted for known persons."""

from collections import Counter, defaultdict
from typing import Any

import numpy as np
import torch
from mmpose.structures.bbox import bbox_overlaps, bbox_xywh2xyxy

from ..coco_annotations import are_corners
from ..coco_fields import shown
from ..coco_results import read_entries, stack_keypoints

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
            and, in all entries or in none, ``ann_id`` or ``id``, and ``bbox``
            ``(x, y, w, h)``. A keypoint ``0, 0, 0`` or null was not
            predicted.

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
        entries = _read(path)
        self.keypoints = _points(entries)
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


def _read(path: str) -> list[dict[str, Any]]:
    entries = read_entries(path)
    for number, entry in enumerate(entries):
        if type(entry['image_id']) is not int:
            raise ValueError(
                f'{path}: entry {number}: image_id: expected an integer, as '
                "in MMPose's annotations, found "
                f'{shown(entry["image_id"])} (text); {_REMEDY}'
            )
    return entries


def _points(entries: list[dict[str, Any]]) -> np.ndarray:
    """``(N, K, 2)`` points, NaN where there is none."""
    triples = stack_keypoints(entries).astype(np.float32)
    points = triples[..., :2]
    known = triples.any(-1) & np.isfinite(points).all(-1)
    return np.where(known[..., None], points, np.float32(np.nan))


def _boxes(
    entries: list[dict[str, Any]], keypoints: np.ndarray, path: str
) -> np.ndarray:
    """``(N, 4)`` given boxes, or else those around the keypoints."""
    if 'bbox' in entries[0]:
        given = np.array([entry['bbox'] for entry in entries], np.float32)
        if are_corners(given, [entry['keypoints'] for entry in entries]):
            raise ValueError(
                f'{path}: bbox: expected x, y, width and height, found the '
                f'corners x0, y0, x1, y1, such as {shown(entries[0]["bbox"])};'
                ' convert all boxes'
            )
        return bbox_xywh2xyxy(given)
    known = np.isfinite(keypoints)
    boxes = np.concatenate(
        [
            np.where(known, keypoints, np.inf).min(1),
            np.where(known, keypoints, -np.inf).max(1),
        ],
        1,
    )
    boxes[~known.any((1, 2))] = 0
    return boxes.astype(np.float32)


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
