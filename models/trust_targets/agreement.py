"""Targets from the keypoints of another pose estimator."""

from collections.abc import Sequence

import torch
from mmpose.registry import MODELS
from torch import Tensor

from ..geometry.coordinates import inside_crop
from ..sample_fields import other_keypoints
from .base import TrustSource, TrustTarget
from .step import AugmentedView, TrainingStep, keypoint_distances


@MODELS.register_module()
class AgreementTargets(TrustSource):
    """Does another pose estimator predict the same keypoint?

    Two networks can agree on a wrong keypoint, and the other one can be
    wrong: the agreement is averaged with what the view's own distribution
    says. ``LoadOtherPose`` reads the keypoints of the other network from a
    file. With a strongly augmented view the head learns of both views.
    """

    supports_strong_view = True

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
        views = [step.view]
        if step.options.consistency.hard_view is not None:
            views.append(step.second_view)
        return [agreement_target(step, view, other) for view in views]


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
    distribution = view.output.distribution
    known = other.isfinite().all(-1)
    points = view.transform.apply_to_points(
        torch.where(known[..., None], other, 0.0), distribution.input_size
    )
    distances = keypoint_distances(distribution.hard_decode(), points)
    limits = step.options.trust.dist_thr * distribution.sizes[:, None]
    own = distribution.expected_correctness()
    agreement = (distances <= limits).to(own)
    return TrustTarget(
        view,
        (agreement + own) / 2,
        known & inside_crop(points, distribution.input_size),
    )
