"""Targets from the keypoints of another pose estimator."""

from collections.abc import Sequence

import torch
from mmpose.registry import MODELS
from torch import Tensor

from ..options import SelfVerifyOptions
from ..sample_fields import other_keypoints
from .base import LARGEST_OF_AVERAGES, TrustSource, TrustTarget
from .step import AugmentedView, TrainingStep


@MODELS.register_module()
class AgreementTargets(TrustSource):
    """Does another pose estimator predict the same keypoint?

    Two networks can agree on a wrong keypoint, and the other one can be
    wrong: the agreement is averaged with what the view's own distribution
    says. ``LoadOtherPose`` reads the keypoints of the other network from a
    file. With a strongly augmented view the head learns of both views.
    """

    supports_strong_view = True

    def largest_share(self, options: SelfVerifyOptions) -> float:
        """Return how much of the head's residual may be kept without labels.

        Args:
            options: All options of the estimator.

        Returns:
            The share of targets with the expected correctness.
        """
        return LARGEST_OF_AVERAGES

    def targets(self, step: TrainingStep) -> Sequence[TrustTarget]:
        """Compare the predictions with those of the other network.

        Args:
            step: The training step.

        Returns:
            Targets for the crops and, if there is one, the strongly
            augmented view; keypoints that the other network does not
            predict in a view are masked.
        """
        sizes = step.view.output.distribution.sizes
        other = other_keypoints(step.data_samples, sizes.device)
        return [
            agreement_target(step, view, other) for view in step.learned_views
        ]


def agreement_target(
    step: TrainingStep, view: AugmentedView, other: Tensor
) -> TrustTarget:
    """Compare the predictions for one view with those of another network.

    Args:
        step: The training step.
        view: One of its views.
        other: ``(B, K, 2)`` keypoints of the other network in pixels of the
            crop, NaN where there is none.

    Returns:
        The mean of the agreement, 1 where the distance is at most
        ``trust_cfg.dist_thr`` person sizes, else 0, and of the expected
        correctness of the keypoint; masked where there is no other keypoint
        inside the view.
    """
    known = other.isfinite().all(-1)
    agrees, inside = step.compare(
        view, torch.where(known[..., None], other, 0.0)
    )
    own = view.output.distribution.expected_correctness()
    return TrustTarget(view, (agrees + own) / 2, known & inside)
