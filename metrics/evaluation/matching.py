"""Which annotated person a prediction is of, where it does not say."""

import numpy as np
from numpy.typing import NDArray

from ..functional.similarity import COCO_SIGMAS, keypoint_similarity
from .joints import Floats, People

# Box overlap as in detection; OKS as low as in Ronchi and Perona, ICCV 2017:
# persons whose joints are wrong are to be judged, not left out.
SMALLEST_IOU = 0.5
SMALLEST_OKS = 0.1


def match_persons(
    keypoints: Floats,
    confidence: Floats,
    image_ids: NDArray[np.generic],
    boxes: Floats | None,
    everyone: People,
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
        ValueError: If nobody is matched, or joints can not be compared.
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


def _check_comparable(keypoints: Floats, everyone: People) -> None:
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


def _oks(keypoints: Floats, persons: People) -> Floats:
    """Object keypoint similarities, predictions × persons."""
    similarity = keypoint_similarity(
        keypoints[:, None], persons.keypoints, persons.areas
    )
    weight = persons.labelled / persons.labelled.sum(1, keepdims=True)
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
