"""Kinds of localization errors: jitter, inversion, swap and miss.

Source: Ronchi and Perona, "Benchmarking and Error Diagnosis in Multi-Instance
Pose Estimation", ICCV 2017, section 3.1, with their thresholds .5 and .85 of
the keypoint similarity.
"""

import numpy as np
from numpy.typing import NDArray

from .similarity import keypoint_similarity

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

KINDS = ('good', 'jitter', 'inversion', 'swap', 'miss')
NEAR, GOOD = 0.5, 0.85
# Similarity to a joint that has no label.
_UNKNOWN = -1.0


def error_kinds(
    own: Floats, inverted: Floats, swapped: Floats
) -> NDArray[np.int64]:
    """Classify each joint by the true joint that it lies closest to.

    ``good`` and ``jitter``: its own, at a similarity of at least .85 or .5.
    ``inversion``: its mirror image of the same person. ``swap``: the same
    joint, or its mirror image, of another person. ``miss``: none of them at a
    similarity of at least .5.

    Args:
        own: (...) similarity to the true joint.
        inverted: (...) similarity to its mirror image, below 0 where there
            is none.
        swapped: (...) largest similarity to another person's joint, below 0
            where there is none.

    Returns:
        (...) positions in ``KINDS``.

    Examples:
        >>> kinds = error_kinds([0.9, 0.6, 0.1], [-1, 0, 0.7], [-1, 0, 0.2])
        >>> [KINDS[kind] for kind in kinds]
        ['good', 'jitter', 'inversion']
    """
    columns = [np.asarray(c, np.float64) for c in (own, inverted, swapped)]
    best = np.maximum.reduce(columns)
    is_own, is_inverted = best == columns[0], best == columns[1]
    return np.select(
        [best < NEAR, is_own & (best >= GOOD), is_own, is_inverted],
        [KINDS.index(k) for k in ('miss', 'good', 'jitter', 'inversion')],
        KINDS.index('swap'),
    )


def inverted_similarity(
    keypoints: Floats,
    target: Floats,
    labeled: Mask,
    areas: Floats,
    mirror: list[int],
) -> Floats:
    """Similarity of joints to the mirrored joint of the same person.

    Args:
        keypoints: (N, K, 2) predicted points in pixels.
        target: (N, K, 2) true points in pixels of the same images.
        labeled: (N, K) bool, True where the true joint has a label.
        areas: (N,) segment areas in square pixels, above 0.
        mirror: (K,) position of each joint's mirror image, its own for joints
            in the middle.

    Returns:
        (N, K) similarities, below 0 where the mirrored joint has no label or
        is the joint itself.

    Example:
        >>> from self_verify_pose.skeleton import FLIP
        >>> person = np.arange(34.0).reshape(1, 17, 2)
        >>> mirrored = person[:, FLIP]
        >>> labeled, areas = np.ones((1, 17), bool), np.array([1e4])
        >>> inverted_similarity(
        ...     mirrored, person, labeled, areas, [*FLIP]
        ... )[0, :2]
        array([-1.,  1.])
    """
    similarity = keypoint_similarity(keypoints, target[:, mirror], areas)
    middle = np.asarray(mirror) == np.arange(len(mirror))
    usable = labeled[:, mirror] & ~middle
    return np.where(usable, similarity, _UNKNOWN)


def swapped_similarity(
    keypoints: Floats,
    image_ids: NDArray[np.generic],
    person_ids: NDArray[np.generic],
    others: tuple[Floats, Mask, Floats],
    other_images: NDArray[np.generic],
    other_ids: NDArray[np.generic],
    mirror: list[int],
) -> Floats:
    """Largest similarity of joints to the joints of other persons.

    Args:
        keypoints: (N, K, 2) predicted points in pixels.
        image_ids: (N,) image of each prediction.
        person_ids: (N,) id of the person that each prediction belongs to.
        others: All annotated persons: (M, K, 2) true points in pixels,
            (M, K) bool, True for labeled joints, and (M,) areas in square
            pixels.
        other_images: (M,) image of each annotated person.
        other_ids: (M,) id of each annotated person.
        mirror: (K,) position of each joint's mirror image.

    Returns:
        (N, K) largest similarity to the same joint, or to its mirror image,
        of another person in the image; below 0 where there is none.

    Example:
        >>> from self_verify_pose.skeleton import FLIP
        >>> persons = np.arange(34.0).reshape(1, 17, 2) + [[[0.0]], [[900.0]]]
        >>> annotated = (persons, np.ones((2, 17), bool), np.full(2, 1e4))
        >>> images, ids = np.array([7, 7]), np.array([1, 2])
        >>> other = (persons[1:], images[:1], ids[:1])
        >>> found = swapped_similarity(
        ...     *other, annotated, images, ids, [*FLIP]
        ... )
        >>> found[0, :2]
        array([1., 1.])
    """
    points, labeled, areas = others
    best = np.full(keypoints.shape[:2], _UNKNOWN)
    row, other = _pairs(image_ids, other_images)
    differ = person_ids[row] != other_ids[other]
    row, other = row[differ], other[differ]
    if not len(row):
        return best
    same, flipped = (
        np.where(
            labeled[other][:, order],
            keypoint_similarity(
                keypoints[row], points[other][:, order], areas[other]
            ),
            _UNKNOWN,
        )
        for order in (slice(None), mirror)
    )
    starts = np.flatnonzero(np.diff(row, prepend=-1))
    best[row[starts]] = np.maximum.reduceat(np.maximum(same, flipped), starts)
    return best


def _pairs(
    one: NDArray[np.generic], other: NDArray[np.generic]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All pairs of positions with equal values, ordered by the first."""
    order = np.argsort(other, kind='stable')
    ordered = other[order]
    first = np.searchsorted(ordered, one, side='left')
    count = np.searchsorted(ordered, one, side='right') - first
    row = np.repeat(np.arange(len(one)), count)
    within = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return row, order[first[row] + within]
