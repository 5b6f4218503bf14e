"""The trust head: one token per keypoint, with attention between them."""

from collections.abc import Sequence

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from ..distributions import KeypointDistribution
from ..option_checks import check_range, check_type
from .base import BaseTrustHead
from .trust_features import TrustFeatures


@MODELS.register_module()
class TrustHead(BaseTrustHead):
    """Predict the residual from features at the keypoint and its distribution.

    Each keypoint becomes a token: the features of several levels of the
    backbone at its predicted position, statistics of its distribution and
    its place in the pose. The tokens then attend to each other, so that the
    trust of a keypoint depends on the whole pose. The pose head reads the
    last level only; the earlier ones add information of their own. The last
    layer starts at zero: before training, trust is the free score.

    Args:
        in_channels: Channels of each level that is read.
        num_keypoints: Number of keypoints K.
        num_scalars: Number of scalar features S, see ``TrustFeatures``.
        levels: Positions of the feature maps that are read; as many as
            ``in_channels``. With ``levels=()`` the head reads the
            distributions alone, which carry over to other images better.
        embed_dims: Width of the tokens.
        num_heads: Heads of the attention; divides ``embed_dims``.
        feature_dropout: Share of the projected features that is dropped in
            training.
        mix_joints: Let the keypoints attend to each other.
        init_cfg: Weight initialization of mmengine. Defaults to None.

    Raises:
        TypeError: If an argument is of a wrong type.
        ValueError: If ``in_channels`` and ``levels`` differ in length, or an
            argument is out of its range.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        num_keypoints: int,
        num_scalars: int,
        levels: Sequence[int] = (0, 1),
        embed_dims: int = 96,
        num_heads: int = 4,
        feature_dropout: float = 0.3,
        mix_joints: bool = True,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            in_channels, num_keypoints, num_scalars, levels, init_cfg
        )
        _check_sizes(embed_dims, num_heads)
        _check_options(feature_dropout, mix_joints)
        # the names of the weights are those of older checkpoints
        self.local_projs = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(channels),
                nn.Linear(channels, embed_dims, bias=False),
                nn.Dropout(feature_dropout),
            )
            for channels in in_channels
        )
        self.numbers_norm = nn.BatchNorm1d(num_scalars)
        self.numbers_proj = nn.Sequential(
            nn.Linear(num_scalars, embed_dims),
            nn.GELU(),
            nn.Linear(embed_dims, embed_dims),
        )
        self.joint_embedding = nn.Parameter(
            torch.randn(num_keypoints, embed_dims) * 0.02
        )
        self.mixer = _mixer(embed_dims, num_heads) if mix_joints else None
        last = nn.Linear(embed_dims, 1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.classifier = nn.Sequential(nn.LayerNorm(embed_dims), last)

    def forward(
        self,
        features: Sequence[Tensor],
        distribution: KeypointDistribution,
        keypoints: Tensor,
    ) -> Tensor:
        """Predict what trust differs by from the free score.

        Args:
            features: ``(B, C_i, h_i, w_i)`` feature maps of the backbone.
            distribution: Predicted distributions of the keypoints.
            keypoints: ``(B, K, 2)`` keypoints to score, pixels of the crop.

        Returns:
            ``(B, K)`` residuals of the logits of trust.
        """
        levels = [features[level] for level in self.levels]
        return self.forward_features(
            TrustFeatures.collect(levels, distribution, keypoints)
        )

    def forward_features(self, features: TrustFeatures) -> Tensor:
        """Predict residuals from collected features.

        Args:
            features: See :class:`TrustFeatures`.

        Returns:
            ``(B, K)`` residuals of the logits of trust.
        """
        scalars = features.scalar_features
        normed = self.numbers_norm(scalars.flatten(0, 1)).view_as(scalars)
        tokens = self.numbers_proj(normed) + self.joint_embedding
        parts = features.joint_features.split(self.in_channels, -1)
        for project, part in zip(self.local_projs, parts, strict=True):
            tokens = tokens + project(part)
        if self.mixer is not None:
            tokens = self.mixer(tokens)
        return self.classifier(tokens).squeeze(-1)

    def forward_packed(
        self,
        rows: Tensor,
        domain: Tensor | None = None,
        verified: Tensor | None = None,
    ) -> Tensor:
        """Predict trust logits from stored features.

        Args:
            rows: ``(B, D)`` packed features.
            domain: ``(B, C)``, see ``domain_features``; needed for
                prediction where the anchor reads it.
            verified: As of :class:`FreeScoreAnchor`.

        Returns:
            ``(B, K)`` trust logits.
        """
        features, free_scores = TrustFeatures.unpacked(
            rows, sum(self.in_channels), self.num_keypoints, self.num_scalars
        )
        logits: Tensor = self.anchor(
            free_scores, self.forward_features(features), domain, verified
        )
        return logits


def _check_sizes(embed_dims: int, num_heads: int) -> None:
    for key, count in (('embed_dims', embed_dims), ('num_heads', num_heads)):
        check_type(f'model.trust_head.{key}', count, int)
        check_range(f'model.trust_head.{key}', count, 1)
    if embed_dims % num_heads:
        raise ValueError(
            'model.trust_head.embed_dims: expected a multiple of the '
            f'{num_heads} num_heads, found {embed_dims}; change one of them'
        )


def _check_options(feature_dropout: float, mix_joints: bool) -> None:
    name = 'model.trust_head.feature_dropout'
    check_type(name, feature_dropout, float)
    check_range(name, feature_dropout, 0, 1)
    check_type('model.trust_head.mix_joints', mix_joints, bool)


def _mixer(embed_dims: int, num_heads: int) -> nn.TransformerEncoderLayer:
    """Make the layer in which the keypoints of a person see each other."""
    return nn.TransformerEncoderLayer(
        embed_dims,
        num_heads,
        dim_feedforward=2 * embed_dims,
        dropout=0.1,
        activation='gelu',
        batch_first=True,
        norm_first=True,
    )
