"""What the pose network says about every person of some sets, kept on disk."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmpose.models.utils.tta import flip_vectors
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from self_verify_pose.constants import PCK_THRESHOLD
from self_verify_pose.datasets.trust_cache.files import replacing
from self_verify_pose.metrics.evaluation.evaluation_input import (
    EvaluationInput,
    GroundTruth,
)
from self_verify_pose.models.augmentations.similarity import (
    SimilarityTransform,
    random_angles,
)
from self_verify_pose.models.augmentations.strong import hard_view
from self_verify_pose.models.distributions.simcc import (
    SimCCLogits,
    hard_decode,
)
from self_verify_pose.models.distributions.simcc_scores import simcc_scores
from self_verify_pose.models.geometry.rotation import rotate_images
from self_verify_pose.models.losses.rotation_consistency import (
    rotation_inconsistency,
)
from self_verify_pose.models.options import (
    ConsistencyOptions,
    SolvabilityOptions,
    StrongAugmentationOptions,
)
from self_verify_pose.models.pose_estimators.pose_output import (
    PoseOutput,
    normalized_fill,
)
from self_verify_pose.models.pose_estimators.pseudo_trust import (
    annotated_trust,
    judge,
)
from self_verify_pose.models.pose_estimators.selfverify_topdown import (
    SelfVerifyTopdown,
)
from self_verify_pose.models.pose_estimators.teachers import TEACHERS
from self_verify_pose.models.sample_fields import person_sizes
from self_verify_pose.models.teachers.pseudo_trust import decay

CONSISTENCY = ConsistencyOptions()  # how views are drawn and judged
TEST_ANGLES = (-20.0, 20.0)  # degrees, for disagreement at test time


@dataclasses.dataclass(frozen=True)
class ExtractionConfig:
    """How closely to look.

    Args:
        hard_views: Hard views of each person, for training.
        test_time: Also compare with mirrored and turned views.
        batch_size: Persons per batch.
        workers: Processes that load images.
        seed: Of the views that are drawn.
    """

    hard_views: int = 0
    test_time: bool = False
    batch_size: int = 32
    workers: int = 1
    seed: int = 0


Tensors = dict[str, Tensor]


@torch.no_grad()
def extract_features(
    model: SelfVerifyTopdown,
    dataset: Dataset,
    look: ExtractionConfig,
    advance: Callable[[int], object],
) -> Tensors:
    """Let the pose network look at all persons of a set.

    Args:
        model: The estimator, in eval mode.
        dataset: Plain crops with targets.
        look: How closely.
        advance: Called with the number of persons after each batch.

    Returns:
        Tensors of one row per person. ``evidence``, ``right``, ``known``
        (whether the joint has a label in the view), ``distance`` (to the
        prediction of the upright view, in person sizes), ``inside`` and
        ``expected`` (correctness) have the views as second axis: first the
        upright one.
    """
    torch.manual_seed(look.seed)
    teachers = {name: kind() for name, kind in TEACHERS.items()}
    loader = DataLoader(
        dataset,
        look.batch_size,
        num_workers=look.workers,
        collate_fn=pseudo_collate,
    )
    parts = []
    for batch in loader:
        data = model.data_preprocessor(batch)
        crops = data['inputs'].contiguous(memory_format=torch.channels_last)
        parts.append(
            _extract_batch(model, crops, data['data_samples'], look, teachers)
        )
        advance(len(crops))
    return {
        name: torch.cat([part[name] for part in parts]) for name in parts[0]
    }


def _extract_batch(
    model: SelfVerifyTopdown,
    crops: Tensor,
    samples: list,
    look: ExtractionConfig,
    teachers: dict[str, Any],
) -> Tensors:
    spec = model.simcc_spec
    sizes = person_sizes(samples, crops.device)
    upright = model.view(crops)
    joints = hard_decode(upright.logits, spec)
    views = [(upright, SimilarityTransform.upright(sizes))]
    for _ in range(look.hard_views):
        shown, placement = hard_view(
            crops,
            StrongAugmentationOptions(),
            normalized_fill(model.data_preprocessor),
        )
        views.append((model.view(shown), placement))
    rows = [
        _judge_view(model, view, where, joints, sizes, samples)
        for view, where in views
    ]
    found = {
        name: torch.stack([row[name] for row in rows], 1) for name in rows[0]
    }
    angles = random_angles(len(crops), CONSISTENCY.max_deg, crops)
    turned = _turned(model, crops, joints, sizes, angles)
    found['rotation'], found['rotation_inside'] = turned
    for name, teacher in teachers.items():
        options = SolvabilityOptions(teacher=name, use_gt_visible=False)
        result = judge(teacher, options, upright.logits, spec, samples).result
        found[f'{name}_solvability'] = result.solvability
        found[f'{name}_trust'] = result.trust
    for name, score in (
        simcc_scores(upright.logits, spec, sizes)._asdict().items()
    ):
        found[f'simcc_{name}'] = score
    if look.test_time:
        found['flip'] = _mirrored(model, crops, joints, sizes, samples)
        found['turns'] = torch.stack(
            [
                _turned(
                    model, crops, joints, sizes, torch.full_like(sizes, angle)
                )[0]
                for angle in np.deg2rad(TEST_ANGLES).tolist()
            ]
        ).mean(0)
    found.update(_truth(joints.cpu(), samples, spec.input_size))
    return {name: value.cpu() for name, value in found.items()}


def _judge_view(
    model: SelfVerifyTopdown,
    view: PoseOutput,
    placement: SimilarityTransform,
    upright: Tensor,
    sizes: Tensor,
    samples: list,
) -> Tensors:
    spec = model.simcc_spec
    distance, inside = rotation_inconsistency(
        upright,
        hard_decode(view.logits, spec),
        placement.angles,
        sizes,
        spec.input_size,
        placement.scales,
    )
    right = annotated_trust(
        view.logits, spec, samples, PCK_THRESHOLD, placement
    )
    sizes = sizes * placement.scales
    return {
        'evidence': model.evidence(view, sizes).half(),
        'right': right.targets > 0,
        'known': right.mask,
        'distance': distance,
        'inside': inside,
        'expected': simcc_scores(view.logits, spec, sizes).expected,
    }


def _turned(
    model: SelfVerifyTopdown,
    crops: Tensor,
    joints: Tensor,
    sizes: Tensor,
    angles: Tensor,
) -> tuple[Tensor, Tensor]:
    """Return trust by rotation, and which joints stay inside."""
    spec = model.simcc_spec
    view = model.view(
        rotate_images(crops, angles, normalized_fill(model.data_preprocessor))
    )
    distance, inside = rotation_inconsistency(
        joints, hard_decode(view.logits, spec), angles, sizes, spec.input_size
    )
    return decay(distance, CONSISTENCY.alpha), inside


def _mirrored(
    model: SelfVerifyTopdown,
    crops: Tensor,
    joints: Tensor,
    sizes: Tensor,
    samples: list,
) -> Tensor:
    """Return trust by the mirrored view."""
    flip_indices = samples[0].metainfo['flip_indices']
    logits = model.view(crops.flip(-1)).logits
    back = SimCCLogits(*flip_vectors(*logits, flip_indices=flip_indices))
    distance = (hard_decode(back, model.simcc_spec) - joints).norm(dim=-1)
    return decay(distance / sizes[:, None], CONSISTENCY.alpha)


def _truth(joints: Tensor, samples: list, input_size: tuple) -> Tensors:
    """Return predicted and true joints in pixels of the image."""
    rows: dict[str, list] = {
        name: [] for name in ('keypoints', 'truth', 'labeled', 'boxes', 'ids')
    }
    for sample, points in zip(samples, joints.numpy(), strict=True):
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
    found: Tensors, scores: dict[str, np.ndarray]
) -> EvaluationInput:
    """Put scores beside the truth.

    Args:
        found: What :func:`extract_features` returns.
        scores: (N, K) scores by name.

    Returns:
        What the report's functions take.
    """
    ids = found['ids'].numpy()
    truth = GroundTruth(
        keypoints=found['truth'].double().numpy(),
        labeled=found['labeled'].numpy(),
        boxes=found['boxes'].double().numpy(),
        image_ids=ids[:, 0],
        person_ids=ids[:, 1],
    )
    return EvaluationInput(
        {k: np.asarray(v, np.float64) for k, v in scores.items()},
        found['keypoints'].double().numpy(),
        truth,
    )


def kept(path: Path, make: Callable[[], Tensors]) -> Tensors:
    """Read what was kept, or make and keep it.

    Args:
        path: The file.
        make: Makes it.

    Returns:
        The tensors.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        found = make()
        with replacing(path) as file:
            torch.save(found, file)
    return torch.load(path, weights_only=True)
