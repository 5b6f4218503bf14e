"""What the estimator reads off its parts: fill, feature maps, keypoints."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn

from ...skeleton import JOINTS, names_in
from ..distributions import read_head


def normalized_fill(preprocessor: nn.Module) -> Tensor:
    """Return black as the pose network gets it.

    Args:
        preprocessor: Data preprocessor of the estimator.

    Returns:
        ``(3,)`` color; ``(1,)`` zero where nothing is normalized.
    """
    if not getattr(preprocessor, '_enable_normalize', False):
        return torch.zeros(1)
    mean, std = preprocessor.mean, preprocessor.std
    assert isinstance(mean, Tensor) and isinstance(std, Tensor)
    return -(mean / std).flatten()


def feature_maps(features: Any, backbone: Any) -> tuple[Tensor, ...]:
    """Return the feature maps that describe a place in the crop.

    Args:
        features: Input of the pose head: a map, maps, the maps of several
            stages, or vectors that a neck has pooled.
        backbone: Output of the backbone, of the same kinds.

    Returns:
        ``(B, C_i, h_i, w_i)`` maps of the last stage: those that the pose
        head reads, or those of the backbone where it reads vectors.
    """
    maps = _last_stage(features)
    return maps if maps[-1].ndim == 4 else _last_stage(backbone)


def _last_stage(features: Any) -> tuple[Tensor, ...]:
    if isinstance(features, Tensor):
        return (features,)
    if not isinstance(features[-1], Tensor):
        return _last_stage(features[-1])
    return tuple(features)


def num_keypoints(head: Any) -> int | None:
    """Return the number of keypoints that a pose head predicts.

    Args:
        head: A pose head of MMPose.

    Returns:
        Its K; None if the head does not tell.
    """
    with suppress(ValueError):  # a head of another family
        return read_head(head).num_keypoints(head)
    return getattr(head, 'out_channels', getattr(head, 'num_joints', None))


def keypoint_names(
    metainfo: Mapping[str, Any] | None, head: Any
) -> tuple[str, ...]:
    """Return the names of the keypoints of a pose network.

    Args:
        metainfo: Parsed meta information that the estimator was given;
            without, 17 keypoints are those of COCO.
        head: Its pose head.

    Returns:
        Names in order.

    Raises:
        ValueError: If nothing names them, or their number is not that of
            the head.
    """
    count = num_keypoints(head)
    names = JOINTS if metainfo is None else names_in(metainfo)
    if count not in (None, len(names)):
        found = 'none' if metainfo is None else len(names)
        raise ValueError(
            f'model.metainfo: expected the names of {count} keypoints, as '
            f'many as model.head predicts, found {found}; set it to the '
            'description of the data set, such as '
            "dict(from_file='configs/_base_/datasets/crowdpose.py')"
        )
    return names
