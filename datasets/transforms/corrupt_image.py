"""Corrupted images in a data pipeline."""

import copy
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.dataset import BaseDataset, Compose
from mmpose.datasets.transforms import LoadImage
from mmpose.registry import TRANSFORMS

from ..corruptions import corrupt_image


@TRANSFORMS.register_module()
class CorruptImage(BaseTransform):
    """Corrupt the image, in the same way each time a sample is read.

    Place it right after ``LoadImage``: box and keypoints stay as they are.

    Args:
        name: One of :data:`~..corruptions.CORRUPTIONS`.
        strength: From 1, weak, to 5.
        seed: Seed of the corruption, combined with the id of the sample.
    """

    def __init__(self, name: str, strength: int, seed: int = 0) -> None:
        self.name = name
        self.strength = strength
        self.seed = seed
        corrupt_image(
            np.zeros((8, 8, 3), np.uint8), [0, 0, 8, 8], name, strength, []
        )

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Corrupt ``img``.

        Args:
            results: The sample, with ``img``, ``bbox`` ``(1, 4)`` and ``id``.

        Returns:
            The sample.
        """
        results['img'] = corrupt_image(
            results['img'],
            results['bbox'][0],
            self.name,
            self.strength,
            [self.seed, results['id']],
        )
        return results


def with_corruption(
    dataset: BaseDataset, corruption: CorruptImage
) -> BaseDataset:
    """Add a corruption to the pipeline of a data set.

    Args:
        dataset: A data set of MMPose; it is not changed.
        corruption: Applied right after an image is loaded.

    Returns:
        A data set of the same persons.

    Raises:
        ValueError: If the pipeline loads no image.
    """
    transforms = list(dataset.pipeline.transforms)
    loading = [i for i, t in enumerate(transforms) if isinstance(t, LoadImage)]
    if not loading:
        raise ValueError(
            'pipeline: expected LoadImage, found '
            f'{[type(t).__name__ for t in transforms]}; add it'
        )
    transforms.insert(loading[0] + 1, corruption)
    corrupted = copy.copy(dataset)
    corrupted.pipeline = Compose(transforms)
    return corrupted
