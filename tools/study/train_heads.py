"""Training of trust heads on extracted features."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from self_verify_pose.constants import PCK_THRESHOLD
from self_verify_pose.models.distributions.simcc import SimCCDistribution
from self_verify_pose.models.heads.trust_features import (
    TrustFeatures,
    scalar_names,
)
from self_verify_pose.models.heads.trust_head import TrustHead
from self_verify_pose.models.losses.masked import soft_target_bce
from self_verify_pose.models.options import StrongViewTarget
from self_verify_pose.models.trust_targets.combine import elementwise_min
from self_verify_pose.models.trust_targets.strong_augmentation import (
    agreement_trust,
)
from self_verify_pose.skeleton import NUM_JOINTS
from self_verify_pose.tools.study.extract_features import CONSISTENCY, Tensors

SCALAR_NAMES = scalar_names(SimCCDistribution.statistic_names)
_BATCH = 128
_CHUNK = 1024


def unpack(rows: Tensor, channels: Sequence[int]) -> TrustFeatures:
    """Unpack features of all levels.

    Args:
        rows: ``(M, D)`` packed features.
        channels: Channels of every level.

    Returns:
        The features of M views.
    """
    return TrustFeatures.unpacked(
        rows, sum(channels), NUM_JOINTS, len(SCALAR_NAMES)
    )


class TrainingTargets(NamedTuple):
    """Features and targets that a head is trained on.

    Args:
        features: ``(M, D)`` packed features.
        targets: ``(M, K)`` trust in [0, 1].
        mask: ``(M, K)`` bool, True where there is a target.
    """

    features: Tensor
    targets: Tensor
    mask: Tensor


def _select_views(
    columns: Tensors, targets: Tensor, mask: Tensor, views: slice
) -> TrainingTargets:
    parts = (columns['features'], targets, mask)
    return TrainingTargets(*(part[:, views].flatten(0, 1) for part in parts))


def _rotation(columns: Tensors) -> tuple[Tensor, Tensor]:
    return columns['rotation'], columns['rotation_inside']


def _solvability(columns: Tensors) -> tuple[Tensor, Tensor]:
    trust = columns['free_trust']
    return trust.nan_to_num(0), trust.isfinite()


def rotation_targets(columns: Tensors) -> TrainingTargets:
    """Trust of the crop by rotation consistency.

    Args:
        columns: Result of ``extract_features``.

    Returns:
        One row per person.
    """
    return TrainingTargets(columns['features'][:, 0], *_rotation(columns))


def solvability_targets(columns: Tensors) -> TrainingTargets:
    """Trust of the crop by the free-joint teacher.

    Args:
        columns: Result of ``extract_features``.

    Returns:
        One row per person.
    """
    return TrainingTargets(columns['features'][:, 0], *_solvability(columns))


def unified_targets(columns: Tensors) -> TrainingTargets:
    """Smaller of rotation consistency and solvability.

    Args:
        columns: Result of ``extract_features``.

    Returns:
        One row per person.
    """
    smaller = elementwise_min(_rotation(columns), _solvability(columns))
    return TrainingTargets(columns['features'][:, 0], *smaller)


def strong_view_targets(
    columns: Tensors, target: StrongViewTarget
) -> TrainingTargets:
    """Agreement of the strongly augmented views with the crop.

    Args:
        columns: Result of ``extract_features``.
        target: See :func:`agreement_trust`.

    Returns:
        One row per strongly augmented view.
    """
    values = _agreement(columns, target)
    return _select_views(columns, values, columns['inside'], slice(1, None))


def _agreement(columns: Tensors, target: StrongViewTarget) -> Tensor:
    return agreement_trust(
        columns['distance'],
        columns['expected'],
        target,
        CONSISTENCY.alpha,
        PCK_THRESHOLD,
    )


def annotation_targets(columns: Tensors) -> TrainingTargets:
    """Correctness of the keypoints in all views.

    Args:
        columns: Result of ``extract_features``.

    Returns:
        One row per view.
    """
    correct = columns['correct'].float()
    return _select_views(columns, correct, columns['has_label'], slice(None))


def crop_annotation_targets(columns: Tensors) -> TrainingTargets:
    """Correctness of the keypoints in the crop alone.

    Args:
        columns: Result of ``extract_features``.

    Returns:
        One row per person.
    """
    correct = columns['correct'].float()
    return _select_views(columns, correct, columns['has_label'], slice(1))


def mixed_targets(columns: Tensors) -> TrainingTargets:
    """Correctness where there is a label, else agreement.

    Args:
        columns: Result of ``extract_features``.

    Returns:
        One row per view.
    """
    has_label = columns['has_label']
    soft = _agreement(columns, 'self_estimate')
    targets = torch.where(has_label, columns['correct'].float(), soft)
    strong = torch.zeros_like(has_label)
    strong[:, 1:] = True
    mask = has_label | (columns['inside'] & strong)
    return _select_views(columns, targets, mask, slice(None))


@dataclasses.dataclass(frozen=True)
class HeadVariant:
    """A trust head of the comparison.

    Args:
        make_targets: Makes the targets of extracted features.
        labels: Whether the targets need annotated keypoints.
        changes: Arguments of :class:`TrustHead` that differ from the
            defaults.
        hidden: Names of the scalar features that are set to zero.
    """

    make_targets: Callable[[Tensors], TrainingTargets]
    labels: bool
    changes: dict[str, Any] = dataclasses.field(default_factory=dict)
    hidden: tuple[str, ...] = ()

    @property
    def levels(self) -> Sequence[int]:
        """Levels of the feature maps that the head reads."""
        return self.changes.get('levels', (0, 1))

    def build(self, channels: Sequence[int]) -> TrustHead:
        """Build the head with random weights.

        Args:
            channels: Channels of every level.

        Returns:
            The head.
        """
        in_channels = [channels[level] for level in self.levels]
        return TrustHead(
            in_channels, NUM_JOINTS, len(SCALAR_NAMES), **self.changes
        )

    def select(self, rows: Tensor, channels: Sequence[int]) -> Tensor:
        """Reduce packed features of all levels to those of the head.

        Args:
            rows: ``(M, D)`` packed features.
            channels: Channels of every level.

        Returns:
            ``(M, D')`` packed features.
        """
        features = unpack(rows, channels)
        levels = features.joint_features.split(list(channels), -1)
        chosen = [levels[level] for level in self.levels]
        empty = features.joint_features[..., :0]
        scalars = features.scalar_features.clone()
        scalars[..., [SCALAR_NAMES.index(name) for name in self.hidden]] = 0
        return TrustFeatures(torch.cat([empty, *chosen], -1), scalars).packed()


def train_head(
    head: TrustHead,
    data: TrainingTargets,
    select: Callable[[Tensor], Tensor],
    epochs: int,
    seed: int,
    lr: float = 1e-3,
) -> TrustHead:
    """Train a head.

    Args:
        head: The head.
        data: Features and targets.
        select: Reduces packed features to those of the head.
        epochs: Number of epochs.
        seed: Seed of dropout and order.
        lr: Largest learning rate.

    Returns:
        The head, in eval mode.
    """
    torch.manual_seed(seed)
    optimizer = torch.optim.AdamW(head.parameters(), lr, weight_decay=0.05)
    steps = epochs * max(1, len(data.targets) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, total_steps=steps, pct_start=0.1
    )
    head.train()
    order = np.random.default_rng(seed)
    done = 0
    while done < steps:
        permutation = torch.from_numpy(order.permutation(len(data.targets)))
        for rows in permutation.split(_BATCH)[: steps - done]:
            if len(rows) < min(_BATCH, len(permutation)):
                continue
            logits = head.forward_packed(select(data.features[rows]))
            loss = soft_target_bce(logits, data.targets[rows], data.mask[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            done += 1
    return head.eval()


@torch.no_grad()
def predict(
    head: TrustHead, rows: Tensor, select: Callable[[Tensor], Tensor]
) -> NDArray[np.float64]:
    """Predict the trust of packed features.

    Args:
        head: A trained head.
        rows: ``(N, D)`` packed features.
        select: Reduces packed features to those of the head.

    Returns:
        ``(N, K)`` calibrated trust.
    """
    parts = [
        head.calibration(head.forward_packed(select(part)).sigmoid())
        for part in rows.split(_CHUNK)
    ]
    return torch.cat(parts).double().numpy()
