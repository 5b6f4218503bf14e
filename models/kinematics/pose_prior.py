"""What the other joints say about one joint: a masked-joint network.

For every joint a small network reads the other sixteen and answers with a
mean position and a spread per axis (a leave-one-out conditional, as in
masked-token pre-training). The weights are a data file fitted to COCO poses
by ``tools/fit_pose_prior.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...skeleton import FLIP
from .body import DATA_ROOT

# The targets the network knows. A right joint is a left joint of the mirrored
# pose, so mirroring the input mirrors the answer exactly.
TARGETS = (0, 1, 3, 5, 7, 9, 11, 13, 15)
POSITION_SCALE = 3.0
MEAN_SCALE = 0.3
LOG_SPREAD_RANGE = (-5.0, 3.0)
INPUTS = 17 * 2 + 17 + 3


@lru_cache(maxsize=8)
def _flip(device: torch.device) -> Tensor:
    """``FLIP`` where it is needed: a copy makes a GPU wait."""
    return torch.tensor(FLIP, device=device)


def _negate_x(points: Tensor) -> Tensor:
    """Points (…, 2) on the other side of x = 0."""
    x, y = points.unbind(-1)
    return torch.stack((-x, y), -1)


def mirror(points: Tensor) -> Tensor:
    """Mirror poses (…, 17, 2) about x = 0 and swap left with right."""
    return _negate_x(points.index_select(-2, _flip(points.device)))


def features(
    points: Tensor, weights: Tensor, target: int, known: Tensor
) -> tuple[Tensor, Tensor]:
    """Inputs of the network for one hidden joint.

    Args:
        points: Poses (B, 17, 2) in units of person size; the origin is the
            center of the person box where that is known.
        weights: Belief in each joint (B, 17) in [0, 1].
        target: Index of the joint that is hidden.
        known: (B,) 1 where the origin is the center of the person box, else 0.

    Returns:
        The inputs (B, 54) and the weighted center (B, 2) of the other joints.
    """
    keep = torch.ones_like(weights)
    keep[:, target] = 0
    belief = weights * keep
    total = belief.sum(1, keepdim=True).clamp(min=1e-3)
    center = (points * belief[..., None]).sum(1) / total
    local = (points - center[:, None]) * belief[..., None] * POSITION_SCALE
    place = center * known[:, None] * POSITION_SCALE
    return torch.cat((local.flatten(1), belief, place, known[:, None]), 1), (
        center
    )


def network(
    values: Mapping[str, Tensor], inputs: Tensor, slot: int
) -> tuple[Tensor, Tensor]:
    """Evaluate the network for one of ``TARGETS``.

    Args:
        values: The weights, see ``PosePrior``.
        inputs: (B, 54).
        slot: Position of the hidden joint in ``TARGETS``.

    Returns:
        Offset (B, 2) from the center and log spread (B, 2), in units of size.
    """
    bias = values['bias_in'][slot]
    hidden = torch.addmm(bias, inputs, values['weight_in']).relu()
    for layer in range(len(values['weight_hidden'])):
        bias = values['bias_hidden'][layer]
        update = torch.addmm(bias, hidden, values['weight_hidden'][layer])
        hidden = hidden + update.relu()
    answer = torch.addmm(
        values['bias_out'][slot], hidden, values['weight_out'][slot]
    )
    return answer[:, :2] * MEAN_SCALE, answer[:, 2:].clamp(*LOG_SPREAD_RANGE)


class PosePrior:
    """Mean and spread of each joint given the others.

    Args:
        path: npz file with ``weight_in`` (54, H), ``bias_in`` (9, H),
            ``weight_hidden`` (L, H, H), ``bias_hidden`` (L, H),
            ``weight_out`` (9, H, 4), ``bias_out`` (9, 4).

    Raises:
        FileNotFoundError: The file does not exist.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        """Read the weights."""
        path = Path(path) if path else DATA_ROOT / 'pose_prior.npz'
        if not path.is_file():
            raise FileNotFoundError(
                f'expected the pose prior at {path}, found nothing; make it '
                'with tools/fit_pose_prior.py'
            )
        with np.load(path) as data:
            self._values = {
                name: torch.from_numpy(data[name].astype(np.float32))
                for name in data.files
                if data[name].dtype.kind == 'f'
            }
        self._cast = lru_cache(maxsize=8)(self._cast_values)

    def _cast_values(
        self, dtype: torch.dtype, device: torch.device
    ) -> dict[str, Tensor]:
        """Weights in one dtype on one device."""
        return {k: v.to(device, dtype) for k, v in self._values.items()}

    @torch.no_grad()
    def __call__(
        self, points: Tensor, weights: Tensor, known: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Predict every joint from the others.

        Args:
            points: Poses (B, 17, 2) in units of person size; where ``known``
                is 1 the origin is the center of the person box.
            weights: Belief in each joint (B, 17) in [0, 1]; 0 hides it.
            known: (B,) 0 or 1.

        Returns:
            Mean (B, 17, 2) and spread (B, 17, 2), one standard deviation per
            axis, in units of size. Joint j of both does not depend on joint j
            of the input.
        """
        values = self._cast(points.dtype, points.device)
        count = len(points)
        both = torch.cat((points, mirror(points)))
        swapped = weights.index_select(1, _flip(weights.device))
        belief = torch.cat((weights, swapped))
        known = torch.cat((known, known))
        mean = torch.empty_like(points)
        spread = torch.empty_like(points)
        for slot, target in enumerate(TARGETS):
            inputs, center = features(both, belief, target, known)
            offset, log_spread = network(values, inputs, slot)
            place, wide = center + offset, log_spread.exp()
            left, right = place[:count], _negate_x(place[count:])
            wide, wide_right = wide[:count], wide[count:]
            if FLIP[target] == target:
                left, wide = (left + right) / 2, (wide + wide_right) / 2
            else:
                mean[:, FLIP[target]] = right
                spread[:, FLIP[target]] = wide_right
            mean[:, target], spread[:, target] = left, wide
        return mean, spread
