"""Input checks shared by the functional metrics."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def check_scores_and_correct(
    scores: ArrayLike, correct: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return scores and correctness as two vectors of one length.

    Args:
        scores: (N,) score of each joint, N ≥ 1.
        correct: (N,) bool (or 0/1), True where the joint is correct.

    Returns:
        (N,) float64 and (N,) bool.

    Raises:
        ValueError: If a shape, a length or a value is not as described.
    """
    score_values = _finite_vector(scores, 'scores')
    correct_values = np.asarray(correct)
    _check_same_shape(score_values.shape, correct_values, 'correct')
    if correct_values.dtype != np.bool_:
        if not np.isin(correct_values, (0, 1)).all():
            raise ValueError(
                'correct must be boolean or hold only 0 and 1, found other '
                f'values in {correct_values.dtype} data; compare the errors '
                'with a threshold first (is_correct).'
            )
        correct_values = correct_values.astype(np.bool_)
    return score_values, correct_values


def check_scores_and_risk(
    scores: ArrayLike, risk: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return scores and risks as two finite vectors of one length.

    Args:
        scores: (N,) score of each joint, N ≥ 1.
        risk: (N,) loss of each joint, binary or not.

    Returns:
        (N,) float64, twice.

    Raises:
        ValueError: If a shape, a length or a value is not as described.
    """
    score_values = _finite_vector(scores, 'scores')
    risk_values = _finite_vector(risk, 'risk')
    _check_same_shape(score_values.shape, risk_values, 'risk')
    return score_values, risk_values


def check_sample_weight(
    sample_weight: ArrayLike | None, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Return the weights of joints as a finite, non-negative vector.

    Args:
        sample_weight: (N,) repetitions of each joint; None for 1.
        shape: Shape (N,) of the scores.

    Returns:
        (N,) float64, at least 0, with a positive sum.

    Raises:
        ValueError: If the shape differs, or a weight is negative, NaN or
            infinite, or all of them are 0.
    """
    if sample_weight is None:
        return np.ones(shape)
    weight = _finite_vector(sample_weight, 'sample_weight')
    _check_same_shape(shape, weight, 'sample_weight')
    if weight.min() < 0 or weight.max() == 0:
        raise ValueError(
            'sample_weight must be at least 0 and positive for some joint, '
            f'found [{weight.min():.4g}, {weight.max():.4g}]; give numbers '
            'of repetitions.'
        )
    return weight


def check_probabilities(scores: ArrayLike) -> None:
    """Raise unless every score lies in [0, 1].

    Args:
        scores: (N,) score of each joint, N ≥ 1.

    Raises:
        ValueError: If the shape is not (N,) with N ≥ 1, or a score lies
            outside [0, 1] or is NaN.
    """
    values = _finite_vector(scores, 'scores')
    low, high = values.min(), values.max()
    if low < 0 or high > 1:
        raise ValueError(
            'calibration needs scores in [0, 1], found '
            f'[{low:.4g}, {high:.4g}]; clip them or map them to '
            'probabilities first.'
        )


def _finite_vector(values: ArrayLike, name: str) -> NDArray[np.float64]:
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1 or vector.size == 0:
        raise ValueError(
            f'{name} must have shape (N,) with N ≥ 1, found {vector.shape}; '
            'select the labeled joints and flatten them first.'
        )
    if not np.isfinite(vector).all():
        count = np.count_nonzero(~np.isfinite(vector))
        raise ValueError(
            f'{name} must be finite, found {count} of {vector.size} NaN or '
            'infinite; remove or repair them first.'
        )
    return vector


def _check_same_shape(
    shape: tuple[int, ...], values: NDArray[np.generic], name: str
) -> None:
    if values.shape != shape:
        raise ValueError(
            f'{name} must have the shape of scores {shape}, found '
            f'{values.shape}.'
        )
