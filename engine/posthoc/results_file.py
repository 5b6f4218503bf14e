"""Predicted persons and their labels in files of the COCO results format."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...constants import RAW_SCORE
from ...metrics.evaluation.evaluation_input import EvaluationInput
from ...metrics.evaluation.io.coco import (
    Predictions,
    read_annotations,
    read_results,
)
from ...metrics.evaluation.io.matching import match_to_annotations
from .persons import Floats, LabeledPersons, PredictedPersons
from .second_file import read_second

_ROW = 'row'  # of the file, as a score, which the matching keeps


def read_labeled(
    results: Path,
    ann: Path,
    allow_partial: bool = False,
    second: Path | None = None,
) -> tuple[LabeledPersons, tuple[str, ...]]:
    """Read predictions with their annotations.

    Args:
        results: Keypoint results in COCO format.
        ann: Annotations in COCO format.
        allow_partial: Whether a large share may have no match.
        second: Results of a second estimator on the same persons.

    Returns:
        The matched persons, in the boxes of the results where these have
        them, else in the annotated ones; and remarks about the matching.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is not in that format, too little matches, or a
            keypoint or score is NaN or infinite.
    """
    predictions = read_results(results)
    joints = predictions.keypoints.shape[:2]
    rows = np.broadcast_to(np.arange(joints[0])[:, None], joints)
    scores = {RAW_SCORE: predictions.scores[RAW_SCORE], _ROW: rows}
    found = _match(
        results, replace(predictions, scores=scores), ann, allow_partial
    )
    boxes = found.predicted_boxes
    persons = PredictedPersons(
        found.keypoints,
        found.scores[RAW_SCORE],
        found.truth.boxes if boxes is None else boxes,
    )
    check_finite(results, persons.keypoints, persons.scores)
    if second is not None:
        others = read_second(second, results, predictions)
        others = others.take(found.scores[_ROW][:, 0].astype(int))
        persons = persons._replace(second=others)
    truth = found.truth
    labeled = LabeledPersons(
        persons, found.correct(), truth.labeled, truth.image_ids
    )
    return labeled, found.notes


def read_persons(
    results: Path, ann: Path | None, second: Path | None = None
) -> PredictedPersons:
    """Read predictions, one person for each entry.

    Args:
        results: Keypoint results in COCO format.
        ann: Annotations in COCO format, for the boxes of results that have
            the id of their annotation and no box.
        second: Results of a second estimator on the same persons.

    Returns:
        The persons.

    Raises:
        ValueError: If there is a person without a box, or a keypoint or
            score is NaN or infinite.
    """
    predictions = read_results(results)
    boxes = predictions.boxes
    if boxes is None:
        boxes = _annotated_boxes(results, ann, predictions)
    persons = PredictedPersons(
        predictions.keypoints, predictions.scores[RAW_SCORE], boxes
    )
    check_finite(results, persons.keypoints, persons.scores)
    if second is not None:
        others = read_second(second, results, predictions)
        persons = persons._replace(second=others)
    return persons


def check_finite(results: Path, keypoints: Floats, scores: Floats) -> None:
    """Raise if a value is missing: the trust of a joint reads all others.

    Args:
        results: The file, for the message.
        keypoints: ``(N, K, 2)`` points.
        scores: ``(N, K)`` scores.

    Raises:
        ValueError: If a keypoint or score is NaN or infinite.
    """
    joints = np.dstack([keypoints, scores])
    missing = np.flatnonzero(~np.isfinite(joints).all((1, 2)))
    if len(missing):
        raise ValueError(
            f'{results}: expected finite keypoints and scores, found null, '
            f'NaN or infinite ones of {len(missing)} of {len(joints)} '
            f'persons, first of number {missing[0]}; write numbers, with a '
            'low score where a joint was not found.'
        )


def _annotated_boxes(
    results: Path, ann: Path | None, predictions: Predictions
) -> Floats:
    ids = predictions.person_ids
    if ann is None or ids is None:
        raise ValueError(
            f"{results}: expected the 'bbox' of every person, or its "
            "'ann_id' and the annotations (--ann), found neither; add one of "
            'them.'
        )
    truth = _match(results, predictions, ann, allow_partial=True).truth
    box_of: dict[object, NDArray[np.float64]] = dict(
        zip(truth.person_ids.tolist(), truth.boxes, strict=True)
    )
    missing = [one for one in ids.tolist() if one not in box_of]
    if missing:
        raise ValueError(
            f"{results}: expected every 'ann_id' in {ann}, found "
            f'{len(missing)} of {len(ids)} that are not, first {missing[0]}; '
            "give these persons their 'bbox'."
        )
    return np.array([box_of[one] for one in ids.tolist()])


def _match(
    results: Path, predictions: Predictions, ann: Path, allow_partial: bool
) -> EvaluationInput:
    annotations = read_annotations(ann, predictions.keypoints.shape[1])
    try:
        return match_to_annotations(predictions, annotations, allow_partial)
    except ValueError as error:
        raise ValueError(f'{results}: {error}') from error
