"""Targets from the agreement of a strongly augmented view with the crop."""

from collections.abc import Sequence

from mmpose.registry import MODELS
from torch import Tensor

from ..options import StrongViewTarget
from ..teachers.pseudo_trust import decay
from .base import TrustSource, TrustTarget
from .step import TrainingStep


@MODELS.register_module()
class StrongAugmentationTargets(TrustSource):
    """Trust of the keypoints predicted for a strongly augmented view.

    The errors are in the augmented view, so the head is trained on it. The
    keypoints are decoded as the pose head decodes them.
    """

    requires = frozenset({'second_view', 'strong_view'})
    supports_strong_view = True

    def targets(self, step: TrainingStep) -> Sequence[TrustTarget]:
        """Compare the augmented view with the crop.

        Args:
            step: The training step.

        Returns:
            Targets for the augmented view.
        """
        consistency = step.options.consistency
        assert consistency.hard_view is not None  # see build_source
        _, mask = step.soft_inconsistency
        distance, _ = step.hard_inconsistency
        values = agreement_trust(
            distance,
            step.second_view.output.distribution.expected_correctness(),
            consistency.hard_view.target,
            consistency.alpha,
            step.options.trust.dist_thr,
        )
        return [TrustTarget(step.second_view, values, mask)]


def agreement_trust(
    distance: Tensor,
    expected: Tensor,
    target: StrongViewTarget,
    alpha: float,
    dist_thr: float,
) -> Tensor:
    """Turn the distance of two predictions into trust.

    Args:
        distance: ``(...)`` distance between the predictions for the
            augmented view and for the crop, in person sizes.
        expected: ``(...)`` expected correctness of the prediction for the
            augmented view.
        target: ``'decay'``: ``exp(-alpha * distance)``; ``'agreement'``: 1
            where the distance is at most ``dist_thr``, else 0;
            ``'self_estimate'``: the mean of agreement and expected
            correctness.
        alpha: Rate of the decay.
        dist_thr: Largest distance of predictions that agree, in person
            sizes.

    Returns:
        ``(...)`` trust in [0, 1].
    """
    if target == 'decay':
        return decay(distance, alpha)
    agreement = (distance <= dist_thr).to(expected.dtype)
    if target == 'agreement':
        return agreement
    return (agreement + expected) / 2
