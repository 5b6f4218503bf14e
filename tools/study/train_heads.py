"""Training of trust heads on extracted features."""

import copy
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from self_verify_pose.engine.trust_selection import Kept
from self_verify_pose.models.heads.trust_head import TrustHead
from self_verify_pose.models.losses.masked import soft_target_bce
from self_verify_pose.tools.study.head_variants import FeatureLayout
from self_verify_pose.tools.study.held_out import HeldOut
from self_verify_pose.tools.study.training_targets import TrainingTargets

_BATCH = 128
_CHUNK = 1024
_FEWEST_STEPS = 20  # of a schedule; that of 10 would divide by zero

Select = Callable[[Tensor], Tensor]


def train_head(
    head: TrustHead,
    sets: Sequence[TrainingTargets],
    held_out: HeldOut,
    select: Select,
    epochs: int,
    lr: float = 1e-3,
) -> tuple[TrustHead, Kept]:
    """Train a head as the estimator does, with ``TrustSelectionHook``.

    The sets are mixed by their sizes. The head of the best epoch is taken, by
    the held-out persons, which it is not trained on; the share of its
    residual that they choose is that of its predictions.

    Args:
        head: The head.
        sets: Features and targets of each set.
        held_out: The held-out persons; their seed is that of the training.
        select: Reduces packed features to those of the head.
        epochs: Number of epochs.
        lr: Largest learning rate.

    Returns:
        The head, in eval mode, and what is kept of it.
    """
    torch.manual_seed(held_out.seed)
    order = np.random.default_rng(held_out.seed)
    held_out.anchor(head)
    optimizer = torch.optim.AdamW(head.parameters(), lr, weight_decay=0.05)
    rows = [
        _rows_to_train(data, persons)
        for data, persons in zip(sets, held_out.persons, strict=True)
    ]
    steps = epochs * _num_batches(sum(map(len, rows)))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, total_steps=max(steps, _FEWEST_STEPS), pct_start=0.1
    )
    best, best_state = Kept((0.0,), -np.inf, 0.0), head.state_dict()
    for _ in range(epochs):
        head.train()
        for batch in _mixed_batches(sets, rows, order):
            logits = head.forward_packed(select(batch.features))
            loss = soft_target_bce(logits, batch.targets, batch.mask)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        kept = held_out.decide(head.eval(), select)
        if kept.gain >= best.gain:
            best, best_state = kept, copy.deepcopy(head.state_dict())
    head.load_state_dict(best_state)
    return head, best


def _rows_to_train(
    data: TrainingTargets, held: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Rows of the persons that are not held out; views follow each other."""
    views = len(data.targets) // len(held)
    return np.flatnonzero(np.repeat(~held, views))


def _num_batches(count: int) -> int:
    return max(1, count // _BATCH)


def _mixed_batches(
    sets: Sequence[TrainingTargets],
    rows: Sequence[NDArray[np.int64]],
    order: np.random.Generator,
) -> Iterator[TrainingTargets]:
    """Batches of an epoch, of all sets in random order."""
    drawn = [
        np.column_stack([np.full(len(own), index), own])
        for index, own in enumerate(rows)
    ]
    total = sum(map(len, rows))
    mixed = order.permutation(np.concatenate(drawn))
    for batch in np.array_split(mixed, _num_batches(total)):
        parts = []
        for index, data in enumerate(sets):
            chosen = torch.from_numpy(batch[batch[:, 0] == index, 1])
            parts.append([values[chosen] for values in data])
        yield TrainingTargets(*map(torch.cat, zip(*parts, strict=True)))


@torch.no_grad()
def predict(
    head: TrustHead,
    rows: Tensor,
    select: Select,
    layout: FeatureLayout,
    verified: Tensor | None = None,
) -> NDArray[np.float64]:
    """Predict the trust of packed features.

    Args:
        head: A trained head, in eval mode.
        rows: ``(N, D)`` packed features.
        select: Reduces packed features to those of the head.
        layout: What the packed features consist of.
        verified: ``(N, K)`` what other views say of the keypoints.

    Returns:
        ``(N, K)`` trust, before calibration.
    """
    parts = []
    for chunk in torch.arange(len(rows)).split(_CHUNK):
        part = rows[chunk]
        logits = head.forward_packed(
            select(part),
            layout.domain_features(part),
            None if verified is None else verified[chunk],
        )
        parts.append(logits.sigmoid())
    return torch.cat(parts).double().numpy()
