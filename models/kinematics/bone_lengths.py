"""Do the bones that meet in a joint have plausible lengths?"""

import numpy as np
from numpy.typing import NDArray

from ...skeleton import NUM_JOINTS
from .body import load_body

Floats = NDArray[np.float64]

# a bone shorter than this share of its length counts as this short
_SHORTEST = 0.01


def bone_scores(keypoints: Floats) -> Floats:
    """Score joints by the lengths of their bones alone.

    The scale of a person is the upper quartile, over the bones, of the ratio
    of the length found to the length of the body statistics: foreshortening
    only shortens. The score is ``exp(-d)``, d being the mean of
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
    skeleton = load_body()
    ends = np.array(skeleton.bones)
    expected = np.array(skeleton.lengths)
    found = np.linalg.norm(
        keypoints[:, ends[:, 0]] - keypoints[:, ends[:, 1]], axis=-1
    )
    scale = np.quantile(found / expected, 0.75, axis=1, keepdims=True)
    usual = np.maximum(scale, np.finfo(float).tiny) * expected
    deviation = np.abs(np.log(np.maximum(found / usual, _SHORTEST)))
    meets = (ends[..., None] == np.arange(NUM_JOINTS)).any(1)
    return np.exp(-(deviation @ meets) / meets.sum(0))
