"""Output of the pose network for training, kept on disk."""

import dataclasses
from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.data import Dataset

from self_verify_pose.models.augmentations.similarity import (
    SimilarityTransform,
)
from self_verify_pose.models.augmentations.strong import strong_view
from self_verify_pose.models.heads.trust_features import TrustFeatures
from self_verify_pose.models.options import (
    StrongAugmentationOptions,
)
from self_verify_pose.models.pose_estimators.inspection import (
    normalized_fill,
)
from self_verify_pose.models.pose_estimators.selfverify_topdown import (
    SelfVerifyTopdown,
)
from self_verify_pose.models.teachers.joint_mapping import TeacherFunction
from self_verify_pose.models.teachers.pseudo_trust import decay
from self_verify_pose.models.trust_targets import AugmentedView, TrainingStep
from self_verify_pose.models.trust_targets.annotation import (
    correctness_target,
)
from self_verify_pose.tools.study.extraction import (
    CONSISTENCY,
    OPTIONS,
    Batch,
    Tensors,
    build_teachers,
    ground_truth,
    join_parts,
    read_batches,
    teacher_columns,
)


@dataclasses.dataclass(frozen=True)
class ExtractionConfig:
    """What is extracted for training.

    Args:
        strong_views: Strongly augmented views of each person.
        workers: Processes that load images.
        seed: Seed of the random views.
    """

    strong_views: int = 3
    workers: int = 1
    seed: int = 0


@torch.no_grad()
def extract_features(
    model: SelfVerifyTopdown,
    dataset: Dataset,
    config: ExtractionConfig,
    advance: Callable[[int], object],
) -> Tensors:
    """Run the pose network on all persons of a training set, as it trains.

    Args:
        model: The estimator, in eval mode.
        dataset: Plain crops with targets.
        config: Views to extract.
        advance: Called with the number of persons after each batch.

    Returns:
        Tensors of one row per person. ``features`` (of all feature maps,
        packed, half precision), ``raw_score``, ``correct``, ``has_label`` (in
        the view), ``distance`` (to the prediction for the crop, in person
        sizes), ``inside`` and ``expected`` (correctness) have the views as
        second axis, the crop first. What teachers say is missing where the
        keypoints make no body. See also :func:`ground_truth`.
    """
    torch.manual_seed(config.seed)
    teachers = build_teachers(model)
    parts = []
    for batch in read_batches(model, dataset, config.workers):
        extraction = _Extraction(model, batch)
        parts.append(extraction.columns(config, teachers))
        advance(len(batch.crops))
    return join_parts(parts)


class _Extraction:
    """One batch in extraction."""

    def __init__(self, model: SelfVerifyTopdown, batch: Batch) -> None:
        self.model = model
        self.crops, self.samples, self.sizes = batch
        self.fill = normalized_fill(model.data_preprocessor)
        identity = SimilarityTransform.identity(self.sizes)
        self.view = self._augmented(self.crops, identity)
        self.distribution = self.view.output.distribution

    def columns(
        self, config: ExtractionConfig, teachers: dict[str, TeacherFunction]
    ) -> Tensors:
        """Return all columns of the batch, on the CPU."""
        views = [self.view]
        for _ in range(config.strong_views):
            options = StrongAugmentationOptions()
            views.append(
                self._augmented(*strong_view(self.crops, options, self.fill))
            )
        rows = [self._view_columns(view) for view in views]
        columns = {
            name: torch.stack([row[name] for row in rows], 1)
            for name in rows[0]
        }
        transform = SimilarityTransform.random_rotation(
            self.sizes, CONSISTENCY.max_deg
        )
        columns['rotation'], columns['rotation_inside'] = self._rotated(
            transform
        )
        columns |= teacher_columns(teachers, self.distribution, self.samples)
        keypoints = self.distribution.hard_decode().cpu()
        columns |= ground_truth(
            keypoints, self.samples, self.distribution.input_size
        )
        return {name: values.cpu() for name, values in columns.items()}

    def _augmented(
        self, crops: Tensor, transform: SimilarityTransform
    ) -> AugmentedView:
        sizes = self.sizes * transform.scales
        return AugmentedView(self.model.pose_output(crops, sizes), transform)

    def _step(self, second_view: AugmentedView) -> TrainingStep:
        return TrainingStep(
            self.samples,
            self.view,
            second_view,
            self.model.reader,
            OPTIONS,
            None,
        )

    def _view_columns(self, view: AugmentedView) -> Tensors:
        step = self._step(view)
        _, correct, has_label = correctness_target(step, view)
        distance, inside = step.hard_inconsistency
        distribution = view.output.distribution
        features = TrustFeatures.collect(
            view.output.features, distribution, distribution.hard_decode()
        )
        return {
            'raw_score': distribution.raw_scores(),
            'features': features.packed(distribution.free_score()).half(),
            'correct': correct > 0,
            'has_label': has_label,
            'distance': distance,
            'inside': inside,
            'expected': distribution.expected_correctness(),
        }

    def _rotated(
        self, transform: SimilarityTransform
    ) -> tuple[Tensor, Tensor]:
        """Trust by rotation consistency, and which keypoints count."""
        crops = transform.apply_to_images(self.crops, self.fill)
        step = self._step(self._augmented(crops, transform))
        distance, inside = step.hard_inconsistency
        return decay(distance, CONSISTENCY.alpha), inside
