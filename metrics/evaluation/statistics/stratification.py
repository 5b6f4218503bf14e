"""Strata of the joints: joint, person size, visibility, kind of error."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ....skeleton import FLIP
from ...functional.error_kinds import (
    KINDS,
    error_kinds,
    inverted_similarity,
    swapped_similarity,
)
from ..evaluation_input import EvaluationInput

# Edges of the longer side of the box in pixels of the image.
SIZE_EDGES = (64, 128, 256)

Stratification = tuple[tuple[str, ...], NDArray[np.int64]]


def stratify(
    joints: EvaluationInput,
) -> tuple[dict[str, Stratification], tuple[str, ...]]:
    """Stratify the labeled joints in every way that the data allow.

    Args:
        joints: Predictions beside the truth.

    Returns:
        By stratification: the names of its S strata and (J,) the stratum of
        each labeled joint, 0 … S − 1; and the reasons for missing ones.

    Example:
        With the ``joints`` of :class:`EvaluationInput`:

        >>> stratifications, missing = stratify(joints)
        >>> stratifications['joint']
        (('shoulder', 'wrist'), array([0, 1, 0, 1, 0, 1, 0, 1]))
        >>> len(missing)  # neither visibility nor areas are known
        2
    """
    truth, labeled = joints.truth, joints.truth.labeled
    count = labeled.shape[1]
    size_names = (
        f'below {SIZE_EDGES[0]} px',
        *(f'{low}–{high} px' for low, high in pairwise(SIZE_EDGES)),
        f'{SIZE_EDGES[-1]} px and more',
    )
    sizes = np.digitize(truth.sizes, SIZE_EDGES)
    columns = {
        'joint': (
            truth.joint_names,
            np.broadcast_to(np.arange(count), labeled.shape),
        ),
        'size': (size_names, np.repeat(sizes[:, None], count, axis=1)),
    }
    missing = []
    if truth.occluded is None:
        missing.append(
            'There is no stratification by visibility: the file does not say '
            'which labeled joints are hidden (annotations like those of COCO '
            "do, where 'raw_ann_info' is among the meta_keys of "
            'PackPoseInputs).'
        )
    else:
        hidden = truth.occluded.astype(np.int64)
        columns['visibility'] = (('visible', 'occluded'), hidden)
    if reason := joints.no_similarity:
        missing.append(
            f'There is no stratification by kind of error: {reason}.'
        )
    else:
        columns['kind'] = (KINDS, joint_kinds(joints))
    return {n: (s, c[labeled]) for n, (s, c) in columns.items()}, tuple(
        missing
    )


def joint_kinds(joints: EvaluationInput) -> NDArray[np.int64]:
    """Classify the error of each joint.

    Args:
        joints: Predictions beside the truth.

    Returns:
        (N, K) positions in ``KINDS``; arbitrary for joints without a label.

    Raises:
        ValueError: If there is no keypoint similarity.

    Example:
        Each joint is predicted at the one of the other side:

        >>> from self_verify_pose.metrics.evaluation import evaluation_input
        >>> points = 20 * np.arange(34.0).reshape(1, 17, 2)
        >>> truth = evaluation_input.GroundTruth(
        ...     keypoints=points,
        ...     labeled=np.ones((1, 17), bool),
        ...     boxes=np.array([[0.0, 0, 700, 700]]),
        ...     image_ids=np.array([7]),
        ...     person_ids=np.array([1]),
        ...     areas=np.array([9e4]),
        ... )
        >>> scores = {'keypoint_scores': np.ones((1, 17))}
        >>> joints = EvaluationInput(scores, points[:, FLIP], truth)
        >>> [KINDS[kind] for kind in joint_kinds(joints)[0, :3]]
        ['good', 'inversion', 'inversion']
    """
    truth, everyone = joints.truth, joints.everyone
    return error_kinds(
        joints.similarity,
        inverted_similarity(
            joints.keypoints,
            truth.keypoints,
            truth.labeled,
            truth.areas,
            FLIP,
        ),
        swapped_similarity(
            joints.keypoints,
            truth.image_ids,
            truth.person_ids,
            (everyone.keypoints, everyone.labeled, everyone.areas),
            everyone.image_ids,
            everyone.person_ids,
            FLIP,
        ),
    )
