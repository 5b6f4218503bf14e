"""Matching of predicted persons to annotated persons."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools.mask import iou

from ...functional.similarity import keypoint_similarity
from ..evaluation_input import EvaluationInput, Floats, GroundTruth
from .coco import Predictions

# IoU as in detection. OKS as low as in Ronchi and Perona, ICCV 2017, so that
# persons with many wrong joints are matched too.
MIN_IOU = 0.5
MIN_OKS = 0.1

Positions = NDArray[np.int64]


def match_to_annotations(
    predictions: Predictions, annotated: GroundTruth
) -> EvaluationInput:
    """Pair predictions with the annotated persons that they belong to.

    Predictions that hold the id of their annotation are matched by it, others
    by :func:`match_persons`.

    Args:
        predictions: Predicted persons.
        annotated: Annotated persons of the same images.

    Returns:
        The matched predictions with their ground truth. Its notes name the
        rule and the number of predictions and persons without a match.

    Raises:
        ValueError: If images, joints or ids do not agree, or nothing matches.
    """
    _check_images_and_joints(predictions, annotated)
    if predictions.person_ids is None:
        rows, persons, rule = match_persons(predictions, annotated)
    else:
        rows = np.arange(len(predictions.keypoints))
        persons = _match_ids(
            predictions.person_ids.tolist(), predictions.image_ids, annotated
        )
        rule = 'the id of the annotation'
    num_predicted, num_annotated = len(predictions.keypoints), len(annotated)
    notes = [f'Persons are matched by {rule}.']
    if len(rows) < num_predicted or len(rows) < num_annotated:
        notes.append(
            f'{num_predicted - len(rows)} of {num_predicted} predictions and '
            f'{num_annotated - len(rows)} of {num_annotated} annotated '
            'persons are not matched and left out.'
        )
    return EvaluationInput(
        scores={n: s[rows] for n, s in predictions.scores.items()},
        keypoints=predictions.keypoints[rows],
        truth=annotated.take(persons),
        everyone=annotated,
        notes=tuple(notes),
    )


def match_persons(
    predictions: Predictions, annotated: GroundTruth
) -> tuple[Positions, Positions, str]:
    """Match predictions greedily to the annotated persons of their image.

    In the order of descending confidence, each prediction takes the most
    similar person that is still free, as in the evaluation of COCO. Similarity
    is the IoU of the boxes if the predictions have boxes, else the OKS.

    Args:
        predictions: Predicted persons.
        annotated: Annotated persons of the same joints.

    Returns:
        (M,) positions of the matched predictions, ascending; (M,) positions
        of their persons; and a phrase that names the rule.

    Raises:
        ValueError: If nothing matches, or the OKS cannot be computed.
    """
    boxes = predictions.boxes
    if boxes is None:
        if reason := annotated.no_similarity:
            raise ValueError(
                f'matching by joints: {reason}; give each prediction its '
                "'ann_id' or its 'bbox'."
            )
        smallest, rule = MIN_OKS, f'OKS of at least {MIN_OKS}'
    else:
        smallest, rule = MIN_IOU, f'box overlap of at least {MIN_IOU}'
    rule += ' within the image'
    pairs: list[tuple[int, int]] = []
    for image in np.unique(predictions.image_ids):
        rows = np.flatnonzero(predictions.image_ids == image)
        persons = np.flatnonzero(annotated.image_ids == image)
        if not len(persons):
            continue
        rows = rows[np.argsort(-predictions.confidence[rows], kind='stable')]
        similarity = (
            _oks(predictions.keypoints[rows], annotated.take(persons))
            if boxes is None
            else _box_iou(boxes[rows], annotated.boxes[persons])
        )
        pairs += [
            (rows[i], persons[j])
            for i, j in _greedy_pairs(similarity, smallest)
        ]
    if not pairs:
        raise ValueError(
            f'expected predictions of annotated persons, found none by {rule};'
            ' check that both are in pixels of the original image, or give '
            "each prediction the 'ann_id' of its person."
        )
    matched = np.array(sorted(pairs), dtype=np.int64)
    return matched[:, 0], matched[:, 1], rule


def _check_images_and_joints(
    predictions: Predictions, annotated: GroundTruth
) -> None:
    if not np.isin(predictions.image_ids, annotated.image_ids).any():
        raise ValueError(
            'expected predictions of the annotated images, found no image id '
            f'in common (predicted {predictions.image_ids[0]}, annotated '
            f'{annotated.image_ids[0]}, …); give the annotation file of the '
            'images that were predicted.'
        )
    predicted = predictions.keypoints.shape[1]
    expected = annotated.keypoints.shape[1]
    if predicted != expected:
        raise ValueError(
            f'expected {expected} joints per person, as in the annotations, '
            f'found {predicted}; give predictions of the same joints.'
        )


def _match_ids(
    ids: list[Any], image_ids: NDArray[np.generic], annotated: GroundTruth
) -> Positions:
    """Positions of the annotated persons with these ids."""
    positions = {
        person: k for k, person in enumerate(annotated.person_ids.tolist())
    }
    missing = [i for i in ids if i not in positions]
    if missing:
        raise ValueError(
            f"expected every 'ann_id' among the annotated persons, found "
            f'{len(missing)} of {len(ids)} that are not, first {missing[0]}; '
            'give the annotation file of the images that were predicted.'
        )
    if len(set(ids)) < len(ids):
        raise ValueError(
            "expected each 'ann_id' once, found some repeated; give one "
            'prediction per person.'
        )
    persons = np.array([positions[i] for i in ids], dtype=np.int64)
    if (annotated.image_ids[persons] != image_ids).any():
        raise ValueError(
            "expected the 'image_id' of the annotation at every 'ann_id', "
            'found others; give the annotation file of the images that were '
            'predicted.'
        )
    return persons


def _greedy_pairs(
    similarity: Floats, smallest: float
) -> list[tuple[int, int]]:
    """Pairs (row, column), rows in order, each column at most once."""
    free = similarity.copy()
    pairs = []
    for row in range(len(free)):
        column = int(free[row].argmax())
        if free[row, column] >= smallest:
            pairs.append((row, column))
            free[:, column] = -1
    return pairs


def _oks(keypoints: Floats, persons: GroundTruth) -> Floats:
    """(N, M) object keypoint similarities of predictions and persons."""
    similarity = keypoint_similarity(
        keypoints[:, None], persons.keypoints, persons.areas
    )
    weight = persons.labeled / persons.labeled.sum(1, keepdims=True)
    return np.asarray((similarity * weight).sum(-1), np.float64)


def _box_iou(boxes: Floats, others: Floats) -> Floats:
    """(N, M) intersections over union."""
    one, other = (
        np.hstack([b[:, :2], b[:, 2:] - b[:, :2]]) for b in (boxes, others)
    )
    return np.asarray(iou(one, other, [False] * len(other)), np.float64)
