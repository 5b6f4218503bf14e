"""Boxes that are off, as those of a detector are."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ShakeBox(BaseTransform):
    """Move each side of the box, in the same way each time a sample is read.

    Place it right after ``GetBBoxCenterScale``: the crop changes; the person
    size, which decides whether a joint is correct, stays that of the box.

    Args:
        share: Largest movement of a side, of the length of the box along it,
            in [0, 0.5); drawn uniformly for each side.
        seed: Seed of the movements, combined with the id of the sample.

    Raises:
        ValueError: If the share is out of range.
    """

    def __init__(self, share: float = 0.2, seed: int = 0) -> None:
        if not 0 <= share < 0.5:
            raise ValueError(
                f'ShakeBox.share: expected a number in [0, 0.5), found {share}'
                '; change it'
            )
        self.share, self.seed = share, seed

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Move ``bbox_center`` and change ``bbox_scale``.

        Args:
            results: The sample, with ``bbox`` ``(1, 4)``, ``(x0, y0, x1, y1)``
                in pixels, ``bbox_center`` and ``bbox_scale`` ``(1, 2)``, and
                ``id``.

        Returns:
            The sample.
        """
        draws = np.random.default_rng([self.seed, results['id']])
        low, high = draws.uniform(-self.share, self.share, (2, 2))
        size = results['bbox'][:, 2:] - results['bbox'][:, :2]
        dtype = results['bbox_scale'].dtype
        center = results['bbox_center'] + (low + high) / 2 * size
        scale = results['bbox_scale'] * (1 + high - low)
        results['bbox_center'] = center.astype(dtype)
        results['bbox_scale'] = scale.astype(dtype)
        return results
