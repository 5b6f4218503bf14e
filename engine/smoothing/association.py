"""Association of the persons of consecutive frames."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from ...metrics.evaluation.io.matching import box_iou

MIN_OVERLAP = 0.3


def link_persons(
    boxes: Sequence[NDArray[np.floating]],
) -> list[NDArray[np.int64]]:
    """Give the persons of a video numbers by the overlap of their boxes.

    The boxes of a frame are assigned to those of the frame before so that the
    sum of their intersections over union is largest. A box that overlaps none
    by ``MIN_OVERLAP`` begins a new person: there is no memory of earlier
    frames, and no look at the image.

    Args:
        boxes: ``(N, 4)`` boxes (x1, y1, x2, y2) of each frame.

    Returns:
        ``(N,)`` number of each person, from 0, of each frame.

    Example:
        >>> link_persons([[[0, 0, 9, 9]], [[50, 0, 59, 9], [1, 0, 9, 9]]])
        [array([0]), array([1, 0])]
    """
    numbers: list[NDArray[np.int64]] = []
    before, count = np.empty((0, 4)), 0
    for given in boxes:
        current = np.asarray(given, np.float64).reshape(-1, 4)
        own = np.full(len(current), -1)
        overlap = box_iou(before, current)
        for old, new in zip(*linear_sum_assignment(-overlap), strict=True):
            if overlap[old, new] >= MIN_OVERLAP:
                own[new] = numbers[-1][old]
        fresh = own < 0
        own[fresh] = count + np.arange(fresh.sum())
        count += int(fresh.sum())
        numbers.append(own)
        before = current
    return numbers
