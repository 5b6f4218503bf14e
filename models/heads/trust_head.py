"""The head that predicts which joints are right."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn

from ..distributions.simcc import (
    SimCCLogits,
    SimCCSpec,
)
from .calibration import TrustCalibration
from .trust_features import NUM_SCALARS, TrustFeatures

DEFAULT_LEVELS = (0, 1)


@MODELS.register_module()
class TrustHead(BaseModule):
    """Predict one trust logit per joint from what the pose head saw.

    Each joint becomes a token: the features of several levels of the
    backbone at its predicted position, the statistics of its two SimCC
    distributions and its place in the pose. The tokens then attend to each
    other, so that a joint is judged in the light of the whole pose. The
    pose head reads the last level only; what the earlier ones show at a
    joint is a second opinion on it.

    Args:
        in_channels: Channels of each level that is read.
        num_keypoints: Number of joints K.
        levels: Which feature maps of the backbone are read; as many as
            ``in_channels``.
        embed_dims: Width of the tokens.
        num_heads: Heads of the attention; divides ``embed_dims``.
        feature_dropout: Share of the projected features that is dropped in
            training.
        mix_joints: Let the joints attend to each other.
        init_cfg: Weight initialization of mmengine. Defaults to None.

    Raises:
        ValueError: If ``in_channels`` and ``levels`` differ in length.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        num_keypoints: int,
        levels: Sequence[int] = DEFAULT_LEVELS,
        embed_dims: int = 96,
        num_heads: int = 4,
        feature_dropout: float = 0.3,
        mix_joints: bool = True,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if len(in_channels) != len(levels):
            raise ValueError(
                'model.trust_head.in_channels: expected one number of '
                f'channels for each of the levels {tuple(levels)}, found '
                f'{tuple(in_channels)}; give as many'
            )
        self.levels, self.in_channels = tuple(levels), tuple(in_channels)
        self.local_projs = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(channels),
                nn.Linear(channels, embed_dims, bias=False),
                nn.Dropout(feature_dropout),
            )
            for channels in in_channels
        )
        self.numbers_norm = nn.BatchNorm1d(NUM_SCALARS)
        self.numbers_proj = nn.Sequential(
            nn.Linear(NUM_SCALARS, embed_dims),
            nn.GELU(),
            nn.Linear(embed_dims, embed_dims),
        )
        self.joint_embedding = nn.Parameter(
            torch.randn(num_keypoints, embed_dims) * 0.02
        )
        self.mixer = None
        if mix_joints:
            self.mixer = nn.TransformerEncoderLayer(
                embed_dims,
                num_heads,
                dim_feedforward=2 * embed_dims,
                dropout=0.1,
                activation='gelu',
                batch_first=True,
                norm_first=True,
            )
        self.classifier = nn.Sequential(
            nn.LayerNorm(embed_dims), nn.Linear(embed_dims, 1)
        )
        self.calibration = TrustCalibration()

    def forward(
        self,
        features: Sequence[Tensor],
        logits: SimCCLogits,
        keypoints: Tensor,
        spec: SimCCSpec,
        sizes: Tensor,
    ) -> Tensor:
        """Judge joints.

        Args:
            features: ``(B, C_i, h_i, w_i)`` feature maps of the backbone.
            logits: SimCC logits of the joints.
            keypoints: ``(B, K, 2)`` joints to judge, pixels of the crop.
            spec: How to read the logits.
            sizes: ``(B,)`` person sizes in pixels of the crop.

        Returns:
            ``(B, K)`` trust logits; the sigmoid of one is the probability
            that the joint is right.
        """
        levels = [features[level] for level in self.levels]
        return self.judge(
            TrustFeatures.collect(levels, logits, keypoints, spec, sizes)
        )

    def judge(self, evidence: TrustFeatures) -> Tensor:
        """Judge joints by what was collected about them.

        Args:
            evidence: See :class:`TrustFeatures`.

        Returns:
            ``(B, K)`` trust logits.
        """
        numbers = evidence.numbers
        normed = self.numbers_norm(numbers.flatten(0, 1)).view_as(numbers)
        tokens = self.numbers_proj(normed) + self.joint_embedding
        parts = evidence.local.split(self.in_channels, -1)
        for project, local in zip(self.local_projs, parts, strict=True):
            tokens = tokens + project(local)
        if self.mixer is not None:
            tokens = self.mixer(tokens)
        return self.classifier(tokens).squeeze(-1)

    def judge_packed(self, rows: Tensor) -> Tensor:
        """Judge joints by stored evidence.

        Args:
            rows: ``(B, D)`` packed evidence.

        Returns:
            ``(B, K)`` trust logits.
        """
        joints, _ = self.joint_embedding.shape
        return self.judge(
            TrustFeatures.unpacked(rows, sum(self.in_channels), joints)
        )

    def predict(
        self,
        features: Sequence[Tensor],
        logits: SimCCLogits,
        keypoints: Tensor,
        spec: SimCCSpec,
        sizes: Tensor,
    ) -> Tensor:
        """Return trust: the sigmoid of what :meth:`forward` returns.

        Args:
            features: ``(B, C_i, h_i, w_i)`` feature maps of the backbone.
            logits: SimCC logits of the joints.
            keypoints: ``(B, K, 2)`` joints to judge, pixels of the crop.
            spec: How to read the logits.
            sizes: ``(B,)`` person sizes in pixels of the crop.

        Returns:
            ``(B, K)`` trust in [0, 1], float32.
        """
        trust_logits = self(features, logits, keypoints, spec, sizes)
        return trust_logits.float().sigmoid()
