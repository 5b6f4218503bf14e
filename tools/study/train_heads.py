"""Train trust heads on what the pose network was seen to say."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from self_verify_pose.constants import PCK_THRESHOLD
from self_verify_pose.models.heads.trust_features import TrustFeatures
from self_verify_pose.models.heads.trust_head import DEFAULT_LEVELS, TrustHead
from self_verify_pose.models.losses.masked import soft_target_bce
from self_verify_pose.models.options import StrongViewTarget
from self_verify_pose.models.pose_estimators.pseudo_trust import (
    TrustTarget,
    elementwise_min,
    hard_view_trust,
)
from self_verify_pose.tools.study.extract_features import CONSISTENCY, Tensors

_BATCH = 128
_CHUNK = 1024


class TrainingTargets(NamedTuple):
    """What a head is taught.

    Args:
        evidence: ``(M, D)`` packed evidence.
        targets: ``(M, K)`` trust in [0, 1].
        mask: ``(M, K)`` bool, where there is a target.
    """

    evidence: Tensor
    targets: Tensor
    mask: Tensor


def _views(
    found: Tensors,
    targets: Tensor,
    mask: Tensor,
    first: int,
    last: int | None,
) -> TrainingTargets:
    """TrainingTargets on some of the views."""
    chosen = slice(first, last)
    parts = (found['evidence'], targets, mask)
    return TrainingTargets(*(part[:, chosen].flatten(0, 1) for part in parts))


def _on_upright(found: Tensors, pseudo: TrustTarget) -> TrainingTargets:
    return TrainingTargets(found['evidence'][:, 0], *pseudo)


def _rotation(found: Tensors) -> TrustTarget:
    return TrustTarget(found['rotation'], found['rotation_inside'])


def _solvability(found: Tensors) -> TrustTarget:
    trust = found['free_trust']
    return TrustTarget(trust.nan_to_num(0), trust.isfinite())


def on_rotation(found: Tensors) -> TrainingTargets:
    """Does the upright prediction turn with the image?"""
    return _on_upright(found, _rotation(found))


def on_solvability(found: Tensors) -> TrainingTargets:
    """Does a body explain the upright prediction?"""
    return _on_upright(found, _solvability(found))


def on_unified(found: Tensors) -> TrainingTargets:
    """The smaller of rotation and solvability."""
    pseudo = elementwise_min(_rotation(found), _solvability(found))
    return _on_upright(found, pseudo)


def on_hard_views(found: Tensors, target: StrongViewTarget) -> TrainingTargets:
    """What a hard view does to the prediction, judged in that view."""
    return _views(found, _agreement(found, target), found['inside'], 1, None)


def _agreement(found: Tensors, target: StrongViewTarget) -> Tensor:
    return hard_view_trust(
        found['distance'],
        found['expected'],
        target,
        CONSISTENCY.alpha,
        PCK_THRESHOLD,
    )


def on_annotation(found: Tensors) -> TrainingTargets:
    """Whether the joint is right, in all views."""
    return _views(found, found['right'].float(), found['known'], 0, None)


def on_easy_annotation(found: Tensors) -> TrainingTargets:
    """Whether the joint is right, in the upright view only."""
    return _views(found, found['right'].float(), found['known'], 0, 1)


def on_mixture(found: Tensors) -> TrainingTargets:
    """Whether the joint is right where a label says; else the hard view."""
    known = found['known']
    soft = _agreement(found, 'self_estimate')
    targets = torch.where(known, found['right'].float(), soft)
    hard = torch.zeros_like(known)
    hard[:, 1:] = True
    return _views(found, targets, known | (found['inside'] & hard), 0, None)


@dataclasses.dataclass(frozen=True)
class HeadVariant:
    """A trust head of the comparison.

    Args:
        teach: What it is taught.
        labels: Whether that needs labels of the joints.
        changes: Arguments of :class:`TrustHead` that differ from the
            defaults.
        hide: Columns of the numbers that it does not see.
    """

    teach: Callable[[Tensors], TrainingTargets]
    labels: bool
    changes: dict = dataclasses.field(default_factory=dict)
    hide: tuple[int, ...] = ()


def build_head(
    channels: list[int], joints: int, row: HeadVariant
) -> TrustHead:
    """Build the head of a row."""
    levels = row.changes.get('levels', DEFAULT_LEVELS)
    in_channels = [channels[level] for level in levels]
    return TrustHead(in_channels, joints, **row.changes)


def shown(
    evidence: Tensor, channels: list[int], joints: int, row: HeadVariant
) -> Tensor:
    """Return the packed evidence that the head of a row sees."""
    full = TrustFeatures.unpacked(evidence, sum(channels), joints)
    levels = row.changes.get('levels', DEFAULT_LEVELS)
    parts = full.local.split(channels, -1)
    local = torch.cat(
        [full.local[..., :0], *(parts[level] for level in levels)], -1
    )
    numbers = full.numbers.clone()
    numbers[..., list(row.hide)] = 0
    return TrustFeatures(local, numbers).packed()


def train_head(
    head: TrustHead,
    lessons: TrainingTargets,
    view: Callable[[Tensor], Tensor],
    epochs: int,
    seed: int,
    lr: float = 1e-3,
) -> TrustHead:
    """Train a head.

    Args:
        head: The head.
        lessons: What it is taught.
        view: What of the evidence it sees.
        epochs: Epochs.
        seed: Of weights and order.
        lr: Largest learning rate.

    Returns:
        The head, in eval mode.
    """
    torch.manual_seed(seed)
    optimizer = torch.optim.AdamW(head.parameters(), lr, weight_decay=0.05)
    steps = epochs * max(1, len(lessons.targets) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, total_steps=steps, pct_start=0.1
    )
    head.train()
    order = np.random.default_rng(seed)
    done = 0
    while done < steps:
        permutation = torch.from_numpy(order.permutation(len(lessons.targets)))
        for rows in permutation.split(_BATCH)[: steps - done]:
            if len(rows) < min(_BATCH, len(permutation)):
                continue
            logits = head.judge_packed(view(lessons.evidence[rows]))
            loss = soft_target_bce(
                logits, lessons.targets[rows], lessons.mask[rows]
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            done += 1
    return head.eval()


@torch.no_grad()
def predict(
    head: TrustHead, evidence: Tensor, view: Callable[[Tensor], Tensor]
) -> np.ndarray:
    """Return ``(N, K)`` trust of packed evidence."""
    parts = [
        head.calibration(head.judge_packed(view(rows)).sigmoid())
        for rows in evidence.split(_CHUNK)
    ]
    return torch.cat(parts).double().numpy()
