"""Targets from annotated keypoints."""

from collections.abc import Sequence

from mmpose.registry import MODELS

from .base import TrustSource, TrustTarget
from .step import AugmentedView, TrainingStep


@MODELS.register_module()
class AnnotationTargets(TrustSource):
    """1 for correct keypoints, 0 for wrong ones.

    With a strongly augmented view the head learns of both views.
    """

    supports_strong_view = True
    uses_labels = True

    def targets(self, step: TrainingStep) -> Sequence[TrustTarget]:
        """Compare the predictions with the annotation.

        Args:
            step: The training step.

        Returns:
            Targets for the crops and, if there is one, the strongly
            augmented view; keypoints without a label in a view are masked.
        """
        return [correctness_target(step, view) for view in step.learned_views]


def correctness_target(step: TrainingStep, view: AugmentedView) -> TrustTarget:
    """Compare the predictions for one view with the annotation.

    Args:
        step: The training step.
        view: One of its views.

    Returns:
        1 where the error is at most ``trust_cfg.dist_thr`` person sizes,
        else 0; masked where there is no label inside the view.
    """
    correct, inside = step.compare(view, step.true_keypoints)
    return TrustTarget(view, correct.float(), step.labeled & inside)
