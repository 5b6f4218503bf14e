"""The pose prior of ``models.kinematics``, evaluated with numpy."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...models.kinematics.prior_weights import (
    LOG_SPREAD_RANGE,
    MEAN_SCALE,
    POSITION_SCALE,
    TARGETS,
    read_prior_weights,
)
from ...skeleton import FLIP

_FLIP = np.array(FLIP)
_MIRROR = np.array([-1.0, 1.0], np.float32)
_CHUNK = 2048

Singles = NDArray[np.float32]


_load = lru_cache(maxsize=1)(read_prior_weights)


def predict_joints(
    points: NDArray[np.floating], confidence: NDArray[np.floating]
) -> tuple[Singles, Singles]:
    """Predict every joint from the others, see ``PosePrior``.

    Args:
        points: ``(N, 17, 2)`` poses in person sizes, from the box center.
        confidence: ``(N, 17)`` confidence in each joint in [0, 1].

    Returns:
        Mean and spread, each ``(N, 17, 2)``, in person sizes. Joint j of
        both does not depend on joint j of the input.
    """
    mean = np.empty(points.shape, np.float32)
    spread = np.empty_like(mean)
    for begin in range(0, len(points), _CHUNK):
        part = slice(begin, begin + _CHUNK)
        mean[part], spread[part] = _predict(
            points[part].astype(np.float32),
            confidence[part].astype(np.float32),
        )
    return mean, spread


def _predict(points: Singles, confidence: Singles) -> tuple[Singles, Singles]:
    count = len(points)
    both = np.concatenate([points, points[:, _FLIP] * _MIRROR])
    weights = np.concatenate([confidence, confidence[:, _FLIP]])
    mean, spread = np.empty_like(points), np.empty_like(points)
    for slot, target in enumerate(TARGETS):
        position, scale = _one_joint(both, weights, slot, target)
        left, right = position[:count], position[count:] * _MIRROR
        scale, right_scale = scale[:count], scale[count:]
        other = _FLIP[target]
        if other == target:
            left, scale = (left + right) / 2, (scale + right_scale) / 2
        else:
            mean[:, other], spread[:, other] = right, right_scale
        mean[:, target], spread[:, target] = left, scale
    return mean, spread


def _one_joint(
    points: Singles, weights: Singles, slot: int, target: int
) -> tuple[Singles, Singles]:
    """Position and spread of a hidden joint, each ``(M, 2)``."""
    values = _load()
    kept = weights.copy()
    kept[:, target] = 0
    total = np.maximum(kept.sum(1, keepdims=True), 1e-3)
    center = np.einsum('nkc,nk->nc', points, kept) / total
    local = (points - center[:, None]) * kept[..., None] * POSITION_SCALE
    has_center = np.ones((len(points), 1), np.float32)
    inputs = np.concatenate(
        [
            local.reshape(len(points), -1),
            kept,
            center * POSITION_SCALE,
            has_center,
        ],
        1,
    )
    hidden = np.maximum(
        inputs @ values['weight_in'] + values['bias_in'][slot], 0
    )
    for weight, bias in zip(
        values['weight_hidden'], values['bias_hidden'], strict=True
    ):
        hidden += np.maximum(hidden @ weight + bias, 0)
    output = hidden @ values['weight_out'][slot] + values['bias_out'][slot]
    spread = np.exp(np.clip(output[:, 2:], *LOG_SPREAD_RANGE))
    return center + output[:, :2] * MEAN_SCALE, spread
