"""Input of the trust head."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..distributions.simcc import (
    NUM_STATISTICS,
    SimCCLogits,
    SimCCSpec,
    statistics,
)
from ..geometry.coordinates import crop_center, sample_features

NUM_SCALARS = NUM_STATISTICS + 5


class TrustFeatures(NamedTuple):
    """What the trust head reads of a batch; no weights enter it.

    Args:
        local: ``(B, K, C)`` features of all levels at the joints.
        numbers: ``(B, K, 27)`` statistics of the SimCC distributions, the
            position about the center of the crop and about the mean of the
            joints in person sizes, and the log of the size as a share of
            the crop's height.
    """

    local: Tensor
    numbers: Tensor

    @classmethod
    def collect(
        cls,
        levels: Sequence[Tensor],
        logits: SimCCLogits,
        keypoints: Tensor,
        spec: SimCCSpec,
        sizes: Tensor,
    ) -> 'TrustFeatures':
        """Read evidence from what the pose network computed.

        Args:
            levels: ``(B, C_i, h_i, w_i)`` feature maps of the crop.
            logits: SimCC logits of the joints.
            keypoints: ``(B, K, 2)`` joints to judge, pixels of the crop.
            spec: How to read the logits.
            sizes: ``(B,)`` person sizes in pixels of the crop.

        Returns:
            The evidence.
        """
        local = [
            sample_features(level, keypoints, spec.input_size)
            for level in levels
        ]
        unit = sizes.view(-1, 1, 1)
        middle = keypoints.mean(1, keepdim=True)
        share = (unit / spec.input_size[1]).log()
        numbers = [
            statistics(logits, spec, sizes),
            (keypoints - crop_center(keypoints, spec.input_size)) / unit,
            (keypoints - middle) / unit,
            share.expand(-1, keypoints.shape[1], -1),
        ]
        return cls(torch.cat(local, -1), torch.cat(numbers, -1))

    def packed(self) -> Tensor:
        """Return all of it as one row per sample, ``(B, D)``."""
        return torch.cat([part.flatten(1) for part in self], 1)

    @classmethod
    def unpacked(
        cls, rows: Tensor, channels: int, num_keypoints: int
    ) -> 'TrustFeatures':
        """Undo :meth:`packed`.

        Args:
            rows: ``(B, D)`` packed evidence.
            channels: Channels C of all levels.
            num_keypoints: Joints K.

        Returns:
            The evidence, float32.

        Raises:
            ValueError: If D is not what C and K make.
        """
        sizes = [num_keypoints * channels, num_keypoints * NUM_SCALARS]
        if rows.shape[1] != sum(sizes):
            raise ValueError(
                f'expected rows of {sum(sizes)} numbers for {num_keypoints} '
                f'joints and {channels} channels, found {rows.shape[1]}; '
                'make the cache with the network that is trained'
            )
        local, numbers = rows.float().split(sizes, 1)
        return cls(
            local.view(len(rows), num_keypoints, channels),
            numbers.view(len(rows), num_keypoints, NUM_SCALARS),
        )
