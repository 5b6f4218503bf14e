"""Building a trust head for a pose network."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmpose.registry import MODELS

from .base import BaseTrustHead
from .trust_features import scalar_names


def build_trust_head(
    cfg: Mapping[str, Any] | None,
    channels: Sequence[int],
    num_keypoints: int,
    statistic_names: Sequence[str],
) -> BaseTrustHead:
    """Build the trust head of a config.

    Args:
        cfg: Its config; sizes that it leaves out are those of the pose
            network.
        channels: Channels of each feature map of the backbone.
        num_keypoints: Number of keypoints K.
        statistic_names: Names of the statistics of the distributions.

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
    count = len(channels)
    if any(not -count <= level < count for level in levels):
        raise ValueError(
            f'model.trust_head.levels: expected some of the {count} maps '
            f'that model.backbone gives, found {tuple(levels)}; change '
            'them or model.backbone.out_indices'
        )
    sizes = {
        'in_channels': [channels[level] for level in levels],
        'num_keypoints': num_keypoints,
        'num_scalars': len(scalar_names(statistic_names)),
        'levels': levels,
    }
    return MODELS.build({**sizes, **cfg})
