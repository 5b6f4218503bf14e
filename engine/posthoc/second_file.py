"""Predictions of a second estimator on the persons of a results file."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...constants import RAW_SCORE
from ...metrics.evaluation.evaluation_input import GroundTruth
from ...metrics.evaluation.io.coco import Predictions, read_results
from ...metrics.evaluation.io.matching import match_persons
from .persons import SecondPredictions

Rows = NDArray[np.int64]


def read_second(
    path: Path, results: Path, first: Predictions
) -> SecondPredictions:
    """Read a second estimator's predictions, in the order of the first's.

    Persons are matched by the id of their annotation where both files have
    it, else by the overlap of their boxes within the image.

    Args:
        path: Keypoint results of the second estimator in COCO format.
        results: File of the first predictions, for messages.
        first: The first predictions.

    Returns:
        The predictions, NaN for persons without a partner.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the file is not in that format, has other joints, or
            nothing in it matches.
    """
    second = read_results(path)
    expected, found = (len(one.keypoints[0]) for one in (first, second))
    if found != expected:
        raise ValueError(
            f'{path}: expected {expected} joints per person, as in {results}, '
            f'found {found}; give predictions of the same joints.'
        )
    match = _match_boxes
    if first.person_ids is not None and second.person_ids is not None:
        match = _match_ids
    rows, partners = match(path, results, first, second)
    count = len(first.keypoints)
    keypoints = np.full((count, expected, 2), np.nan)
    scores = np.full((count, expected), np.nan)
    keypoints[partners] = second.keypoints[rows]
    scores[partners] = second.scores[RAW_SCORE][rows]
    return SecondPredictions(keypoints, scores)


def count_partners(second: SecondPredictions, name: str) -> str:
    """Say how many persons a second estimator predicts.

    Args:
        second: Its predictions.
        name: Name of its file.

    Returns:
        A sentence.
    """
    found = int(np.isfinite(second.scores).any(1).sum())
    count = len(second.scores)
    return (
        f'{found} of {count} persons have a partner in {name}; of the other '
        f'{count - found} this evidence is missing.'
    )


def _match_ids(
    path: Path, results: Path, first: Predictions, second: Predictions
) -> tuple[Rows, Rows]:
    assert first.person_ids is not None
    assert second.person_ids is not None
    _, partners, rows = np.intersect1d(
        first.person_ids, second.person_ids, return_indices=True
    )
    if not len(rows):
        raise ValueError(
            f"{path}: expected 'ann_id' of persons in {results}, such as "
            f'{first.person_ids.tolist()[0]!r}, found none of them, but '
            f'{second.person_ids.tolist()[0]!r}; give predictions of the same '
            'persons.'
        )
    apart = first.image_ids[partners] != second.image_ids[rows]
    if apart.any():
        row = int(rows[apart][0])
        expected = first.image_ids[partners[apart]].tolist()[0]
        raise ValueError(
            f"{path}: entry {row}: image_id: expected that of 'ann_id' "
            f'{second.person_ids.tolist()[row]!r} in {results}, '
            f'{expected!r}, found {second.image_ids.tolist()[row]!r}; give '
            'predictions of the same images.'
        )
    return rows, partners


def _match_boxes(
    path: Path, results: Path, first: Predictions, second: Predictions
) -> tuple[Rows, Rows]:
    if first.boxes is None or second.boxes is None:
        raise ValueError(
            f"{path}: expected 'ann_id' or 'bbox' in this file and in "
            f'{results}, found neither in both; add one of them.'
        )
    count = len(first.keypoints)
    persons = GroundTruth(
        keypoints=first.keypoints,
        labeled=np.ones(first.keypoints.shape[:2], bool),
        boxes=first.boxes,
        image_ids=first.image_ids,
        person_ids=np.arange(count),
    )
    try:
        rows, partners, _ = match_persons(second, persons)
    except ValueError as error:
        raise ValueError(
            f'{path}: expected persons of {results}, found none that matches '
            f'({error})'
        ) from error
    return rows, partners
