"""Training of the pose prior, for ``tools/fit_pose_prior.py``.

The targets are labeled joints; the inputs are the other joints with some of
them hidden, displaced or swapped. The confidence of a displaced joint is
sampled so that it is the probability of the joint being correct, which
teaches the network to read its weights as confidences.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from self_verify_pose.models.kinematics.pose_prior import (
    NUM_INPUTS,
    features,
    mirror,
    network,
)
from self_verify_pose.models.kinematics.prior_weights import TARGETS
from self_verify_pose.skeleton import FLIP, NUM_JOINTS

# Persons with fewer labeled joints or a smaller box (pixels) are left out.
MIN_LABELED, MIN_SIZE = 5, 16
# Share of hidden joints that a training step predicts.
TARGET_SHARE = 0.35
# Hidden residual layers and peak learning rate.
DEPTH, LEARNING_RATE = 2, 2e-3


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
        labeled joints, a box of at most 16 pixels or a joint far outside the
        box are left out.
    """
    size = bbox[:, 2:].max(1)
    center = bbox[:, :2] + bbox[:, 2:] / 2
    labeled = keypoints[..., 2] > 0
    points = (keypoints[..., :2] - center[:, None]) / size[:, None, None]
    points = np.where(labeled[..., None], points, 0.0)
    use = (labeled.sum(1) >= MIN_LABELED) & (size > MIN_SIZE)
    use &= np.abs(points).max((1, 2)) < 0.6
    return (
        torch.from_numpy(points[use].astype(np.float32)),
        torch.from_numpy(labeled[use]),
    )


def train_prior(
    points: Tensor,
    labeled: Tensor,
    steps: int,
    report: Callable[[int, float], None],
    width: int = 256,
    batch: int = 1024,
) -> dict[str, NDArray[np.float16]]:
    """Fit the network with AdamW and a cosine schedule.

    Args:
        points: Poses (N, 17, 2) from ``prepare_poses``.
        labeled: Labels (N, 17).
        steps: Number of optimizer steps.
        report: Called every 500 steps with the step and the mean loss.
        width: Hidden width H.
        batch: Persons per step.

    Returns:
        Half-precision weights under the names that ``PosePrior`` reads.
    """
    values = _initial_weights(width)
    optimizer = torch.optim.AdamW(
        values.values(), LEARNING_RATE, weight_decay=1e-4
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, steps, LEARNING_RATE * 0.005
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
        if step % 500 == 0:
            report(step, mean)
    return {
        name: value.detach().numpy().astype(np.float16)
        for name, value in values.items()
    }


def _box(points: Tensor, labeled: Tensor) -> tuple[Tensor, Tensor]:
    """Corners (B, 1, 2) of the box around labeled joints."""
    hidden = ~labeled[..., None]
    low = points.masked_fill(hidden, math.inf).amin(1, keepdim=True)
    high = points.masked_fill(hidden, -math.inf).amax(1, keepdim=True)
    return low, high


def _augment(points: Tensor, labeled: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mirror, rotate and rescale; returns points, labels, has center."""
    count = len(points)
    flip = torch.rand(count) < 0.5
    points = torch.where(flip[:, None, None], mirror(points), points)
    labeled = torch.where(flip[:, None], labeled[:, FLIP], labeled)
    has_center = (torch.rand(count) < 0.65).to(points)
    angle = torch.randn(count) * 0.15 * (1 - has_center)
    cos, sin = angle.cos(), angle.sin()
    rotation = torch.stack((cos, -sin, sin, cos), 1).view(-1, 2, 2)
    points = points @ rotation.mT
    low, high = _box(points, labeled)
    longer = (high - low).amax((1, 2)).clamp(min=0.15)
    own_box = (has_center == 0) & (torch.rand(count) < 0.5)
    factor = (torch.randn(count) * 0.05).exp()
    factor = torch.where(own_box, 1 / longer, factor)
    return points * factor[:, None, None], labeled, has_center


def _corrupt(points: Tensor, labeled: Tensor) -> tuple[Tensor, Tensor]:
    """Displace some joints, hide others; returns points and confidence."""
    count = len(points)
    low, high = _box(points, labeled)
    low, extent = low - 0.1, high - low + 0.2
    confidence = labeled.to(points)
    noisy = points + torch.randn_like(points) * torch.rand(count, 1, 1) * 0.02
    confidence = confidence * (
        torch.rand(count, NUM_JOINTS) > 0.5 * torch.rand(count, 1)
    )
    random_point = low + extent * torch.rand(count, NUM_JOINTS, 2)
    jump = points + 0.2 * torch.randn_like(points)
    wrong = torch.where(
        torch.rand(count, NUM_JOINTS, 1) < 0.5, jump, points[:, FLIP]
    )
    wrong = torch.where(
        torch.rand(count, NUM_JOINTS, 1) < 0.3, random_point, wrong
    )
    correct = points + 0.02 * torch.randn_like(points)
    sampled = torch.rand(count, NUM_JOINTS)
    new = torch.where(
        (torch.rand(count, NUM_JOINTS) < sampled)[..., None], correct, wrong
    )
    displaced = (
        torch.rand(count, NUM_JOINTS) < 0.4 * torch.rand(count, 1)
    ) & (confidence > 0)
    filled = (
        torch.rand(count, NUM_JOINTS) < 0.5 * torch.rand(count, 1)
    ) & ~labeled
    noisy = torch.where(displaced[..., None], new, noisy)
    noisy = torch.where(filled[..., None], random_point, noisy)
    confidence = torch.where(displaced, sampled, confidence)
    return noisy, torch.where(filled, 0.5 * sampled, confidence)


def _initial_weights(width: int) -> dict[str, Tensor]:
    """Kaiming-initialized weights."""

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape) * math.sqrt(2 / shape[-2])

    values = {
        'weight_in': draw(NUM_INPUTS, width),
        'bias_in': torch.randn(len(TARGETS), width) * 0.5,
        'weight_hidden': draw(DEPTH, width, width) * 0.5,
        'bias_hidden': torch.zeros(DEPTH, width),
        'weight_out': draw(len(TARGETS), width, 4) * 0.1,
        'bias_out': torch.zeros(len(TARGETS), 4),
    }
    return {name: value.requires_grad_() for name, value in values.items()}


def _loss(
    values: dict[str, Tensor], points: Tensor, labeled: Tensor
) -> Tensor:
    """Negative log-likelihood of every hidden joint, with linear tails."""
    clean, labeled, has_center = _augment(points, labeled)
    noisy, confidence = _corrupt(clean, labeled)
    total, count = clean.new_zeros(()), 0
    for slot, target in enumerate(TARGETS):
        rows = labeled[:, target].nonzero().squeeze(1)
        rows = rows[torch.rand(len(rows)) < TARGET_SHARE]
        inputs, center = features(
            noisy[rows], confidence[rows], target, has_center[rows]
        )
        offset, log_spread = network(values, inputs, slot)
        error = clean[rows, target] - center - offset
        error = (error / log_spread.exp()).abs()
        tail = torch.where(error < 5, 0.5 * error**2, 5 * error - 12.5)
        total = total + (tail + log_spread).sum()
        count += 2 * len(rows)
    return total / count
