"""Input of the trust head."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..distributions import KeypointDistribution, log_odds
from ..geometry.coordinates import Size2D, crop_center, sample_features

# columns of the scalar features after the statistics of the distribution:
# the position about the center of the crop and about the mean of the
# keypoints in person sizes, and the log of the person size as a share of the
# height of the crop
PLACE_NAMES = (
    'x_from_center',
    'y_from_center',
    'x_from_mean',
    'y_from_mean',
    'log_size',
)


def scalar_names(statistic_names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns of ``scalar_features``.

    Args:
        statistic_names: Names of the statistics of the distribution.

    Returns:
        S names.
    """
    return (*statistic_names, *PLACE_NAMES)


def domain_features(
    levels: Sequence[Tensor], keypoints: Tensor, input_size: Size2D
) -> Tensor:
    """Describe which data set a person may come from.

    Args:
        levels: ``(B, C_i, h_i, w_i)`` all feature maps of the crops.
        keypoints: ``(B, K, 2)`` keypoints, pixels of the crop.
        input_size: Crop size ``(W, H)`` in pixels.

    Returns:
        ``(B, C)`` features of the coarsest map, the mean over the keypoints.
    """
    coarse = levels[coarsest(levels)]
    points = _finite(keypoints, input_size)
    return sample_features(coarse, points, input_size).mean(1)


def coarsest(levels: Sequence[Tensor]) -> int:
    """Find the feature map with the fewest cells.

    Args:
        levels: ``(B, C_i, h_i, w_i)`` feature maps.

    Returns:
        Its position, the last one of several.
    """
    cells = [level.shape[-2] * level.shape[-1] for level in levels]
    return len(cells) - 1 - cells[::-1].index(min(cells))


def _finite(keypoints: Tensor, input_size: Size2D) -> Tensor:
    """Move keypoints that are not finite to the center of the crop."""
    center = crop_center(keypoints, input_size)
    return torch.where(keypoints.isfinite(), keypoints, center)


class TrustFeatures(NamedTuple):
    """Input of the trust head for a batch; no weights enter it.

    Args:
        joint_features: ``(B, K, C)`` feature maps of all levels, sampled at
            the keypoints.
        scalar_features: ``(B, K, S)``, one column for each of
            :func:`scalar_names`.
    """

    joint_features: Tensor
    scalar_features: Tensor

    @classmethod
    def collect(
        cls,
        levels: Sequence[Tensor],
        distribution: KeypointDistribution,
        keypoints: Tensor,
    ) -> 'TrustFeatures':
        """Collect the features from the output of the pose network.

        Args:
            levels: ``(B, C_i, h_i, w_i)`` feature maps of the crops; any
                number of them.
            distribution: Predicted distributions of the keypoints.
            keypoints: ``(B, K, 2)`` keypoints, pixels of the crop; one that
                is not finite, as UDP decodes a constant heatmap, counts as
                the center of the crop.

        Returns:
            The features.
        """
        input_size = distribution.input_size
        center = crop_center(keypoints, input_size)
        keypoints = _finite(keypoints, input_size)
        joint_features = [keypoints.new_zeros(*keypoints.shape[:2], 0)] + [
            sample_features(level, keypoints, input_size) for level in levels
        ]
        unit = distribution.sizes.view(-1, 1, 1)
        mean = keypoints.mean(1, keepdim=True)
        log_size = (unit / input_size[1]).log()
        scalar_features = [
            distribution.statistics(),
            (keypoints - center) / unit,
            (keypoints - mean) / unit,
            log_size.expand(-1, keypoints.shape[1], -1),
        ]
        return cls(
            torch.cat(joint_features, -1), torch.cat(scalar_features, -1)
        )

    def packed(self, free_scores: Tensor) -> Tensor:
        """Return all features and the free scores as one row per sample.

        The free scores are stored as their log odds, which half precision
        tells apart near 1, too.

        Args:
            free_scores: ``(B, K)`` free scores that trust starts from.

        Returns:
            ``(B, D)`` with ``D = K * (C + S + 1)``.
        """
        parts = [part.flatten(1) for part in self]
        return torch.cat([*parts, log_odds(free_scores).to(parts[0])], 1)

    @classmethod
    def unpacked(
        cls,
        rows: Tensor,
        channels: int,
        num_keypoints: int,
        num_scalars: int,
    ) -> tuple['TrustFeatures', Tensor]:
        """Undo :meth:`packed`.

        Args:
            rows: ``(B, D)`` packed features.
            channels: Channels C of all levels.
            num_keypoints: Number of keypoints K.
            num_scalars: Number of scalar features S.

        Returns:
            The features and the ``(B, K)`` free scores, float32; these are
            bounded as in ``log_odds``.

        Raises:
            ValueError: If D is not ``K * (C + S + 1)``.
        """
        count = num_keypoints
        lengths = [count * channels, count * num_scalars, count]
        if rows.shape[1] != sum(lengths):
            raise ValueError(
                f'expected rows of {sum(lengths)} numbers for '
                f'{num_keypoints} joints and {channels} channels, found '
                f'{rows.shape[1]}; make the cache with this version and with '
                'the network that is trained'
            )
        joints, scalars, logits = rows.float().split(lengths, 1)
        features = cls(
            joints.view(len(rows), count, channels),
            scalars.view(len(rows), count, num_scalars),
        )
        return features, logits.sigmoid()
