"""Trust heads that differ in what they read and learn."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from self_verify_pose.models.heads.trust_features import (
    TrustFeatures,
    coarsest,
    scalar_names,
)
from self_verify_pose.models.heads.trust_head import TrustHead
from self_verify_pose.models.pose_estimators.inspection import keypoint_names
from self_verify_pose.models.pose_estimators.selfverify_topdown import (
    SelfVerifyTopdown,
)
from self_verify_pose.models.trust_targets.base import LARGEST_WITHOUT_LABELS
from self_verify_pose.tools.study.extraction import Tensors
from self_verify_pose.tools.study.training_targets import TrainingTargets


class FeatureLayout(NamedTuple):
    """What the packed features of a pose network consist of.

    Args:
        channels: Channels of every feature map.
        levels: Positions of those that the model's trust head reads.
        keypoints: Names of the K keypoints.
        scalar_names: Names of the S scalar features.
        coarsest: Position of the feature map with the fewest cells.
    """

    channels: list[int]
    levels: tuple[int, ...]
    keypoints: tuple[str, ...]
    scalar_names: tuple[str, ...]
    coarsest: int

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
            coarsest(maps),
        )

    def domain_features(self, rows: Tensor) -> Tensor:
        """Read what tells the data set of a person, as the trust head does.

        Args:
            rows: ``(M, D)`` packed features.

        Returns:
            ``(M, C)`` features of the coarsest map, the mean over the
            keypoints.
        """
        features, _ = self.unpack(rows)
        levels = features.joint_features.split(self.channels, -1)
        return levels[self.coarsest].mean(1)

    def unpack(self, rows: Tensor) -> tuple[TrustFeatures, Tensor]:
        """Unpack features of all feature maps.

        Args:
            rows: ``(M, D)`` packed features.

        Returns:
            The features of M views, and the ``(M, K)`` free scores.
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


@dataclasses.dataclass(frozen=True)
class HeadVariant:
    """A trust head of the comparison.

    Args:
        make_targets: Makes the targets of extracted features.
        labels: Whether the targets need annotated keypoints.
        changes: Arguments of :class:`TrustHead` that differ from those of
            the model's own.
        hidden: Names of the scalar features that are set to zero.
        largest: Largest share of its residual that agreement of views may
            keep.
    """

    make_targets: Callable[[Tensors], TrainingTargets]
    labels: bool
    changes: dict[str, Any] = dataclasses.field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    largest: float = LARGEST_WITHOUT_LABELS

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
        features, free_scores = layout.unpack(rows)
        levels = features.joint_features.split(layout.channels, -1)
        chosen = [levels[level] for level in self._levels(layout)]
        empty = features.joint_features[..., :0]
        scalars = features.scalar_features.clone()
        scalars[..., layout.columns(self.hidden)] = 0
        joints = torch.cat([empty, *chosen], -1)
        return TrustFeatures(joints, scalars).packed(free_scores)

    def _levels(self, layout: FeatureLayout) -> Sequence[int]:
        levels: Sequence[int] = self.changes.get('levels', layout.levels)
        return levels
