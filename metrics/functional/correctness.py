"""Rule that decides whether a predicted joint is correct."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def person_size(bboxes: ArrayLike) -> NDArray[np.float64]:
    """Size of a person: the longer side of the box.

    Convention:
        Boxes are (x1, y1, x2, y2) in pixels; width is x2 − x1 and height is
        y2 − y1.

    Args:
        bboxes: (..., 4) boxes in pixels.

    Returns:
        (...) sizes in pixels.

    Raises:
        ValueError: If the last axis is not 4, or a size is not positive.

    Examples:
        >>> person_size([[10, 20, 40, 100]])
        array([80.])
    """
    boxes = np.asarray(bboxes, dtype=np.float64)
    if boxes.ndim == 0 or boxes.shape[-1] != 4:
        raise ValueError(
            f'bboxes must have shape (..., 4), found {boxes.shape}.'
        )
    size = np.asarray((boxes[..., 2:] - boxes[..., :2]).max(axis=-1))
    _check_positive(size)
    return size


def joint_errors(
    keypoints: ArrayLike, target: ArrayLike, size: ArrayLike
) -> NDArray[np.float64]:
    """Distance of each joint from the truth in units of person size.

    Args:
        keypoints: (..., K, 2) predicted points in pixels.
        target: (..., K, 2) true points in pixels of the same image.
        size: (...) person sizes in pixels.

    Returns:
        (..., K) errors in units of person size.

    Raises:
        ValueError: If the shapes do not fit, or a size is not positive.

    Examples:
        >>> joint_errors([[3.0, 4.0], [0.0, 0.0]], [[0, 0], [0, 0]], 50.0)
        array([0.1, 0. ])
    """
    predicted = np.asarray(keypoints, dtype=np.float64)
    true = np.asarray(target, dtype=np.float64)
    sizes = np.asarray(size, dtype=np.float64)
    if predicted.ndim < 2 or predicted.shape[-1] != 2:
        raise ValueError(
            f'keypoints must have shape (..., K, 2), found {predicted.shape}.'
        )
    if true.shape != predicted.shape or sizes.shape != predicted.shape[:-2]:
        raise ValueError(
            f'expected target {predicted.shape} and size '
            f'{predicted.shape[:-2]} for keypoints {predicted.shape}, found '
            f'{true.shape} and {sizes.shape}.'
        )
    _check_positive(sizes)
    distance = np.linalg.norm(predicted - true, axis=-1)
    return np.asarray(distance / sizes[..., None])


def is_correct(errors: ArrayLike, dist_thr: float) -> NDArray[np.bool_]:
    """Tell whether the error of each joint is at most the threshold.

    Args:
        errors: (...) errors in units of person size.
        dist_thr: Largest error of a correct joint, in the same units.

    Returns:
        (...) bool.

    Raises:
        ValueError: If ``dist_thr`` is not a positive number.

    Examples:
        >>> is_correct([0.01, 0.05, 0.2], dist_thr=0.05)
        array([ True,  True, False])
    """
    if not 0 < dist_thr < np.inf:
        raise ValueError(
            'dist_thr must be a positive fraction of the person size, found '
            f'{dist_thr}.'
        )
    return np.asarray(errors) <= dist_thr


def _check_positive(size: NDArray[np.float64]) -> None:
    if not (np.isfinite(size) & (size > 0)).all():
        raise ValueError(
            'person sizes must be finite and positive pixels, found '
            f'{size[~(np.isfinite(size) & (size > 0))].tolist()}; check that '
            'the boxes are (x1, y1, x2, y2).'
        )
