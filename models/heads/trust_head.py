"""The head that predicts which joints are right."""

from typing import NamedTuple

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn

from ..geometry.coordinates import sample_features
from ..geometry.simcc import (
    NUM_STATISTICS,
    SimCCLogits,
    SimCCSpec,
    statistics,
)


class Evidence(NamedTuple):
    """What the trust head reads of a batch; no weights enter it.

    Args:
        local: ``(B, K, C)`` features at the joints.
        pooled: ``(B, C)`` mean of the feature map.
        numbers: ``(B, K, 12)`` statistics of the SimCC distributions, and
            the position as a share of the crop, about its centre.
    """

    local: Tensor
    pooled: Tensor
    numbers: Tensor

    @classmethod
    def collect(
        cls,
        features: Tensor,
        logits: SimCCLogits,
        keypoints: Tensor,
        spec: SimCCSpec,
    ) -> 'Evidence':
        """Read evidence from what the pose network computed.

        Args:
            features: ``(B, C, h, w)`` feature map of the crop.
            logits: SimCC logits of the joints.
            keypoints: ``(B, K, 2)`` joints to judge, pixels of the crop.
            spec: How to read the logits.

        Returns:
            The evidence.
        """
        size = keypoints.new_tensor(spec.input_size)
        return cls(
            sample_features(features, keypoints, spec.input_size),
            features.mean((2, 3)),
            torch.cat([statistics(logits, spec), keypoints / size - 0.5], -1),
        )

    def packed(self) -> Tensor:
        """Return all of it as one row per sample, ``(B, D)``."""
        return torch.cat([part.flatten(1) for part in self], 1)

    @classmethod
    def unpacked(
        cls, rows: Tensor, in_channels: int, num_keypoints: int
    ) -> 'Evidence':
        """Undo :meth:`packed`.

        Args:
            rows: ``(B, D)`` packed evidence.
            in_channels: Channels C.
            num_keypoints: Joints K.

        Returns:
            The evidence, float32.

        Raises:
            ValueError: If D is not what C and K make.
        """
        width = NUM_STATISTICS + 2
        sizes = [num_keypoints * in_channels, in_channels]
        sizes.append(num_keypoints * width)
        if rows.shape[1] != sum(sizes):
            raise ValueError(
                f'expected rows of {sum(sizes)} numbers for {num_keypoints} '
                f'joints and {in_channels} channels, found {rows.shape[1]}; '
                'make the cache with the network that is trained'
            )
        local, pooled, numbers = rows.float().split(sizes, 1)
        return cls(
            local.view(-1, num_keypoints, in_channels),
            pooled,
            numbers.view(-1, num_keypoints, width),
        )


@MODELS.register_module()
class TrustHead(BaseModule):
    """Predict one trust logit per joint from what the pose head saw.

    Each joint becomes a token: the features at its predicted position, the
    pooled features, the statistics of its two SimCC distributions and its
    position. The tokens then attend to each other, so that a joint is
    judged in the light of the whole pose.

    Args:
        in_channels: Channels of the feature map.
        num_keypoints: Number of joints K.
        embed_dims: Width of the tokens.
        num_heads: Heads of the attention; divides ``embed_dims``.
        init_cfg: Weight initialisation of mmengine. Defaults to None.
    """

    def __init__(
        self,
        in_channels: int,
        num_keypoints: int,
        embed_dims: int = 96,
        num_heads: int = 4,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.local_proj = nn.Linear(in_channels, embed_dims)
        self.global_proj = nn.Linear(in_channels, embed_dims, bias=False)
        self.statistics_norm = nn.LayerNorm(NUM_STATISTICS + 2)
        self.statistics_proj = nn.Linear(
            NUM_STATISTICS + 2, embed_dims, bias=False
        )
        self.joint_embedding = nn.Parameter(
            torch.randn(num_keypoints, embed_dims) * 0.02
        )
        self.mixer = nn.TransformerEncoderLayer(
            embed_dims,
            num_heads,
            dim_feedforward=2 * embed_dims,
            dropout=0.0,
            activation='gelu',
            batch_first=True,
            norm_first=True,
        )
        self.classifier = nn.Sequential(
            nn.LayerNorm(embed_dims), nn.Linear(embed_dims, 1)
        )

    def forward(
        self,
        features: Tensor,
        logits: SimCCLogits,
        keypoints: Tensor,
        spec: SimCCSpec,
    ) -> Tensor:
        """Judge joints.

        Args:
            features: ``(B, C, h, w)`` feature map of the crop.
            logits: SimCC logits of the joints.
            keypoints: ``(B, K, 2)`` joints to judge, pixels of the crop.
            spec: How to read the logits.

        Returns:
            ``(B, K)`` trust logits; the sigmoid of one is the probability
            that the joint is right.
        """
        return self.judge(Evidence.collect(features, logits, keypoints, spec))

    def judge(self, evidence: Evidence) -> Tensor:
        """Judge joints by what was collected about them.

        Args:
            evidence: See :class:`Evidence`.

        Returns:
            ``(B, K)`` trust logits.
        """
        numbers = self.statistics_norm(evidence.numbers)
        tokens = (
            self.local_proj(evidence.local)
            + self.global_proj(evidence.pooled).unsqueeze(1)
            + self.statistics_proj(numbers)
            + self.joint_embedding
        )
        return self.classifier(self.mixer(tokens)).squeeze(-1)

    def judge_packed(self, rows: Tensor) -> Tensor:
        """Judge joints by stored evidence.

        Args:
            rows: ``(B, D)`` packed evidence.

        Returns:
            ``(B, K)`` trust logits.
        """
        joints, _ = self.joint_embedding.shape
        channels = self.local_proj.in_features
        return self.judge(Evidence.unpacked(rows, channels, joints))

    def predict(
        self,
        features: Tensor,
        logits: SimCCLogits,
        keypoints: Tensor,
        spec: SimCCSpec,
    ) -> Tensor:
        """Return trust: the sigmoid of what :meth:`forward` returns.

        Args:
            features: ``(B, C, h, w)`` feature map of the crop.
            logits: SimCC logits of the joints.
            keypoints: ``(B, K, 2)`` joints to judge, pixels of the crop.
            spec: How to read the logits.

        Returns:
            ``(B, K)`` trust in [0, 1], float32.
        """
        return self(features, logits, keypoints, spec).float().sigmoid()
