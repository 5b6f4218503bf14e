"""Scores of predicted keypoints: trust, and those of the distribution."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from ..distributions import KeypointDistribution
from ..heads.base import BaseTrustHead
from ..trust_targets.step import PoseOutput


def average_views(
    outputs: Sequence[PoseOutput],
    flip_indices: Sequence[int],
    test_cfg: Mapping[str, Any],
) -> KeypointDistribution:
    """Return the distributions that the keypoints are decoded from.

    Args:
        outputs: Output for the crops and, with flip test, for the mirrored
            crops.
        flip_indices: ``(K,)`` the keypoint that each becomes in a mirror.
        test_cfg: ``test_cfg`` of the model, with the options of the flip.

    Returns:
        The distributions for the crops, averaged over both views.
    """
    distribution = outputs[0].distribution
    if len(outputs) == 1:
        return distribution
    other = outputs[1].distribution.mirrored(flip_indices, test_cfg)
    return distribution.averaged(other)


def average_features(
    outputs: Sequence[PoseOutput], is_read: bool = True
) -> tuple[Tensor, ...]:
    """Return the feature maps that go with the averaged distributions.

    Args:
        outputs: As of :func:`average_views`.
        is_read: Whether anyone reads them; otherwise those of the crops are
            returned as they are.

    Returns:
        ``(B, C_i, h_i, w_i)`` feature maps of the crops, averaged with those
        of the mirrored crops, which are mirrored back.
    """
    if len(outputs) == 1 or not is_read:
        return outputs[0].features
    pairs = zip(*(output.features for output in outputs), strict=True)
    return tuple((own + other.flip(-1)) / 2 for own, other in pairs)


def keypoint_scores(
    head: BaseTrustHead | None,
    outputs: Sequence[PoseOutput],
    distribution: KeypointDistribution,
    verified: Tensor | None = None,
) -> dict[str, Tensor]:
    """Score the keypoints that are decoded from distributions.

    Args:
        head: The trust head, if there is one.
        outputs: As of :func:`average_views`.
        distribution: The distributions that the keypoints are decoded from.
        verified: ``(B, K)`` trust from other views, see ``verified_mass``.

    Returns:
        ``keypoint_trust``: ``(B, K)`` trust in [0, 1]: that of the head,
        which starts from the mean of ``verified`` and the free score,
        calibrated; without a head ``verified``, without both nothing.
    """
    if head is None:
        return {} if verified is None else {'keypoint_trust': verified}
    trust = head.predict(
        average_features(outputs, head.reads_maps),
        distribution,
        distribution.hard_decode(),
        verified,
    )
    return {'keypoint_trust': head.calibration(trust)}


def named_scores(distribution: KeypointDistribution) -> dict[str, Tensor]:
    """Return the scores of a distribution under the names of predictions.

    Args:
        distribution: Predicted distributions of the keypoints.

    Returns:
        ``(B, K)`` scores by name, such as ``simcc_expected``.
    """
    return {
        f'{distribution.kind}_{name}': values
        for name, values in distribution.scores().items()
    }
