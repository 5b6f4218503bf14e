"""Building a trust head for a pose network."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmpose.registry import MODELS
from torch import Tensor

from ..components import find_class
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
        TypeError: If the config names no trust head, or holds an unknown
            key.
        ValueError: If there is no config or no class of the name, the head
            reads feature maps that there are not, or a size is not that of
            the pose network.
    """
    if cfg is None:
        raise ValueError(
            'expected a config of the trust head, found '
            'model.trust_head=None; set '
            "model.trust_head=dict(type='TrustHead') or "
            'model.trust_cfg.enable=False'
        )
    kind = find_class('model.trust_head', cfg, BaseTrustHead, 'TrustHead')
    levels = cfg.get('levels', kind.default_levels)
    if levels is None:
        levels = choose_levels(features)  # an empty list reads none
    _check_levels(levels, len(features))
    sizes = {
        'in_channels': [features[level].shape[1] for level in levels],
        'num_keypoints': distribution.hard_decode().shape[1],
        'num_scalars': len(scalar_names(distribution.statistic_names)),
    }
    for key, size in sizes.items():
        given = cfg.get(key, size)
        if (list(given) if isinstance(given, tuple) else given) != size:
            raise ValueError(
                f'model.trust_head.{key}: expected {size}, as of the pose '
                f'network, found {given!r}; leave it out'
            )
    return MODELS.build({**cfg, **sizes, 'levels': levels})


def _check_levels(levels: Any, count: int) -> None:
    positions = range(-count, count)
    if (
        not isinstance(levels, (list, tuple))
        or not all(
            type(level) is int and level in positions for level in levels
        )
        or len({level % count for level in levels}) < len(levels)
    ):
        raise ValueError(
            f'model.trust_head.levels: expected different ones of the {count} '
            'maps that the pose head is given, by position, found '
            f'{levels!r}; change them or model.backbone.out_indices'
        )


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
