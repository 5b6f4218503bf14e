"""The head that predicts which joints are right."""

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn

from ..geometry.coordinates import Size2D, sample_features
from ..geometry.simcc import (
    NUM_STATISTICS,
    SimCCLogits,
    SimCCSpec,
    statistics,
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
        input_size: Crop size ``(W, H)`` in pixels.
        embed_dims: Width of the tokens.
        num_heads: Heads of the attention; divides ``embed_dims``.
        init_cfg: Weight initialisation of mmengine. Defaults to None.
    """

    def __init__(
        self,
        in_channels: int,
        num_keypoints: int,
        input_size: Size2D,
        embed_dims: int = 96,
        num_heads: int = 4,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.input_size = tuple(input_size)
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
        local = sample_features(features, keypoints, self.input_size)
        pooled = features.mean((2, 3)).unsqueeze(1)
        position = keypoints / keypoints.new_tensor(self.input_size) - 0.5
        numbers = torch.cat([statistics(logits, spec), position], -1)
        tokens = (
            self.local_proj(local)
            + self.global_proj(pooled)
            + self.statistics_proj(self.statistics_norm(numbers))
            + self.joint_embedding
        )
        return self.classifier(self.mixer(tokens)).squeeze(-1)

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
