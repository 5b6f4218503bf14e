"""Targets from the consistency of a second view with the crop."""

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from mmpose.registry import MODELS
from torch import Tensor

from ..option_checks import check_choice
from ..options import ConsistencyTarget, SelfVerifyOptions
from ..teachers.pseudo_trust import decay
from .base import LARGEST_OF_AVERAGES, TrustSource, TrustTarget
from .step import AugmentedView, TrainingStep

ScoredView = Literal['second_view', 'crop']


@MODELS.register_module()
class ConsistencyTargets(TrustSource):
    """Does the prediction for a rotated or strongly augmented view agree?

    Agreement alone is no correctness: both views can agree on a wrong
    keypoint. By default it is therefore averaged with what the scored view's
    own distribution says; see ``consistency_cfg.target`` for the choices. The
    keypoints are decoded as the pose head decodes them: softly decoded ones
    are pulled to the center of the crop in both views alike, so that wrong
    keypoints seem to agree.

    Args:
        scored_view: View whose keypoints get the targets. The errors are in
            the augmented view, so the head learns from it; ``'crop'`` is for
            :class:`CombinedTargets`. ``target='decay'`` of a rotated view
            always scores the crop.

    Raises:
        ValueError: If there is no such view.
    """

    requires = frozenset({'second_view'})
    supports_strong_view = True

    def __init__(self, scored_view: ScoredView = 'second_view') -> None:
        name = 'model.trust_cfg.source.scored_view'
        check_choice(name, scored_view, get_args(ScoredView))
        self.scored_view = scored_view

    def largest_share(self, options: SelfVerifyOptions) -> float:
        """Return how much of the head's residual may be kept without labels.

        Args:
            options: All options of the estimator.

        Returns:
            The share; more for targets with the expected correctness.
        """
        if options.consistency.target in ('decay', 'agreement'):
            return super().largest_share(options)
        return LARGEST_OF_AVERAGES

    def targets(self, step: TrainingStep) -> Sequence[TrustTarget]:
        """Compare the predictions for the crops and the second view.

        Args:
            step: The training step.

        Returns:
            Targets for one of the two.
        """
        options = step.options.consistency
        distance, mask = step.decoded_inconsistency
        plain = options.target == 'decay' and options.hard_view is None
        of_crop = plain or self.scored_view == 'crop'
        view = step.view if of_crop else step.second_view
        own = view.output.distribution.expected_correctness()
        if options.target == 'cross_view_mass':
            values = (_mass(step, of_crop) + own) / 2
        else:
            values = agreement_trust(
                distance,
                own,
                options.target,
                options.alpha,
                step.options.trust.dist_thr,
            )
        return [TrustTarget(view, values, mask)]


def agreement_trust(
    distance: Tensor,
    own: Tensor,
    target: ConsistencyTarget,
    alpha: float,
    dist_thr: float,
) -> Tensor:
    """Turn the distance of two predictions into trust.

    Args:
        distance: Distances of any shape, in person sizes.
        own: Expected correctness of one of the predictions, same shape.
        target: ``'decay'``, ``'agreement'`` or ``'self_estimate'``, see
            ``ConsistencyOptions``.
        alpha: Rate of the decay.
        dist_thr: Largest distance of predictions that agree.

    Returns:
        Trust in [0, 1] of the same shape.
    """
    if target == 'decay':
        return decay(distance, alpha)
    agreement = (distance <= dist_thr).to(own)
    return agreement if target == 'agreement' else (agreement + own) / 2


def _mass(step: TrainingStep, of_crop: bool) -> Tensor:
    """``(B, K)`` mass that one view gives the other's keypoints."""
    second = step.second_view
    scored_view: AugmentedView = step.view if of_crop else second
    other = (second if of_crop else step.view).output.distribution
    transform = second.transform if of_crop else second.transform.inverse()
    points = transform.apply_to_points(
        scored_view.output.distribution.hard_decode(), other.input_size
    )
    with torch.no_grad():
        return other.mass_within(points, step.options.trust.dist_thr)
