"""Labeled 2-D poses, and predictions of networks with their labels."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from self_verify_pose.constants import PCK_THRESHOLD
from self_verify_pose.models.teachers.batches import take
from self_verify_pose.skeleton import NUM_JOINTS


@dataclass(frozen=True)
class LabeledPoses:
    """Poses of N persons.

    Attributes:
        points: Keypoints (N, 17, 2) in pixels.
        labeled: Labeled joints (N, 17) bool.
        size: Person sizes (N,): the longer side of the box, in pixels.
        center: Centers (N, 2) of the boxes in pixels.
    """

    points: Tensor
    labeled: Tensor
    size: Tensor
    center: Tensor

    def __len__(self) -> int:
        """Number of persons."""
        return len(self.points)

    def take(self, rows: Tensor | slice) -> 'LabeledPoses':
        """Select persons.

        Args:
            rows: Indices or a slice.

        Returns:
            Their poses.
        """
        return take(self, rows)


@dataclass(frozen=True)
class Predictions:
    """Predicted keypoints of N labeled persons.

    Attributes:
        poses: Predicted points, with the labeled joints, sizes and box
            centers of the annotations.
        score: Raw score of each keypoint (N, 17).
        correct: Keypoints within ``PCK_THRESHOLD`` of the label (N, 17).
    """

    poses: LabeledPoses
    score: Tensor
    correct: Tensor


def read_npz(path: Path, min_labeled: int, count: int) -> LabeledPoses:
    """Read random persons with enough labeled joints.

    Args:
        path: npz with ``keypoints`` (N, 17, 3) and ``bbox`` (N, 4).
        min_labeled: Fewest labeled joints of a person.
        count: Largest number of persons.

    Returns:
        Their poses, the same at every call.
    """
    with np.load(path) as data:
        keypoints, bbox = data['keypoints'], data['bbox']
    enough = (keypoints[..., 2] > 0).sum(1) >= min_labeled
    order = np.random.default_rng(0).permutation(np.flatnonzero(enough))
    rows = order[:count]
    return _as_poses(keypoints[rows], bbox[rows])


def read_annotations(coco: Path, split: str, min_labeled: int) -> LabeledPoses:
    """Read labeled persons of a COCO annotation file.

    Args:
        coco: COCO folder.
        split: Such as ``val2017``.
        min_labeled: Fewest labeled joints of a person.

    Returns:
        Their poses.
    """
    persons = [
        person
        for person in _annotations(coco, split)
        if person['num_keypoints'] >= min_labeled
    ]
    boxes = np.array([person['bbox'] for person in persons])
    return _as_poses(_keypoints(persons), boxes)


def read_predictions(
    root: Path, coco: Path, network: str, split: str
) -> Predictions:
    """Read predictions of one network with their labels.

    Args:
        root: Folder of ``{network}_coco_mini_{split}.json``.
        coco: COCO folder of the labels.
        network: Name of the network.
        split: Such as ``val2017``.

    Returns:
        The predictions of all persons in the file.
    """
    by_id = {person['id']: person for person in _annotations(coco, split)}
    path = root / f'{network}_coco_mini_{split}.json'
    predicted = json.loads(path.read_text())
    labels = [by_id[person['ann_id']] for person in predicted]
    keypoints, truth = _keypoints(predicted), _keypoints(labels)
    boxes = np.array([person['bbox'] for person in labels])
    labeled = torch.from_numpy(truth[..., 2] > 0)
    poses = replace(_as_poses(keypoints, boxes), labeled=labeled)
    error = np.linalg.norm(keypoints[..., :2] - truth[..., :2], axis=-1)
    relative = error / poses.size[:, None].numpy()
    return Predictions(
        poses,
        torch.from_numpy(keypoints[..., 2].astype(np.float32)),
        torch.from_numpy(relative <= PCK_THRESHOLD),
    )


def _annotations(coco: Path, split: str) -> list[dict[str, Any]]:
    path = coco / 'annotations' / f'person_keypoints_{split}.json'
    annotations: list[dict[str, Any]] = json.loads(path.read_text())[
        'annotations'
    ]
    return annotations


def _keypoints(persons: list[dict[str, Any]]) -> np.ndarray:
    """Keypoints (N, 17, 3)."""
    shape = (NUM_JOINTS, 3)
    return np.array([np.reshape(p['keypoints'], shape) for p in persons])


def _as_poses(keypoints: np.ndarray, boxes: np.ndarray) -> LabeledPoses:
    """Poses of keypoints (N, 17, 3) and boxes (N, 4) in pixels."""
    points = torch.from_numpy(keypoints[..., :2].astype(np.float32))
    box = torch.from_numpy(boxes.astype(np.float32))
    labeled = torch.from_numpy(keypoints[..., 2] > 0)
    size, center = box[:, 2:].amax(1), box[:, :2] + box[:, 2:] / 2
    return LabeledPoses(points, labeled, size, center)
