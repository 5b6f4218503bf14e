"""Which annotated person a prediction is of, where it does not say."""

import numpy as np
from numpy.typing import NDArray

from ....skeleton import COCO_SIGMAS
from ...functional.similarity import keypoint_similarity
from ..evaluation_input import EvaluationInput, Floats, GroundTruth
from .coco import Predictions

# Box overlap as in detection; OKS as low as in Ronchi and Perona, ICCV 2017:
# persons whose joints are wrong are to be judged, not left out.
SMALLEST_IOU = 0.5
SMALLEST_OKS = 0.1


def match_persons(
    keypoints: Floats,
    confidence: Floats,
    image_ids: NDArray[np.generic],
    boxes: Floats | None,
    everyone: GroundTruth,
) -> tuple[NDArray[np.int64], NDArray[np.int64], str]:
    """Give each prediction the free person that fits best, surest first.

    Boxes are compared where the predictions have them, else joints (OKS).

    Args:
        keypoints: (N, K, 2) predicted points in pixels.
        confidence: (N,) how sure the network is of each person.
        image_ids: (N,) image of each prediction.
        boxes: (N, 4) predicted boxes (x1, y1, x2, y2), or None.
        everyone: Annotated persons.

    Returns:
        Positions of the matched predictions, ascending, of their persons, and
        a phrase that names the rule.

    Raises:
        ValueError: If nobody is matched, or joints cannot be compared.
    """
    if boxes is None:
        _check_comparable(keypoints, everyone)
    smallest = SMALLEST_OKS if boxes is None else SMALLEST_IOU
    rule = (
        f'OKS of at least {smallest} within the image'
        if boxes is None
        else f'box overlap of at least {smallest} within the image'
    )
    pairs = []
    for image in np.unique(image_ids):
        rows = np.flatnonzero(image_ids == image)
        persons = np.flatnonzero(everyone.image_ids == image)
        if not len(persons):
            continue
        rows = rows[np.argsort(-confidence[rows], kind='stable')]
        fit = (
            _oks(keypoints[rows], everyone.take(persons))
            if boxes is None
            else _overlap(boxes[rows], everyone.boxes[persons])
        )
        pairs += [(rows[i], persons[j]) for i, j in _greedy(fit, smallest)]
    if not pairs:
        raise ValueError(
            f'expected predictions of annotated persons, found none by {rule};'
            ' check that both are in pixels of the original image, or give '
            "each prediction the 'ann_id' of its person."
        )
    found = np.array(sorted(pairs), dtype=np.int64)
    return found[:, 0], found[:, 1], rule


def _check_comparable(keypoints: Floats, everyone: GroundTruth) -> None:
    areas = everyone.areas
    known = areas is not None and bool((areas > 0).all())
    if keypoints.shape[1] != len(COCO_SIGMAS) or not known:
        raise ValueError(
            'matching by joints: expected the 17 joints of COCO and the '
            "'area' of every person, found other joints or a person without; "
            "give each prediction its 'ann_id' or its 'bbox'."
        )


def _greedy(fit: Floats, smallest: float) -> list[tuple[int, int]]:
    """Pairs (row, column), rows in order, each column once."""
    fit = fit.copy()
    pairs = []
    for row in range(len(fit)):
        column = int(fit[row].argmax())
        if fit[row, column] >= smallest:
            pairs.append((row, column))
            fit[:, column] = -1
    return pairs


def _oks(keypoints: Floats, persons: GroundTruth) -> Floats:
    """Object keypoint similarities, predictions × persons."""
    similarity = keypoint_similarity(
        keypoints[:, None], persons.keypoints, persons.areas
    )
    weight = persons.labeled / persons.labeled.sum(1, keepdims=True)
    return (similarity * weight).sum(-1)


def _overlap(boxes: Floats, others: Floats) -> Floats:
    """Intersection over union, predictions × persons."""
    low = np.maximum(boxes[:, None, :2], others[:, :2])
    high = np.minimum(boxes[:, None, 2:], others[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), -1)
    one, other = (
        np.prod(np.maximum(b[:, 2:] - b[:, :2], 0), -1)
        for b in (boxes, others)
    )
    return shared / np.maximum(one[:, None] + other - shared, 1e-9)


def match_to_annotations(
    predictions: Predictions, everyone: GroundTruth
) -> EvaluationInput:
    """Put predictions beside the annotations that they belong to.

    Persons are found by the id of their annotation where the predictions
    give it, else by :func:`match_persons`.

    Args:
        predictions: Predicted persons.
        everyone: Annotated persons of the same images.

    Returns:
        The predictions of annotated persons. A note tells how many
        predictions and how many persons are left out.

    Raises:
        ValueError: If ids do not fit, or nobody is matched.
    """
    _check_images(predictions, everyone)
    if predictions.person_ids is None:
        rows, persons, how = match_persons(
            predictions.keypoints,
            predictions.confidence,
            predictions.image_ids,
            predictions.boxes,
            everyone,
        )
    else:
        rows, persons = _match_ids(predictions, everyone)
        how = 'the id of the annotation'
    given, known = len(predictions.keypoints), len(everyone)
    notes = [f'Persons are matched by {how}.']
    if len(rows) < given or len(rows) < known:
        notes.append(
            f'{given - len(rows)} of {given} predictions and '
            f'{known - len(rows)} of {known} annotated persons are not '
            'matched and left out.'
        )
    return EvaluationInput(
        scores={n: s[rows] for n, s in predictions.scores.items()},
        keypoints=predictions.keypoints[rows],
        truth=everyone.take(persons),
        everyone=everyone,
        notes=tuple(notes),
    )


def _check_images(predictions: Predictions, everyone: GroundTruth) -> None:
    if not np.isin(predictions.image_ids, everyone.image_ids).any():
        raise ValueError(
            'expected predictions of the annotated images, found no image id '
            f'in common (predicted {predictions.image_ids[0]}, annotated '
            f'{everyone.image_ids[0]}, …); give the annotation file of the '
            'images that were predicted.'
        )
    found, known = predictions.keypoints.shape[1], everyone.keypoints.shape[1]
    if found != known:
        raise ValueError(
            f'expected {known} joints per person, as in the annotations, '
            f'found {found}; give predictions of the same joints.'
        )


def _match_ids(
    predictions: Predictions, everyone: GroundTruth
) -> tuple[np.ndarray, np.ndarray]:
    ids = predictions.person_ids
    where = {
        person: k for k, person in enumerate(everyone.person_ids.tolist())
    }
    missing = [i for i in ids.tolist() if i not in where]
    if missing:
        raise ValueError(
            f"expected every 'ann_id' among the annotated persons, found "
            f'{len(missing)} of {len(ids)} that are not, first {missing[0]}; '
            'give the annotation file of the images that were predicted.'
        )
    if len(np.unique(ids)) < len(ids):
        raise ValueError(
            "expected each 'ann_id' once, found some repeated; give one "
            'prediction per person.'
        )
    persons = np.array([where[i] for i in ids.tolist()])
    if (everyone.image_ids[persons] != predictions.image_ids).any():
        raise ValueError(
            "expected the 'image_id' of the annotation at every 'ann_id', "
            'found others; give the annotation file of the images that were '
            'predicted.'
        )
    return np.arange(len(ids)), persons
