"""Smoothing of joints over time, with the variance that trust implies."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from .association import link_persons

Floats = NDArray[np.float64]

# chosen on drawn sequences, see docs/decisions.md
STIFFNESS = 0.1
SPREAD_RATIO = 30.0


def smooth_poses(
    keypoints: NDArray[np.floating],
    trust: NDArray[np.floating] | None = None,
    stiffness: float = STIFFNESS,
    spread_ratio: float = SPREAD_RATIO,
) -> Floats:
    """Smooth the joints of one person over all frames.

    Minimizes, for each joint and axis, the weighted squares of the changes
    plus ``stiffness`` times the squared second differences (Whittaker,
    Proceedings of the Edinburgh Mathematical Society 1922): the posterior
    mean of a Kalman smoother whose acceleration is white noise, with the
    observation's variance 1 for a correct joint and ``spread_ratio`` squared
    for a wrong one, weighted by trust.

    Args:
        keypoints: ``(T, K, 2)`` points of each frame.
        trust: ``(T, K)`` probability that each point is correct; None weights
            all alike.
        stiffness: Variance of a correct observation over that of the
            acceleration, at least 0; 0 changes nothing.
        spread_ratio: Standard deviation of a wrong over that of a correct
            observation.

    Returns:
        ``(T, K, 2)`` smoothed points.

    Raises:
        ValueError: If shapes do not fit, a point is not finite, or trust is
            not in [0, 1].
    """
    points = np.asarray(keypoints, np.float64)
    shape = points.shape[:2]
    given = np.ones(shape) if trust is None else np.asarray(trust, np.float64)
    if points.ndim != 3 or given.shape != shape:
        raise ValueError(
            'expected keypoints (T, K, 2) and trust (T, K), found shapes '
            f'{points.shape} and {given.shape}; give those of one person.'
        )
    if not np.isfinite(points).all():
        raise ValueError(
            'keypoints: expected finite pixels, found NaN or infinite ones; '
            'give a point with trust 0 where none was predicted.'
        )
    if not ((given >= 0) & (given <= 1)).all():
        raise ValueError(
            'trust: expected probabilities in [0, 1], found '
            f'{given.min():g} to {given.max():g}; calibrate the scores.'
        )
    weights = 1 / (given + (1 - given) * spread_ratio**2)
    if len(points) < 3:  # no second difference
        return points
    penalty = _second_differences(len(points)) * stiffness
    smoothed = np.empty_like(points)
    for joint in range(shape[1]):
        system = penalty.copy()
        system[-1] += weights[:, joint]
        observed = weights[:, joint, None] * points[:, joint]
        smoothed[:, joint] = solveh_banded(system, observed)
    return smoothed


def smooth_video(
    boxes: Sequence[NDArray[np.floating]],
    keypoints: Sequence[NDArray[np.floating]],
    trust: Sequence[NDArray[np.floating]],
) -> tuple[list[Floats], list[NDArray[np.int64]]]:
    """Smooth all persons of a video, see ``link_persons``.

    Args:
        boxes: ``(N, 4)`` boxes of the persons of each frame.
        keypoints: ``(N, K, 2)`` their points.
        trust: ``(N, K)`` their trust.

    Returns:
        ``(N, K, 2)`` smoothed points of each frame, and ``(N,)`` numbers of
        the persons.
    """
    numbers = link_persons(boxes)
    smoothed = [np.array(points, np.float64) for points in keypoints]
    places: dict[int, list[tuple[int, int]]] = {}
    for frame, persons in enumerate(numbers):
        for row, number in enumerate(persons.tolist()):
            places.setdefault(number, []).append((frame, row))
    for track in places.values():
        points = smooth_poses(
            np.array([keypoints[frame][row] for frame, row in track]),
            np.array([trust[frame][row] for frame, row in track]),
        )
        for (frame, row), pose in zip(track, points, strict=True):
            smoothed[frame][row] = pose
    return smoothed, numbers


def _second_differences(count: int) -> Floats:
    """Upper bands (3, T) of D'D, D the matrix of second differences."""
    bands = np.zeros((3, count))
    for start in range(count - 2):
        bands[2, start : start + 3] += (1, 4, 1)
        bands[1, start + 1 : start + 3] -= 2
        bands[0, start + 2] += 1
    return bands
