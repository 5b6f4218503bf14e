"""Scores of predicted keypoints: trust, and those of the distribution."""

from collections.abc import Sequence

from torch import Tensor

from ..distributions import KeypointDistribution
from ..heads.base import BaseTrustHead
from ..trust_targets.step import PoseOutput


def average_views(
    outputs: Sequence[PoseOutput], flip_indices: Sequence[int]
) -> KeypointDistribution:
    """Return the distributions that the keypoints are decoded from.

    Args:
        outputs: Output for the crops and, with flip test, for the mirrored
            crops.
        flip_indices: ``(K,)`` the keypoint that each becomes in a mirror.

    Returns:
        The distributions for the crops, averaged over both views.
    """
    distribution = outputs[0].distribution
    if len(outputs) == 1:
        return distribution
    other = outputs[1].distribution.mirrored(flip_indices)
    return distribution.averaged(other)


def predict_trust(
    head: BaseTrustHead,
    outputs: Sequence[PoseOutput],
    keypoints: Tensor,
    flip_indices: Sequence[int],
) -> Tensor:
    """Score keypoints in the crops and, with flip test, the mirrored crops.

    Args:
        head: The trust head.
        outputs: As of :func:`average_views`.
        keypoints: ``(B, K, 2)`` keypoints to score, pixels of the crop.
        flip_indices: ``(K,)`` the keypoint that each becomes in a mirror.

    Returns:
        ``(B, K)`` calibrated trust in [0, 1], the mean over the views.
    """
    trust = head.predict(*outputs[0], keypoints)
    if len(outputs) > 1:
        order = list(flip_indices)
        width, _ = outputs[1].distribution.input_size
        mirrored = keypoints[:, order]
        mirrored[..., 0] = width - 1 - mirrored[..., 0]
        other = head.predict(*outputs[1], mirrored)
        trust = (trust + other[:, order]) / 2
    calibrated: Tensor = head.calibration(trust)
    return calibrated
