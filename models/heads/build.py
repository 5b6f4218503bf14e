"""Building a trust head for a pose network."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmpose.registry import MODELS
from torch import Tensor

from ..distributions import KeypointDistribution
from .base import BaseTrustHead
from .trust_features import scalar_names


def build_trust_head(
    cfg: Mapping[str, Any] | None,
    features: Sequence[Tensor],
    distribution: KeypointDistribution,
) -> BaseTrustHead:
    """Build the trust head of a config.

    Args:
        cfg: Its config; sizes that it leaves out are those of the pose
            network.
        features: ``(1, C_i, h_i, w_i)`` feature maps of a crop.
        distribution: Predicted distributions of its K keypoints.

    Returns:
        The trust head.

    Raises:
        TypeError: If the registered class is no trust head.
        ValueError: If there is no config, or it reads feature maps that
            there are not.
    """
    if cfg is None:
        raise ValueError(
            'expected a config of the trust head, found '
            'model.trust_head=None; set '
            "model.trust_head=dict(type='TrustHead') or "
            'model.trust_cfg.enable=False'
        )
    kind = MODELS.get(cfg['type'])
    if not (isinstance(kind, type) and issubclass(kind, BaseTrustHead)):
        raise TypeError(
            'model.trust_head: expected a BaseTrustHead, found '
            f'{cfg["type"]}; derive it from BaseTrustHead, and import its '
            'module by custom_imports'
        )
    levels = cfg.get('levels', kind.default_levels)
    if levels is None:
        levels = choose_levels(features)
    count = len(features)
    if any(not -count <= level < count for level in levels):
        raise ValueError(
            f'model.trust_head.levels: expected some of the {count} maps '
            f'that the pose head is given, found {tuple(levels)}; change '
            'them or model.backbone.out_indices'
        )
    sizes = {
        'in_channels': [features[level].shape[1] for level in levels],
        'num_keypoints': distribution.hard_decode().shape[1],
        'num_scalars': len(scalar_names(distribution.statistic_names)),
    }
    return MODELS.build({**sizes, **cfg, 'levels': levels})


def choose_levels(features: Sequence[Tensor]) -> tuple[int, ...]:
    """Choose the feature maps that a trust head reads.

    Args:
        features: ``(B, C_i, h_i, w_i)`` feature maps.

    Returns:
        Positions of the two finest maps, the finest first, or of the only
        one; of several maps with the same resolution the last one.
    """
    by_size = {level.shape[-2:]: i for i, level in enumerate(features)}
    finest = sorted(by_size, key=lambda size: -size[0] * size[1])
    return tuple(by_size[size] for size in finest[:2])
