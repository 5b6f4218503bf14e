"""Matching of predicted persons to annotated persons."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from pycocotools.mask import iou

from ....coco_fields import MAX_LEFT_OUT, check_unique
from ...functional.similarity import keypoint_similarity
from ..evaluation_input import EvaluationInput, Floats, GroundTruth
from .coco import Annotations, Predictions
from .ids import align_ids

# IoU as in detection. OKS as low as in Ronchi and Perona, ICCV 2017, so that
# persons with many wrong joints are matched too.
MIN_IOU = 0.5
MIN_OKS = 0.1

Positions = NDArray[np.int64]


def match_to_annotations(
    predictions: Predictions,
    annotations: Annotations,
    allow_partial: bool = False,
) -> EvaluationInput:
    """Pair predictions with the annotated persons that they belong to.

    Predictions that hold the id of their annotation are matched by it, others
    by :func:`match_persons`.

    Args:
        predictions: Predicted persons.
        annotations: Annotated persons of the same images.
        allow_partial: Whether more than the share ``MAX_LEFT_OUT`` of either
            may have no match.

    Returns:
        The matched predictions with their ground truth. Its notes name the
        rule and the number of predictions and persons without a match.

    Raises:
        ValueError: If images, joints or ids do not agree, or nothing or too
            little matches.

    Example:
        With the ``joints`` and ``truth`` of :class:`EvaluationInput`:

        >>> predictions = Predictions(
        ...     scores=joints.scores,
        ...     keypoints=joints.keypoints,
        ...     image_ids=np.array([6, 7, 9, 9]),
        ...     person_ids=None,
        ...     boxes=truth.boxes,
        ...     confidence=np.array([1.0, 1, 1, 0.5]),
        ... )
        >>> images = {6: '6.jpg', 7: '7.jpg', 8: '8.jpg', 9: '9.jpg'}
        >>> annotations = Annotations(truth, images, {}, '')
        >>> matched = match_to_annotations(predictions, annotations, True)
        >>> matched.truth.person_ids, matched.notes[1]
        (array([1, 2, 4]), '1 of 4 predictions and 1 of 4 annotated persons
        are not matched and left out.')
    """
    annotated = annotations.persons
    _check_joints(predictions, annotated)
    images, note = align_ids(
        predictions.image_ids.tolist(), annotations.image_names, 'image_id'
    )
    notes = [note] if note else []
    predictions = replace(predictions, image_ids=np.array(images))
    if predictions.person_ids is None:
        rows, persons, rule = match_persons(predictions, annotated)
        unmatched = len(predictions.keypoints) - len(rows)
    else:
        rows, persons, id_notes = _match_ids(predictions, annotations)
        rule, unmatched = 'the id of the annotation', 0
        notes += id_notes
    counts = {
        'predictions': (unmatched, len(predictions.keypoints)),
        'annotated persons': (len(annotated) - len(rows), len(annotated)),
    }
    notes = [f'Persons are matched by {rule}.', *_unmatched(counts), *notes]
    _check_shares(counts, allow_partial)
    notes += _undetected(predictions.keypoints[rows])
    if annotations.left_out:
        notes.append(annotations.left_out)
    boxes = predictions.boxes
    return EvaluationInput(
        scores={n: s[rows] for n, s in predictions.scores.items()},
        keypoints=predictions.keypoints[rows],
        truth=annotated.take(persons),
        everyone=annotated,
        notes=tuple(notes),
        predicted_boxes=None if boxes is None else boxes[rows],
    )


def _check_joints(predictions: Predictions, annotated: GroundTruth) -> None:
    predicted, expected = (
        one.keypoints.shape[1] for one in (predictions, annotated)
    )
    if predicted != expected:
        raise ValueError(
            f'expected {expected} joints per person, as in the annotations, '
            f'found {predicted}; give predictions of the same joints.'
        )


def _unmatched(counts: Mapping[str, tuple[int, int]]) -> list[str]:
    """A sentence on what is not matched, if there is something."""
    if not any(missing for missing, _ in counts.values()):
        return []
    parts = [f'{few} of {all_} {name}' for name, (few, all_) in counts.items()]
    return [f'{" and ".join(parts)} are not matched and left out.']


def _undetected(keypoints: Floats) -> list[str]:
    """Sentences on joints without a prediction, if there are some."""
    count = keypoints[..., 0].size
    missing = np.isnan(keypoints).any(-1).sum()
    zero = (keypoints == 0).all(-1).sum()
    notes = []
    if missing:
        notes.append(
            f'{missing} of {count} joints have no prediction (null or NaN); '
            'bone lengths leave them out.'
        )
    if zero:
        notes.append(
            f'{zero} of {count} joints are predicted at (0, 0); labeled ones '
            'count as wrong.'
        )
    return notes


def _check_shares(
    counts: Mapping[str, tuple[int, int]], allow_partial: bool
) -> None:
    for name, (missing, number) in counts.items():
        if missing > MAX_LEFT_OUT * number and not allow_partial:
            raise ValueError(
                f'expected a match for most of the {number} {name}, found '
                f'none for {missing}; give predictions and annotations of the '
                'same images, or --allow-partial to evaluate the rest.'
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

    Example:
        With the ``joints`` and ``truth`` of :class:`EvaluationInput`:

        >>> predictions = Predictions(
        ...     scores=joints.scores,
        ...     keypoints=joints.keypoints,
        ...     image_ids=truth.image_ids[::-1],
        ...     person_ids=None,
        ...     boxes=truth.boxes,
        ...     confidence=np.ones(4),
        ... )
        >>> rows, persons, rule = match_persons(predictions, truth)
        >>> rows, persons
        (array([0, 1, 2, 3]), array([3, 2, 1, 0]))
        >>> rule
        'box overlap of at least 0.5 within the image'
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
        _check_box_format(predictions, annotated)
        smallest, rule = MIN_IOU, f'box overlap of at least {MIN_IOU}'
    rule += ' within the image'
    pairs: list[tuple[int, int]] = []
    for rows, persons in _images(predictions, annotated):
        rows = rows[np.argsort(-predictions.confidence[rows], kind='stable')]
        similarity = (
            _oks(predictions.keypoints[rows], annotated.take(persons))
            if boxes is None
            else box_iou(boxes[rows], annotated.boxes[persons])
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


def _match_ids(
    predictions: Predictions, annotations: Annotations
) -> tuple[Positions, Positions, list[str]]:
    """Rows of predictions, positions of their persons, and notes."""
    assert predictions.person_ids is not None
    known = annotations.person_images
    ids, note = align_ids(
        predictions.person_ids.tolist(), dict.fromkeys(known, ''), 'ann_id'
    )
    check_unique(ids, 'ann_id', 'give one prediction per person')
    for one, image in zip(ids, predictions.image_ids.tolist(), strict=True):
        if known[one] != image:
            raise ValueError(
                f"expected the 'image_id' {known[one]!r} of the annotation at "
                f"'ann_id' {one!r}, found {image!r}; give the annotation file "
                'of the images that were predicted.'
            )
    positions = {
        person: k
        for k, person in enumerate(annotations.persons.person_ids.tolist())
    }
    rows = [row for row, one in enumerate(ids) if one in positions]
    if not rows:
        raise ValueError(
            'expected predictions of persons that are evaluated, found none '
            f'among {len(ids)}; give annotations with labeled joints. '
            f'{annotations.left_out}'
        )
    persons = [positions[ids[row]] for row in rows]
    notes = [note] if note else []
    if len(rows) < len(ids):
        notes.append(
            f'{len(ids) - len(rows)} of {len(ids)} predictions belong to '
            'persons that are not evaluated and are left out.'
        )
    return np.array(rows), np.array(persons), notes


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
    """(N, M) object keypoint similarities of predictions and persons.

    A joint that was not predicted (NaN) has none.
    """
    similarity = keypoint_similarity(
        keypoints[:, None], persons.keypoints, persons.areas
    )
    similarity = np.where(persons.labeled, np.nan_to_num(similarity), 0)
    means = similarity.sum(-1) / persons.labeled.sum(1)
    return np.asarray(means, np.float64)


def _check_box_format(
    predictions: Predictions, annotated: GroundTruth
) -> None:
    """Raise if boxes fit the annotations better as corners."""
    boxes = predictions.boxes
    assert boxes is not None
    # the numbers of the file, read as corners
    as_corners = np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])
    counts = [
        sum(
            (
                box_iou(one[rows], annotated.boxes[persons]).max(1) >= MIN_IOU
            ).sum()
            for rows, persons in _images(predictions, annotated)
        )
        for one in (boxes, as_corners)
    ]
    if counts[1] > counts[0]:
        raise ValueError(
            'bbox: expected x, y, width and height, found boxes of which '
            f'{counts[1]} of {len(boxes)} overlap an annotated person as '
            f'corners x0, y0, x1, y1, and {counts[0]} as they are; convert '
            'all boxes.'
        )


def _images(
    predictions: Predictions, annotated: GroundTruth
) -> Iterator[tuple[Positions, Positions]]:
    """Predictions and annotated persons of each image that has both."""
    for image in np.unique(predictions.image_ids):
        persons = np.flatnonzero(annotated.image_ids == image)
        if len(persons):
            yield np.flatnonzero(predictions.image_ids == image), persons


def box_iou(boxes: Floats, others: Floats) -> Floats:
    """Compute the intersections over union of boxes.

    Args:
        boxes: ``(N, 4)`` boxes (x1, y1, x2, y2).
        others: ``(M, 4)`` other boxes.

    Returns:
        ``(N, M)`` intersections over union; 0 for boxes without area.

    Example:
        >>> boxes = np.array([[0.0, 0.0, 10.0, 10.0]])
        >>> box_iou(boxes, np.array([[5.0, 0.0, 15.0, 10.0]])).round(3)
        array([[0.333]])
    """
    one, other = (
        np.hstack([b[:, :2], b[:, 2:] - b[:, :2]]) for b in (boxes, others)
    )
    found = np.asarray(iou(one, other, [False] * len(other)), np.float64)
    return found.reshape(len(boxes), len(others))  # [] where one is empty
