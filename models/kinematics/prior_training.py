"""Training of the masked-joint network behind ``PosePrior``.

The targets are labeled joints; the inputs are the other joints with some of
them hidden, displaced or swapped. A displaced joint comes with a belief drawn
so that low belief means often wrong, which teaches the network to read the
weights as confidences.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...skeleton import FLIP
from .pose_prior import INPUTS, TARGETS, features, mirror, network


def prepare_poses(
    keypoints: NDArray[np.int16], bbox: NDArray[np.float32]
) -> tuple[Tensor, Tensor]:
    """Poses relative to their person box.

    Args:
        keypoints: (N, 17, 3) pixels and visibility.
        bbox: (N, 4) x, y, width, height in pixels.

    Returns:
        Points (N, 17, 2) in units of the longer box side from the box center,
        0 where unlabeled, and labels (N, 17). Persons with fewer than five
        labeled joints or a box below 16 pixels are left out.
    """
    size = bbox[:, 2:].max(1)
    center = bbox[:, :2] + bbox[:, 2:] / 2
    labeled = keypoints[..., 2] > 0
    points = (keypoints[..., :2] - center[:, None]) / size[:, None, None]
    points = np.where(labeled[..., None], points, 0.0)
    use = (labeled.sum(1) >= 5) & (size > 16)
    use &= np.abs(points).max((1, 2)) < 0.6
    return (
        torch.from_numpy(points[use].astype(np.float32)),
        torch.from_numpy(labeled[use]),
    )


def _uniform(*shape: int) -> Tensor:
    return torch.rand(*shape)


def _box(points: Tensor, labeled: Tensor) -> tuple[Tensor, Tensor]:
    """Corners (B, 1, 2) of the box around labeled joints."""
    gone = ~labeled[..., None]
    low = points.masked_fill(gone, math.inf).amin(1, keepdim=True)
    high = points.masked_fill(gone, -math.inf).amax(1, keepdim=True)
    return low, high


def _augment(points: Tensor, labeled: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mirror, rotate and rescale; returns points, labels, center known."""
    count = len(points)
    turn = _uniform(count) < 0.5
    points = torch.where(turn[:, None, None], mirror(points), points)
    labeled = torch.where(turn[:, None], labeled[:, FLIP], labeled)
    known = (_uniform(count) < 0.65).to(points)
    angle = torch.randn(count) * 0.15 * (1 - known)
    cos, sin = angle.cos(), angle.sin()
    rotation = torch.stack((cos, -sin, sin, cos), 1).view(-1, 2, 2)
    points = points @ rotation.mT
    low, high = _box(points, labeled)
    longer = (high - low).amax((1, 2)).clamp(min=0.15)
    own_box = (known == 0) & (_uniform(count) < 0.5)
    factor = (torch.randn(count) * 0.05).exp()
    factor = torch.where(own_box, 1 / longer, factor)
    return points * factor[:, None, None], labeled, known


def _corrupt(points: Tensor, labeled: Tensor) -> tuple[Tensor, Tensor]:
    """Displace some joints, hide others; returns points and belief."""
    count = len(points)
    low, high = _box(points, labeled)
    low, extent = low - 0.1, high - low + 0.2
    belief = labeled.to(points)
    noisy = points + torch.randn_like(points) * _uniform(count, 1, 1) * 0.02
    belief = belief * (_uniform(count, 17) > 0.5 * _uniform(count, 1))
    anywhere = low + extent * _uniform(count, 17, 2)
    jump = points + 0.2 * torch.randn_like(points)
    wrong = torch.where(_uniform(count, 17, 1) < 0.5, jump, points[:, FLIP])
    wrong = torch.where(_uniform(count, 17, 1) < 0.3, anywhere, wrong)
    right = points + 0.02 * torch.randn_like(points)
    drawn = _uniform(count, 17)
    new = torch.where((_uniform(count, 17) < drawn)[..., None], right, wrong)
    hit = (_uniform(count, 17) < 0.4 * _uniform(count, 1)) & (belief > 0)
    filled = (_uniform(count, 17) < 0.5 * _uniform(count, 1)) & ~labeled
    noisy = torch.where(hit[..., None], new, noisy)
    noisy = torch.where(filled[..., None], anywhere, noisy)
    belief = torch.where(hit, drawn, belief)
    return noisy, torch.where(filled, 0.5 * drawn, belief)


def _initial(width: int, depth: int) -> dict[str, Tensor]:
    """Kaiming-initialized weights."""

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape) * math.sqrt(2 / shape[-2])

    values = {
        'weight_in': draw(INPUTS, width),
        'bias_in': torch.randn(len(TARGETS), width) * 0.5,
        'weight_hidden': draw(depth, width, width) * 0.5,
        'bias_hidden': torch.zeros(depth, width),
        'weight_out': draw(len(TARGETS), width, 4) * 0.1,
        'bias_out': torch.zeros(len(TARGETS), 4),
    }
    return {name: value.requires_grad_() for name, value in values.items()}


def _loss(
    values: dict[str, Tensor], points: Tensor, labeled: Tensor
) -> Tensor:
    """Negative log-likelihood of every hidden joint, with linear tails."""
    clean, labeled, known = _augment(points, labeled)
    noisy, belief = _corrupt(clean, labeled)
    total, count = clean.new_zeros(()), 0
    for slot, target in enumerate(TARGETS):
        rows = labeled[:, target].nonzero().squeeze(1)
        rows = rows[torch.rand(len(rows)) < 0.35]
        inputs, center = features(
            noisy[rows], belief[rows], target, known[rows]
        )
        offset, log_spread = network(values, inputs, slot)
        error = clean[rows, target] - center - offset
        error = (error / log_spread.exp()).abs()
        tail = torch.where(error < 5, 0.5 * error**2, 5 * error - 12.5)
        total = total + (tail + log_spread).sum()
        count += 2 * len(rows)
    return total / count


def train_prior(
    points: Tensor,
    labeled: Tensor,
    steps: int,
    width: int = 256,
    depth: int = 2,
    batch: int = 1024,
    rate: float = 2e-3,
    report: Callable[[int, float], None] | None = None,
) -> dict[str, NDArray[np.float16]]:
    """Fit the network.

    Args:
        points: Poses (N, 17, 2) from ``prepare_poses``.
        labeled: Labels (N, 17).
        steps: Number of optimizer steps (AdamW, cosine schedule).
        width: Hidden width H.
        depth: Hidden residual layers.
        batch: Persons per step.
        rate: Peak learning rate.
        report: Called every 500 steps with the step and the mean loss.

    Returns:
        Half-precision weights under the names that ``PosePrior`` reads.
    """
    values = _initial(width, depth)
    optimizer = torch.optim.AdamW(values.values(), rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, steps, rate * 0.005
    )
    mean = 0.0
    for step in range(1, steps + 1):
        rows = torch.randint(0, len(points), (batch,))
        loss = _loss(values, points[rows], labeled[rows])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(values.values(), 1.0)
        optimizer.step()
        schedule.step()
        mean += (loss.item() - mean) / min(step, 200)
        if report and step % 500 == 0:
            report(step, mean)
    return {
        name: value.detach().numpy().astype(np.float16)
        for name, value in values.items()
    }
