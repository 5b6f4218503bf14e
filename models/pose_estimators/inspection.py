"""What the estimator reads off its parts: fill color, feature maps."""

from typing import Any

import torch
from torch import Tensor, nn


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
