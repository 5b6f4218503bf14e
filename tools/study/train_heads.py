"""Training of trust heads on extracted features."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from self_verify_pose.constants import PCK_THRESHOLD
from self_verify_pose.models.heads.trust_features import (
    TrustFeatures,
    scalar_names,
)
from self_verify_pose.models.heads.trust_head import TrustHead
from self_verify_pose.models.losses.masked import soft_target_bce
from self_verify_pose.models.options import StrongViewTarget
from self_verify_pose.models.pose_estimators.inspection import keypoint_names
from self_verify_pose.models.pose_estimators.selfverify_topdown import (
    SelfVerifyTopdown,
)
from self_verify_pose.models.trust_targets.combine import elementwise_min
from self_verify_pose.models.trust_targets.strong_augmentation import (
    agreement_trust,
)
from self_verify_pose.tools.study.extract_features import CONSISTENCY, Tensors

_BATCH = 128
_CHUNK = 1024


class FeatureLayout(NamedTuple):
    """What the packed features of a pose network consist of.

    Args:
        channels: Channels of every feature map.
        levels: Positions of those that the model's trust head reads.
        keypoints: Names of the K keypoints.
        scalar_names: Names of the S scalar features.
    """

    channels: list[int]
    levels: tuple[int, ...]
    keypoints: tuple[str, ...]
    scalar_names: tuple[str, ...]

    @classmethod
    def of_model(cls, model: SelfVerifyTopdown) -> 'FeatureLayout':
        """Read the layout off a model.

        Args:
            model: The estimator, with a trust head, in eval mode.

        Returns:
            The layout of its features of all feature maps.
        """
        head = model.trust_head
        assert head is not None
        device = next(model.parameters()).device
        width, height = model.reader.input_size
        with torch.no_grad():
            maps = model.pose_output(
                torch.zeros(1, 3, height, width, device=device),
                torch.ones(1, device=device),
            ).features
        return cls(
            [level.shape[1] for level in maps],
            tuple(level % len(maps) for level in head.levels),
            keypoint_names(model.metainfo, model.head),
            scalar_names(model.reader.distribution.statistic_names),
        )

    def unpack(self, rows: Tensor) -> TrustFeatures:
        """Unpack features of all feature maps.

        Args:
            rows: ``(M, D)`` packed features.

        Returns:
            The features of M views.
        """
        return TrustFeatures.unpacked(
            rows,
            sum(self.channels),
            len(self.keypoints),
            len(self.scalar_names),
        )

    def columns(self, names: Sequence[str]) -> list[int]:
        """Return the places of scalar features.

        Args:
            names: Their names.

        Returns:
            Their columns.
        """
        return [self.scalar_names.index(name) for name in names]


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
        changes: Arguments of :class:`TrustHead` that differ from those of
            the model's own.
        hidden: Names of the scalar features that are set to zero.
    """

    make_targets: Callable[[Tensors], TrainingTargets]
    labels: bool
    changes: dict[str, Any] = dataclasses.field(default_factory=dict)
    hidden: tuple[str, ...] = ()

    def build(
        self, layout: FeatureLayout, options: Mapping[str, Any] | None = None
    ) -> TrustHead:
        """Build the head with random weights.

        Args:
            layout: Features of the pose network.
            options: Arguments of the model's own trust head that are not
                taken from the pose network.

        Returns:
            The head.
        """
        return TrustHead(
            [layout.channels[level] for level in self._levels(layout)],
            len(layout.keypoints),
            len(layout.scalar_names),
            **{'levels': layout.levels, **(options or {}), **self.changes},
        )

    def select(self, rows: Tensor, layout: FeatureLayout) -> Tensor:
        """Reduce packed features of all levels to those of the head.

        Args:
            rows: ``(M, D)`` packed features.
            layout: Features of the pose network.

        Returns:
            ``(M, D')`` packed features.
        """
        features = layout.unpack(rows)
        levels = features.joint_features.split(layout.channels, -1)
        chosen = [levels[level] for level in self._levels(layout)]
        empty = features.joint_features[..., :0]
        scalars = features.scalar_features.clone()
        scalars[..., layout.columns(self.hidden)] = 0
        return TrustFeatures(torch.cat([empty, *chosen], -1), scalars).packed()

    def _levels(self, layout: FeatureLayout) -> Sequence[int]:
        levels: Sequence[int] = self.changes.get('levels', layout.levels)
        return levels


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
