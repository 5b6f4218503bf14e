"""Scores of 2-D joints by the plausibility of their bone lengths."""

import warnings

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
    ``|log(ratio / scale)|`` over the bones that meet in the joint. A bone
    with an unknown end is left out; a joint without a bone, and a person whose
    joints are all in one point, has the score 0.

    Args:
        keypoints: (N, 17, 2) points in pixels, COCO order; NaN where a joint
            was not predicted.

    Returns:
        (N, 17) scores in [0, 1], 1 where the lengths are those expected.

    Raises:
        ValueError: If there are not 17 joints.

    Example:
        >>> rest = np.array(load_body().rest)[None, :, :2]
        >>> scores = bone_scores(100 * rest)
        >>> moved = rest.copy()
        >>> moved[0, 9] += 0.5
        >>> bool(bone_scores(moved)[0, 9] < scores[0, 9])
        True
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
    known = np.isfinite(lengths)
    lengths = np.where(known, lengths, np.nan)
    quantile = np.quantile if known.all() else np.nanquantile
    with warnings.catch_warnings():  # of a person without bones
        warnings.simplefilter('ignore', RuntimeWarning)
        scale = quantile(lengths / expected, 0.75, axis=1, keepdims=True)
    scaled = np.where(scale > 0, scale, 1) * expected
    ratios = np.where(known, lengths / scaled, 1)
    deviation = np.abs(np.log(np.maximum(ratios, _MIN_RATIO)))
    is_end = (bones[..., None] == np.arange(NUM_JOINTS)).any(1)
    count = known @ is_end.astype(int)
    mean = deviation @ is_end / np.maximum(count, 1)
    return np.where((count > 0) & (scale > 0), np.exp(-mean), 0.0)
