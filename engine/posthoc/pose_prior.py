"""The pose prior of ``models.kinematics``, evaluated with numpy."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ...models.kinematics.body import DATA_ROOT
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
_SMALL = 'pose_prior_small.npz'
_CHUNK = 128  # persons, whose layers the caches of a core hold

Singles = NDArray[np.float32]


@cache
def _load() -> dict[str, Singles]:
    """Weights, those of the inputs for x of all joints before y.

    The scale of the inputs, and that the center is that of a box, are in
    them.
    """
    values = read_prior_weights(DATA_ROOT / _SMALL)
    weight, ends = values['weight_in'], (2 * len(_FLIP), 3 * len(_FLIP))
    values['bias_in'] = values['bias_in'] + weight[-1]
    values['weight_in'] = np.concatenate(
        [
            weight[0 : ends[0] : 2] * POSITION_SCALE,
            weight[1 : ends[0] : 2] * POSITION_SCALE,
            weight[ends[0] : ends[1]],
            weight[ends[1] : -1] * POSITION_SCALE,
        ]
    )
    return values


def predict_joints(
    points: NDArray[np.floating], confidence: NDArray[np.floating]
) -> tuple[Singles, Singles]:
    """Predict every joint from the others, see ``PosePrior``.

    The network is narrower than that of the teachers, which takes 40 times as
    many operations.

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
    count, targets = len(points), np.array(TARGETS)
    both = np.concatenate([points, points[:, _FLIP] * _MIRROR])
    weights = np.concatenate([confidence, confidence[:, _FLIP]])
    position, scale = _hidden_joints(both, weights)
    right, right_scale = position[:, count:] * _MIRROR, scale[:, count:]
    mean, spread = np.empty_like(points), np.empty_like(points)
    # right joints are left ones of the mirrored pose
    for values, left, other in (
        (mean, position[:, :count], right),
        (spread, scale[:, :count], right_scale),
    ):
        values[:, _FLIP[targets]] = other.swapaxes(0, 1)
        alone = (_FLIP[targets] == targets)[:, None, None]
        left = np.where(alone, (left + other) / 2, left)
        values[:, targets] = left.swapaxes(0, 1)
    return mean, spread


def _hidden_joints(
    points: Singles, weights: Singles
) -> tuple[Singles, Singles]:
    """Position and spread of each target hidden, ``(9, M, 2)`` each."""
    values, slots, joints = _load(), np.arange(len(TARGETS)), len(_FLIP)
    kept = np.repeat(weights[None], len(slots), 0)
    kept[slots, :, TARGETS] = 0
    total = np.maximum(kept.sum(2), 1e-3)
    axes = np.ascontiguousarray(np.moveaxis(points, 2, 0))
    center = [np.einsum('tnk,nk->tn', kept, one) / total for one in axes]
    inputs = np.empty((*kept.shape[:2], 3 * joints + 2), np.float32)
    for axis, (of_points, middle) in enumerate(zip(axes, center, strict=True)):
        local = inputs[..., axis * joints : (axis + 1) * joints]
        np.subtract(of_points, middle[..., None], out=local)
        local *= kept
        inputs[..., 3 * joints + axis] = middle
    inputs[..., 2 * joints : 3 * joints] = kept
    hidden = _layer(inputs, values['weight_in'])
    hidden += values['bias_in'][:, None]
    np.maximum(hidden, 0, out=hidden)
    for weight, bias in zip(
        values['weight_hidden'], values['bias_hidden'], strict=True
    ):
        update = _layer(hidden, weight)
        update += bias
        np.maximum(update, 0, out=update)
        hidden += update
    output = hidden @ values['weight_out'] + values['bias_out'][:, None]
    spread = np.exp(np.clip(output[..., 2:], *LOG_SPREAD_RANGE))
    return np.stack(center, -1) + output[..., :2] * MEAN_SCALE, spread


def _layer(inputs: Singles, weight: Singles) -> Singles:
    """All targets at once: one product of matrices."""
    flat = inputs.reshape(-1, inputs.shape[-1]) @ weight
    return flat.reshape(*inputs.shape[:2], -1)
