"""Targets from rotation consistency."""

from collections.abc import Sequence

from mmpose.registry import MODELS

from ..teachers.pseudo_trust import decay
from .base import TrustSource, TrustTarget
from .step import TrainingStep


@MODELS.register_module()
class RotationTargets(TrustSource):
    """``exp(-alpha * inconsistency)`` of the prediction under a rotation.

    The keypoints are decoded softly, as for the consistency loss.
    """

    requires = frozenset({'second_view'})

    def targets(self, step: TrainingStep) -> Sequence[TrustTarget]:
        """Compare the predictions for the crops and the rotated crops.

        Args:
            step: The training step.

        Returns:
            Targets for the crops themselves.
        """
        distance, mask = step.soft_inconsistency
        values = decay(distance, step.options.consistency.alpha)
        return [TrustTarget(step.view, values, mask)]
