"""Pose prior: a masked-joint network that predicts one joint from the others.

For every joint a small network reads the other sixteen and returns a mean
position and a spread per axis (a leave-one-out conditional, as in
masked-token pre-training). The weights are a data file fitted to COCO poses
by ``tools/fit_pose_prior.py``.
"""

from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

import torch
from torch import Tensor

from ...skeleton import FLIP, NUM_JOINTS
from .prior_weights import (
    LOG_SPREAD_RANGE,
    MEAN_SCALE,
    POSITION_SCALE,
    TARGETS,
    read_prior_weights,
)

# Positions and confidences of all joints, center, whether it is known.
NUM_INPUTS = 2 * NUM_JOINTS + NUM_JOINTS + 3


@cache
def _flip(device: torch.device) -> Tensor:
    """``FLIP`` on a device, cached: copying it would synchronize a GPU."""
    return torch.tensor(FLIP, device=device)


def _negate_x(points: Tensor) -> Tensor:
    """Points (…, 2) on the other side of x = 0."""
    x, y = points.unbind(-1)
    return torch.stack((-x, y), -1)


def mirror(points: Tensor) -> Tensor:
    """Mirror poses about x = 0 and swap left with right.

    Args:
        points: Poses (…, 17, 2), any unit.

    Returns:
        Mirrored poses (…, 17, 2).

    Example:
        >>> pose = torch.zeros(17, 2)
        >>> pose[9] = torch.tensor([0.4, 0.1])
        >>> mirror(pose)[10]
        tensor([-0.4000,  0.1000])
    """
    return _negate_x(points.index_select(-2, _flip(points.device)))


def features(
    points: Tensor, confidence: Tensor, target: int, has_center: Tensor
) -> tuple[Tensor, Tensor]:
    """Compute the inputs of the network for one hidden joint.

    Args:
        points: Poses (B, 17, 2) in units of person size; the origin is the
            center of the person box where ``has_center`` is 1.
        confidence: Confidence in each joint (B, 17) in [0, 1].
        target: Index of the joint that is hidden.
        has_center: (B,) 1 where the origin is the center of the person box,
            else 0.

    Returns:
        The inputs (B, 54) and the weighted center (B, 2) of the other joints.

    Example:
        >>> inputs, center = features(
        ...     torch.zeros(2, 17, 2), torch.ones(2, 17), 9, torch.ones(2)
        ... )
        >>> inputs.shape, center.shape
        (torch.Size([2, 54]), torch.Size([2, 2]))
    """
    keep = torch.ones_like(confidence)
    keep[:, target] = 0
    kept = confidence * keep
    total = kept.sum(1, keepdim=True).clamp(min=1e-3)
    center = (points * kept[..., None]).sum(1) / total
    local = (points - center[:, None]) * kept[..., None] * POSITION_SCALE
    position = center * has_center[:, None] * POSITION_SCALE
    inputs = (local.flatten(1), kept, position, has_center[:, None])
    return torch.cat(inputs, 1), center


def network(
    values: Mapping[str, Tensor], inputs: Tensor, slot: int
) -> tuple[Tensor, Tensor]:
    """Evaluate the network for one of ``TARGETS``.

    Args:
        values: Weights by name, see ``PosePrior``.
        inputs: Result of ``features`` (B, 54).
        slot: Index of the hidden joint in ``TARGETS``.

    Returns:
        Offset (B, 2) from the center and log spread (B, 2), in units of size.

    Example:
        >>> weights = {
        ...     name: torch.from_numpy(values)
        ...     for name, values in read_prior_weights().items()
        ... }
        >>> inputs = torch.zeros(2, NUM_INPUTS)
        >>> offset, log_spread = network(weights, inputs, slot=0)
        >>> offset.shape, log_spread.shape
        (torch.Size([2, 2]), torch.Size([2, 2]))
    """
    bias = values['bias_in'][slot]
    hidden = torch.addmm(bias, inputs, values['weight_in']).relu()
    for layer in range(len(values['weight_hidden'])):
        bias = values['bias_hidden'][layer]
        update = torch.addmm(bias, hidden, values['weight_hidden'][layer])
        hidden = hidden + update.relu()
    output = torch.addmm(
        values['bias_out'][slot], hidden, values['weight_out'][slot]
    )
    return output[:, :2] * MEAN_SCALE, output[:, 2:].clamp(*LOG_SPREAD_RANGE)


class PosePrior:
    """Mean and spread of each joint given the others.

    Args:
        path: See :func:`read_prior_weights`.

    Raises:
        FileNotFoundError: The file does not exist.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        """Read the weights."""
        self._values = {
            name: torch.from_numpy(values)
            for name, values in read_prior_weights(path).items()
        }
        self._cast = lru_cache(maxsize=8)(self._cast_values)

    def _cast_values(
        self, dtype: torch.dtype, device: torch.device
    ) -> dict[str, Tensor]:
        """Weights in one dtype on one device."""
        return {k: v.to(device, dtype) for k, v in self._values.items()}

    @torch.no_grad()
    def __call__(
        self, points: Tensor, confidence: Tensor, has_center: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Predict every joint from the others.

        Args:
            points: Poses (B, 17, 2) in units of person size; the origin is
                the center of the person box where ``has_center`` is 1.
            confidence: Confidence in each joint (B, 17) in [0, 1]; 0 hides
                it.
            has_center: (B,) 0 or 1.

        Returns:
            Mean (B, 17, 2) and spread (B, 17, 2), one standard deviation per
            axis, in units of size. Joint j of both does not depend on joint j
            of the input.
        """
        values = self._cast(points.dtype, points.device)
        count = len(points)
        both = torch.cat((points, mirror(points)))
        swapped = confidence.index_select(1, _flip(confidence.device))
        confidence = torch.cat((confidence, swapped))
        has_center = torch.cat((has_center, has_center))
        mean = torch.empty_like(points)
        spread = torch.empty_like(points)
        for slot, target in enumerate(TARGETS):
            inputs, center = features(both, confidence, target, has_center)
            offset, log_spread = network(values, inputs, slot)
            position, scale = center + offset, log_spread.exp()
            left, right = position[:count], _negate_x(position[count:])
            scale, right_scale = scale[:count], scale[count:]
            if FLIP[target] == target:
                left, scale = (left + right) / 2, (scale + right_scale) / 2
            else:
                mean[:, FLIP[target]] = right
                spread[:, FLIP[target]] = right_scale
            mean[:, target], spread[:, target] = left, scale
        return mean, spread


@lru_cache(maxsize=1)
def load_pose_prior() -> PosePrior:
    """Read the pose prior that belongs to this package.

    Returns:
        The prior; the same object at every call.

    Example:
        >>> prior = load_pose_prior()
        >>> mean, spread = prior(
        ...     torch.zeros(1, 17, 2), torch.ones(1, 17), torch.ones(1)
        ... )
        >>> mean.shape, bool((spread > 0).all())
        (torch.Size([1, 17, 2]), True)
    """
    return PosePrior()
