"""Fields of MMPose's training samples as tensors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmpose.structures import MultilevelPixelData, PoseDataSample
from torch import Tensor

Samples = Sequence[PoseDataSample]


def head_targets(
    data_samples: Samples, fields: Sequence[str]
) -> dict[str, Tensor]:
    """Collect the targets of the pose head.

    Args:
        data_samples: B training samples.
        fields: Names in ``gt_instance_labels`` or ``gt_fields``.

    Returns:
        ``(B, ...)`` tensors by name; of targets for several stages the last
        ones.

    Raises:
        KeyError: If a sample lacks one of the fields.
    """
    return {field: _collect(data_samples, field) for field in fields}


def labeled_joints(data_samples: Samples) -> Tensor:
    """Return which keypoints have a label inside the crop.

    Args:
        data_samples: B training samples.

    Returns:
        ``(B, K)`` boolean.

    Raises:
        KeyError: If a sample holds no target weights.
    """
    return _collect(data_samples, 'keypoint_weights') > 0


def cached_targets(data_samples: Samples, device: torch.device) -> Tensor:
    """Collect the trust targets that were read from a cache.

    Args:
        data_samples: B samples.
        device: Device of the result; the copy does not wait for it.

    Returns:
        ``(B, K)`` float32 in [0, 1], NaN where there is none.

    Raises:
        KeyError: If a sample holds none.
    """
    return _loaded(data_samples, 'pseudo_trust_sol', 'LoadPseudoTrust', device)


def other_keypoints(data_samples: Samples, device: torch.device) -> Tensor:
    """Collect the keypoints that another pose estimator has predicted.

    Args:
        data_samples: B samples.
        device: Device of the result; the copy does not wait for it.

    Returns:
        ``(B, K, 2)`` float32 points in pixels of the crop, NaN where there is
        none.

    Raises:
        KeyError: If a sample holds none.
    """
    return _loaded(data_samples, 'other_keypoints', 'LoadOtherPose', device)


def person_mask(
    data_samples: Samples, ids: frozenset[int], device: torch.device
) -> Tensor:
    """Return which samples show some of the persons.

    Args:
        data_samples: B samples with their ``id``.
        ids: Ids of the persons.
        device: Device of the result; the copy does not wait for it.

    Returns:
        ``(B,)`` boolean.
    """
    found = [sample.metainfo.get('id') in ids for sample in data_samples]
    return torch.tensor(found).to(device, non_blocking=True)


def person_sizes(data_samples: Samples, device: torch.device) -> Tensor:
    """Return the longer side of each person's box in pixels of the crop.

    Args:
        data_samples: B samples with one box each.
        device: Device of the result; the copy does not wait for it.

    Returns:
        ``(B,)`` float32 sizes in pixels of the crop.
    """
    sizes = [_person_size(sample) for sample in data_samples]
    return torch.tensor(sizes, dtype=torch.float32).to(
        device, non_blocking=True
    )


def box_centers(data_samples: Samples, device: torch.device) -> Tensor:
    """Return where the center of each person's box lies in its crop.

    Args:
        data_samples: B samples with one box each.
        device: Device of the result; the copy does not wait for it.

    Returns:
        ``(B, 2)`` float32 points in pixels of the crop before a rotation
        by augmentation, see :func:`augmentation_angles`.
    """
    centers = np.stack([_box_center(sample) for sample in data_samples])
    return torch.from_numpy(centers.astype(np.float32)).to(
        device, non_blocking=True
    )


def augmentation_angles(data_samples: Samples, device: torch.device) -> Tensor:
    """Return the angles that turn the crops upright again.

    Args:
        data_samples: B samples, packed with the meta key ``bbox_rotation``
            where a transform has set it.
        device: Device of the result; the copy does not wait for it.

    Returns:
        ``(B,)`` float32 angles in radians, 0 for crops that no augmentation
        has turned.

    Convention:
        Turning points of the crop by the angle about its center (positive
        from x toward y) undoes the augmentation.
    """
    degrees = [
        float(np.ravel(sample.metainfo.get('bbox_rotation', 0.0))[0])
        for sample in data_samples
    ]
    return torch.deg2rad(torch.tensor(degrees, dtype=torch.float32)).to(
        device, non_blocking=True
    )


def _box_center(sample: PoseDataSample) -> np.ndarray:
    box = np.asarray(sample.gt_instances.bboxes)[0]
    meta = sample.metainfo
    size = np.asarray(meta['input_size'])
    offset = (box[:2] + box[2:]) / 2 - np.ravel(meta['input_center'])
    return (size - 1) / 2 + offset * _crop_per_image(sample)


def _person_size(sample: PoseDataSample) -> float:
    x0, y0, x1, y1 = np.asarray(sample.gt_instances.bboxes)[0]
    longer = max(abs(x1 - x0), abs(y1 - y0), 1.0)
    return longer * _crop_per_image(sample)


def _crop_per_image(sample: PoseDataSample) -> float:
    """Pixels of the crop per pixel of the image."""
    # a box of no size would make every distance infinite
    scale = max(abs(np.ravel(sample.input_scale)[0]), 1)
    return sample.input_size[0] / scale


def _loaded(
    data_samples: Samples, field: str, transform: str, device: torch.device
) -> Tensor:
    """Stack what a transform has read from a file."""
    for sample in data_samples:
        if field not in sample.gt_instances:
            raise KeyError(
                f"expected '{field}' in gt_instances, not found in sample "
                f'{sample.metainfo.get("id")}: add {transform} to the '
                'training pipeline, right before PackPoseInputs'
            )
    values = np.concatenate(
        [sample.gt_instances[field] for sample in data_samples]
    )
    return torch.from_numpy(values).to(device, non_blocking=True)


def _collect(data_samples: Samples, field: str) -> Tensor:
    values = []
    for sample in data_samples:
        if field in sample.get('gt_instance_labels', ()):
            value = sample.gt_instance_labels[field]
            # the samples of multi-stage heads hold (stages, 1, K) weights
            values.append(value[-1] if _stages(sample) else value)
        elif field in _pixel_data(sample):
            values.append(_pixel_data(sample).get(field)[None])
        else:
            raise KeyError(
                f"expected '{field}' in gt_instance_labels or gt_fields, not "
                f'found in sample {sample.metainfo.get("id")}: add '
                'GenerateTarget with the encoder of the pose head to the '
                'training pipeline'
            )
    return torch.cat(values)


def _stages(sample: PoseDataSample) -> bool:
    return isinstance(sample.get('gt_fields'), MultilevelPixelData)


def _pixel_data(sample: PoseDataSample) -> Any:
    fields = sample.get('gt_fields', ())
    return fields.levels()[-1] if _stages(sample) else fields
