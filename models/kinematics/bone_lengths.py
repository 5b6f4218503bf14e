"""Scores of 2-D joints by the plausibility of their bone lengths."""

import numpy as np
from numpy.typing import NDArray

from ...skeleton import NUM_JOINTS
from .body import load_body

Floats = NDArray[np.float64]

# A shorter bone counts as this share of its expected length.
_MIN_RATIO = 0.01


def bone_scores(keypoints: Floats) -> Floats:
    """Score joints by the lengths of the bones that meet in them.

    The scale of a person is the upper quartile, over the bones, of the ratio
    of the length in the image to the expected length (foreshortening only
    shortens). The score is ``exp(-d)``, d being the mean of
    ``|log(ratio / scale)|`` over the bones that meet in the joint.

    Args:
        keypoints: (N, 17, 2) points in pixels, COCO order.

    Returns:
        (N, 17) scores in [0, 1], 1 where the lengths are those expected.

    Raises:
        ValueError: If there are not 17 joints.
    """
    if keypoints.shape[1:] != (NUM_JOINTS, 2):
        raise ValueError(
            f'keypoints: expected shape (N, {NUM_JOINTS}, 2), found '
            f'{keypoints.shape}; bone lengths are known for the joints of '
            'COCO only.'
        )
    body = load_body()
    bones = np.array(body.bones)
    expected = np.array(body.lengths)
    lengths = np.linalg.norm(
        keypoints[:, bones[:, 0]] - keypoints[:, bones[:, 1]], axis=-1
    )
    scale = np.quantile(lengths / expected, 0.75, axis=1, keepdims=True)
    scaled = np.maximum(scale, np.finfo(float).tiny) * expected
    deviation = np.abs(np.log(np.maximum(lengths / scaled, _MIN_RATIO)))
    is_end = (bones[..., None] == np.arange(NUM_JOINTS)).any(1)
    scores: Floats = np.exp(-(deviation @ is_end) / is_end.sum(0))
    return scores
