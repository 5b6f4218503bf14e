"""What the pose network says at test time, in one view and with flip test."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.data import Dataset

from self_verify_pose.constants import PCK_THRESHOLD
from self_verify_pose.models.augmentations.verification import (
    DEFAULT_VIEWS,
    VerificationView,
)
from self_verify_pose.models.distributions import KeypointDistribution
from self_verify_pose.models.heads.trust_features import TrustFeatures
from self_verify_pose.models.pose_estimators.inspection import (
    normalized_fill,
)
from self_verify_pose.models.pose_estimators.prediction import (
    average_features,
    average_views,
)
from self_verify_pose.models.pose_estimators.selfverify_topdown import (
    SelfVerifyTopdown,
)
from self_verify_pose.models.teachers.joint_mapping import TeacherFunction
from self_verify_pose.tools.study.extraction import (
    Batch,
    Tensors,
    build_teachers,
    ground_truth,
    join_parts,
    read_batches,
    teacher_columns,
)

ONE_VIEW, FLIP_TEST = REGIMES = ('one view', 'flip test')
# the crop itself is the view that nothing is done to; the mirrored one is next
VIEWS = (VerificationView(), *DEFAULT_VIEWS)


@torch.no_grad()
def extract_regimes(
    model: SelfVerifyTopdown,
    dataset: Dataset,
    workers: int,
    advance: Callable[[int], object],
) -> dict[str, Tensors]:
    """Run the pose network on all persons of a set, as at test time.

    Args:
        model: The estimator, in eval mode.
        dataset: Plain crops with targets.
        workers: Processes that load images.
        advance: Called with the number of persons after each batch.

    Returns:
        For each of ``REGIMES``, whose distribution is that of the crop, or
        the average of a flip test, tensors of one row per person:
        ``features`` (of all feature maps at the keypoints that are decoded
        from the distribution, packed), its ``raw_score`` and other scores
        ``score_*``, what teachers say; ``fused_expected``, the mass that the
        average of the flip test has near these keypoints, and ``mass`` and
        ``peak`` ``(N, V, K)``, what each of ``VIEWS`` has there. See also
        :func:`ground_truth`.
    """
    torch.manual_seed(0)  # of the starts of a teacher
    teachers = build_teachers(model)
    parts: dict[str, list[Tensors]] = {regime: [] for regime in REGIMES}
    for batch in read_batches(model, dataset, workers):
        views = _Views(model, batch)
        for regime in REGIMES:
            columns = views.columns(regime, teachers)
            parts[regime].append({k: v.cpu() for k, v in columns.items()})
        advance(len(batch.crops))
    return {regime: join_parts(found) for regime, found in parts.items()}


class _Views:
    """Predictions for all views of a batch."""

    def __init__(self, model: SelfVerifyTopdown, batch: Batch) -> None:
        self.batch = batch
        fill = normalized_fill(model.data_preprocessor)
        self.outputs = [
            model.pose_output(
                view.apply_to_images(batch.crops, fill),
                batch.sizes * view.scale,
            )
            for view in VIEWS
        ]
        self.flip_indices = batch.samples[0].metainfo['flip_indices']
        self.fused = average_views(
            self.outputs[:2], self.flip_indices, model.test_cfg
        )

    def columns(
        self, regime: str, teachers: dict[str, TeacherFunction]
    ) -> Tensors:
        """Return the columns of a regime."""
        outputs, distribution = self.outputs[:2], self.fused
        if regime == ONE_VIEW:
            outputs = self.outputs[:1]
            distribution = outputs[0].distribution
        keypoints = distribution.hard_decode()
        features = TrustFeatures.collect(
            average_features(outputs), distribution, keypoints
        )
        columns = {
            'features': features.packed(distribution.free_score()),
            'raw_score': distribution.raw_scores(),
            'fused_expected': self.fused.mass_within(keypoints, PCK_THRESHOLD),
            'mass': self._ask(keypoints, _mass),
            'peak': self._ask(keypoints, _peak),
        }
        for name, values in distribution.scores().items():
            columns[f'score_{name}'] = values
        samples = self.batch.samples
        columns |= teacher_columns(teachers, distribution, samples)
        return columns | ground_truth(
            keypoints.cpu(), samples, distribution.input_size
        )

    def _ask(
        self,
        keypoints: Tensor,
        question: Callable[[KeypointDistribution, Tensor], Tensor],
    ) -> Tensor:
        """``(B, V, K)`` answers of all views about the keypoints."""
        answers = []
        for view, output in zip(VIEWS, self.outputs, strict=True):
            distribution = output.distribution
            points = view.apply_to_points(
                keypoints, distribution.input_size, self.flip_indices
            )
            answer = question(distribution, points)
            answers.append(view.restore_order(answer, self.flip_indices))
        return torch.stack(answers, 1)


def _mass(distribution: KeypointDistribution, points: Tensor) -> Tensor:
    return distribution.mass_within(points, PCK_THRESHOLD)


def _peak(distribution: KeypointDistribution, points: Tensor) -> Tensor:
    return distribution.peak_within(points, PCK_THRESHOLD)
