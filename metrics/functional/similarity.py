"""Keypoint similarity of COCO (the terms of OKS)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...skeleton import COCO_SIGMAS


def keypoint_similarity(
    keypoints: ArrayLike,
    target: ArrayLike,
    areas: ArrayLike,
    sigmas: ArrayLike = COCO_SIGMAS,
) -> NDArray[np.float64]:
    """Similarity of single joints, whose mean is the OKS of a person.

    ``exp(-d² / (2 · area · (2 · sigma)²))``, d being the distance.

    Source: https://cocodataset.org/#keypoints-eval.

    Args:
        keypoints: (..., K, 2) predicted points in pixels.
        target: (..., K, 2) true points in pixels of the same image.
        areas: (...) segment areas in square pixels, above 0.
        sigmas: (K,) spread of each joint as a share of the root of the area.

    Returns:
        (..., K) similarities in [0, 1], 1 where the points agree.

    Examples:
        >>> keypoint_similarity([[3.0, 4.0]], [[0, 0]], 100.0, [0.25])
        array([0.60653066])
    """
    offset = np.asarray(keypoints, np.float64) - np.asarray(target, np.float64)
    spread = 2 * np.asarray(sigmas, np.float64)
    scale = np.asarray(areas, np.float64)[..., None] * spread**2
    return np.asarray(np.exp(-np.square(offset).sum(-1) / (2 * scale)))
