"""Output of the pose network for every person of some sets, kept on disk."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmpose.structures import PoseDataSample
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from self_verify_pose.datasets.trust_cache.files import replacing
from self_verify_pose.metrics.evaluation.evaluation_input import (
    EvaluationInput,
    GroundTruth,
)
from self_verify_pose.models.augmentations.similarity import (
    SimilarityTransform,
)
from self_verify_pose.models.augmentations.strong import strong_view
from self_verify_pose.models.geometry.coordinates import Size2D
from self_verify_pose.models.heads.trust_features import TrustFeatures
from self_verify_pose.models.options import (
    ConsistencyOptions,
    SelfVerifyOptions,
    SolvabilityOptions,
    StrongAugmentationOptions,
    TeacherName,
    TrustOptions,
)
from self_verify_pose.models.pose_estimators.inspection import (
    keypoint_names,
    normalized_fill,
)
from self_verify_pose.models.pose_estimators.selfverify_topdown import (
    SelfVerifyTopdown,
)
from self_verify_pose.models.sample_fields import person_sizes
from self_verify_pose.models.teachers.joint_mapping import TeacherFunction
from self_verify_pose.models.teachers.pseudo_trust import decay
from self_verify_pose.models.trust_targets import AugmentedView, TrainingStep
from self_verify_pose.models.trust_targets.annotation import (
    correctness_target,
)
from self_verify_pose.models.trust_targets.solvability import build_teacher
from self_verify_pose.models.trust_targets.step import keypoint_distances

CONSISTENCY = ConsistencyOptions(use_gt_visible=False)
OPTIONS = SelfVerifyOptions(
    CONSISTENCY, SolvabilityOptions(use_gt_visible=False), TrustOptions()
)
TEST_ANGLES = (-20.0, 20.0)  # degrees, for disagreement at test time
_BATCH = 32

Tensors = dict[str, Tensor]


@dataclasses.dataclass(frozen=True)
class ExtractionConfig:
    """Views that are extracted.

    Args:
        strong_views: Strongly augmented views of each person, for training.
        test_time: Also compare with mirrored and rotated views.
        workers: Processes that load images.
        seed: Seed of the random views.
    """

    strong_views: int = 0
    test_time: bool = False
    workers: int = 1
    seed: int = 0


@torch.no_grad()
def extract_features(
    model: SelfVerifyTopdown,
    dataset: Dataset,
    config: ExtractionConfig,
    advance: Callable[[int], object],
) -> Tensors:
    """Run the pose network on all persons of a set.

    Args:
        model: The estimator, in eval mode.
        dataset: Plain crops with targets.
        config: Views to extract.
        advance: Called with the number of persons after each batch.

    Returns:
        Tensors of one row per person. ``features`` (of all feature maps,
        packed), ``raw_score``, ``correct``, ``has_label`` (in the view),
        ``distance`` (to the prediction for the crop, in person sizes),
        ``inside`` and ``expected`` (correctness) have the views as second
        axis, the crop first. What teachers say is missing where the
        keypoints make no body.
    """
    torch.manual_seed(config.seed)
    teachers = _build_teachers(model)
    loader = DataLoader(
        dataset,
        _BATCH,
        num_workers=config.workers,
        collate_fn=pseudo_collate,
    )
    parts = []
    for batch in loader:
        data = model.data_preprocessor(batch)
        crops = data['inputs'].contiguous(memory_format=torch.channels_last)
        extraction = _Extraction(model, crops, data['data_samples'])
        parts.append(extraction.columns(config, teachers))
        advance(len(crops))
    return {
        name: torch.cat([part[name] for part in parts]) for name in parts[0]
    }


def _build_teachers(model: SelfVerifyTopdown) -> dict[str, TeacherFunction]:
    names = keypoint_names(model.metainfo, model.head)
    try:
        return {
            kind: build_teacher(SolvabilityOptions(teacher=kind), names)
            for kind in get_args(TeacherName)
        }
    except ValueError:  # the keypoints make no body
        return {}


class _Extraction:
    """One batch in extraction."""

    def __init__(
        self,
        model: SelfVerifyTopdown,
        crops: Tensor,
        samples: Sequence[PoseDataSample],
    ) -> None:
        self.model, self.crops, self.samples = model, crops, samples
        self.sizes = person_sizes(samples, crops.device)
        self.fill = normalized_fill(model.data_preprocessor)
        identity = SimilarityTransform.identity(self.sizes)
        self.view = self._augmented(crops, identity)
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
        for name, teacher in teachers.items():
            columns |= self._teacher_columns(name, teacher)
        for name, values in self.distribution.scores().items():
            columns[f'score_{name}'] = values
        if config.test_time:
            columns |= self._test_time_columns()
        keypoints = self.distribution.hard_decode().cpu()
        columns |= _ground_truth(
            keypoints, self.samples, self.distribution.input_size
        )
        return {name: values.cpu() for name, values in columns.items()}

    def _augmented(
        self, crops: Tensor, transform: SimilarityTransform
    ) -> AugmentedView:
        sizes = self.sizes * transform.scales
        return AugmentedView(self.model.pose_output(crops, sizes), transform)

    def _step(
        self,
        second_view: AugmentedView,
        teacher: TeacherFunction | None = None,
    ) -> TrainingStep:
        reader = self.model.reader
        return TrainingStep(
            self.samples, self.view, second_view, reader, OPTIONS, teacher
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
            'features': features.packed().half(),
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

    def _teacher_columns(self, name: str, teacher: TeacherFunction) -> Tensors:
        result = self._step(self.view, teacher).teacher_output.result
        return {
            f'{name}_solvability': result.solvability,
            f'{name}_trust': result.trust,
        }

    def _test_time_columns(self) -> Tensors:
        angles = np.deg2rad(TEST_ANGLES).tolist()
        rotated = [
            self._rotated(
                SimilarityTransform.identity(self.sizes)._replace(
                    angles=torch.full_like(self.sizes, angle)
                )
            )[0]
            for angle in angles
        ]
        flipped = self.model.pose_output(self.crops.flip(-1), self.sizes)
        flip_indices = self.samples[0].metainfo['flip_indices']
        mirrored = flipped.distribution.mirrored(
            flip_indices, self.model.test_cfg
        )
        distance = keypoint_distances(
            mirrored.hard_decode(), self.distribution.hard_decode()
        )
        return {
            'flip': decay(distance / self.sizes[:, None], CONSISTENCY.alpha),
            'rotations': torch.stack(rotated).mean(0),
        }


def _ground_truth(
    keypoints: Tensor, samples: Sequence[PoseDataSample], input_size: Size2D
) -> Tensors:
    """Predicted and true keypoints in pixels of the image, boxes and ids."""
    rows: dict[str, list] = {
        name: [] for name in ('keypoints', 'truth', 'labeled', 'boxes', 'ids')
    }
    for sample, points in zip(samples, keypoints.numpy(), strict=True):
        meta, truth = sample.metainfo, sample.gt_instances
        scale = np.ravel(meta['input_scale'])
        corner = np.ravel(meta['input_center']) - 0.5 * scale
        rows['keypoints'].append(points / input_size * scale + corner)
        rows['truth'].append(truth.keypoints[0])
        visible = np.asarray(truth.keypoints_visible)[0]
        rows['labeled'].append(visible.reshape(len(visible), -1)[:, 0] > 0)
        rows['boxes'].append(truth.bboxes[0])
        rows['ids'].append((meta['img_id'], meta['id']))
    return {k: torch.from_numpy(np.array(v)) for k, v in rows.items()}


def evaluation_input(
    columns: Tensors, scores: dict[str, np.ndarray]
) -> EvaluationInput:
    """Put scores beside the ground truth.

    Args:
        columns: Result of :func:`extract_features`.
        scores: ``(N, K)`` scores by name.

    Returns:
        Input of the evaluation.
    """
    ids = columns['ids'].numpy()
    truth = GroundTruth(
        keypoints=columns['truth'].double().numpy(),
        labeled=columns['labeled'].numpy(),
        boxes=columns['boxes'].double().numpy(),
        image_ids=ids[:, 0],
        person_ids=ids[:, 1],
    )
    return EvaluationInput(
        {k: np.asarray(v, np.float64) for k, v in scores.items()},
        columns['keypoints'].double().numpy(),
        truth,
    )


def load_or_make(path: Path, make: Callable[[], Tensors]) -> Tensors:
    """Read tensors from a file, which is made where it is missing.

    Args:
        path: The file.
        make: Makes the tensors.

    Returns:
        The tensors.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = make()
        with replacing(path) as file:
            torch.save(columns, file)
    return torch.load(path, weights_only=True)
