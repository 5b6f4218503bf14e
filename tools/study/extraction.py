"""What the extractions of training and of test time share."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_args

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmpose.structures import PoseDataSample
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from self_verify_pose.constants import PCK_THRESHOLD
from self_verify_pose.metrics.evaluation.evaluation_input import (
    EvaluationInput,
    GroundTruth,
)
from self_verify_pose.metrics.functional import (
    is_correct,
    joint_errors,
    person_size,
)
from self_verify_pose.models.distributions import KeypointDistribution
from self_verify_pose.models.geometry.coordinates import Size2D
from self_verify_pose.models.options import (
    ConsistencyOptions,
    SelfVerifyOptions,
    SolvabilityOptions,
    TeacherName,
    TrustOptions,
)
from self_verify_pose.models.pose_estimators.inspection import (
    keypoint_names,
)
from self_verify_pose.models.pose_estimators.selfverify_topdown import (
    SelfVerifyTopdown,
)
from self_verify_pose.models.sample_fields import person_sizes
from self_verify_pose.models.teachers.joint_mapping import TeacherFunction
from self_verify_pose.models.trust_targets.solvability import build_teacher
from self_verify_pose.models.trust_targets.teacher_output import run_teacher
from self_verify_pose.output_files import replacing

CONSISTENCY = ConsistencyOptions(use_gt_visible=False)
OPTIONS = SelfVerifyOptions(
    CONSISTENCY, SolvabilityOptions(use_gt_visible=False), TrustOptions()
)
_BATCH = 32

Tensors = dict[str, Tensor]
Stored = TypeVar('Stored', bound=dict[str, Any])


class Batch(NamedTuple):
    """A batch of plain crops.

    Args:
        crops: ``(B, 3, H, W)`` normalized crops.
        samples: B annotated samples.
        sizes: ``(B,)`` person sizes in pixels of the crop.
    """

    crops: Tensor
    samples: Sequence[PoseDataSample]
    sizes: Tensor


def read_batches(
    model: SelfVerifyTopdown, dataset: Dataset, workers: int
) -> Iterator[Batch]:
    """Read a data set in order.

    Args:
        model: The estimator.
        dataset: Plain crops with targets.
        workers: Processes that load images.

    Yields:
        Batches on the device of the estimator.
    """
    loader = DataLoader(
        dataset, _BATCH, num_workers=workers, collate_fn=pseudo_collate
    )
    for batch in loader:
        data = model.data_preprocessor(batch)
        crops = data['inputs'].contiguous(memory_format=torch.channels_last)
        samples = data['data_samples']
        yield Batch(crops, samples, person_sizes(samples, crops.device))


def join_parts(parts: Sequence[Tensors]) -> Tensors:
    """Join the columns of batches.

    Args:
        parts: Tensors by name, those of each batch.

    Returns:
        Tensors by name.
    """
    return {
        name: torch.cat([part[name] for part in parts]) for name in parts[0]
    }


def build_teachers(model: SelfVerifyTopdown) -> dict[str, TeacherFunction]:
    """Build the teachers.

    Args:
        model: The estimator.

    Returns:
        The teachers by name; none where the keypoints make no body.
    """
    names = keypoint_names(model.metainfo, model.head)
    try:
        return {
            kind: build_teacher(SolvabilityOptions(teacher=kind), names)
            for kind in get_args(TeacherName)
        }
    except ValueError:  # the keypoints make no body
        return {}


def teacher_columns(
    teachers: Mapping[str, TeacherFunction],
    distribution: KeypointDistribution,
    samples: Sequence[PoseDataSample],
) -> Tensors:
    """Ask the teachers about predictions.

    Args:
        teachers: The teachers by name.
        distribution: Predicted distributions of the keypoints.
        samples: The samples that they were predicted for.

    Returns:
        ``(B, K)`` solvability and trust of each teacher, NaN where it gives
        none.
    """
    columns = {}
    for name, teacher in teachers.items():
        result = run_teacher(
            teacher, OPTIONS.solvability, distribution, samples
        ).result
        columns[f'{name}_solvability'] = result.solvability
        columns[f'{name}_trust'] = result.trust
    return columns


def ground_truth(
    keypoints: Tensor, samples: Sequence[PoseDataSample], input_size: Size2D
) -> Tensors:
    """Put the labels beside predicted keypoints.

    Args:
        keypoints: ``(B, K, 2)`` keypoints in pixels of the crops, on the CPU.
        samples: B annotated samples.
        input_size: Crop size ``(W, H)`` in pixels.

    Returns:
        ``keypoints``, predicted, and ``truth``, both in pixels of the image,
        ``labeled``, ``boxes`` ``(x1, y1, x2, y2)`` and ``ids`` of image and
        person.
    """
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


def correct_joints(columns: Tensors) -> NDArray[np.bool_]:
    """Compare predicted keypoints with the labels in the image.

    Args:
        columns: Tensors with those of :func:`ground_truth`.

    Returns:
        ``(N, K)`` whether each keypoint is correct; arbitrary where
        ``labeled`` is False.
    """
    keypoints, truth, boxes = (
        columns[name].double().numpy()
        for name in ('keypoints', 'truth', 'boxes')
    )
    errors = joint_errors(keypoints, truth, person_size(boxes))
    return is_correct(errors, PCK_THRESHOLD)


def evaluation_input(
    columns: Tensors, scores: dict[str, np.ndarray]
) -> EvaluationInput:
    """Put scores beside the ground truth.

    Args:
        columns: Tensors with those of :func:`ground_truth`.
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


def load_or_make(path: Path, make: Callable[[], Stored]) -> Stored:
    """Read tensors from a file, which is made where it is missing.

    Args:
        path: The file.
        make: Makes the tensors: a dict of them, or of such dicts.

    Returns:
        The tensors.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = make()
        with replacing(path) as file:
            torch.save(made, file)
    stored: Stored = torch.load(path, weights_only=True)
    return stored
