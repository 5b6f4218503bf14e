"""Training of the trust head on stored features, without images."""

import inspect
import logging
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log
from mmengine.structures import InstanceData
from mmpose.datasets.datasets.base import BaseCocoStyleDataset
from mmpose.registry import DATASETS
from mmpose.structures import PoseDataSample
from torch.utils.data import Dataset

from ..coco_instances import iterate_instances
from .cache_file import load_cache
from .feature_file import open_features


@DATASETS.register_module()
class StoredFeaturesDataset(Dataset):
    """The rows of a cache that was made with ``--with-features``.

    Args:
        cache: Path of the cache.
        features: Path of its ``.features.npy``, which is memory-mapped.
        ann_file: Annotation file that the labels must belong to; it is not
            read here.
        data_root: Folder to which ``ann_file`` is relative.
        indices: Keep only the first so many rows; all by default.
        evidence: Deprecated name of ``features``.
        **images: Other options of the data set of images that this one
            stands for, such as its pipeline; they have no effect.

    Raises:
        TypeError: If MMPose's data sets have no such option.
        FileNotFoundError: If a file is missing.
        ValueError: If the cache is not usable, the features are not those
            stored with it, or ``features`` is missing.
    """

    def __init__(
        self,
        cache: str,
        features: str | None = None,
        ann_file: str = '',
        data_root: str = '',
        indices: int | None = None,
        evidence: str | None = None,
        **images: Any,
    ) -> None:
        known = inspect.signature(BaseCocoStyleDataset).parameters
        for name in images:
            if name not in known:
                raise TypeError(
                    'StoredFeaturesDataset: expected cache, features, '
                    f'{", ".join(known)}, found {name}; correct its name'
                )
        if evidence is not None:
            _warn_renamed('StoredFeaturesDataset.evidence', 'features')
            features = evidence
        if features is None:
            raise ValueError(
                'StoredFeaturesDataset.features: expected the path of a '
                '.features.npy, found nothing; give the file beside the cache'
            )
        self.images = {
            **images,
            'ann_file': ann_file,
            'data_root': data_root,
            'indices': indices,
        }
        self.cache = load_cache(cache)
        self.ann_file = os.path.join(data_root, ann_file)
        self.features = open_features(features, self.cache.header.features)
        self.length = len(self.cache)
        if indices is not None:
            self.length = min(self.length, indices)

    def build_images(self, kind: Mapping[str, Any]) -> BaseDataset:
        """Build the data set of images that this one stands for.

        Args:
            kind: Config whose ``type`` and ``metainfo`` it takes.

        Returns:
            The persons of the cache, in its order.

        Raises:
            FileNotFoundError: If the annotation file or an image does not
                exist.
        """
        if not self.images['ann_file']:
            raise FileNotFoundError('StoredFeaturesDataset.ann_file: none')
        same = {key: kind[key] for key in ('type', 'metainfo') if key in kind}
        options = {**self.images, 'pipeline': [], 'test_mode': True}
        images = DATASETS.build({**options, **same})
        for info in iterate_instances(images):
            if not os.path.exists(info['img_path']):
                raise FileNotFoundError(info['img_path'])
        return images

    @property
    def metainfo(self) -> dict[str, Any]:
        """No meta information: the model takes that of the validation set."""
        return {}

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.length

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return packed features ``(D,)`` and a sample with its labels."""
        labels = self.cache.columns['pseudo_trust'][index]
        sample = PoseDataSample(
            gt_instances=InstanceData(pseudo_trust_sol=labels[None]),
            metainfo={'id': int(self.cache.columns['ids'][index])},
        )
        row = np.array(self.features[index])
        return {'inputs': torch.from_numpy(row), 'data_samples': sample}


@DATASETS.register_module(name='TrustEvidenceDataset')
def _build_by_old_name(**options: Any) -> StoredFeaturesDataset:
    _warn_renamed('TrustEvidenceDataset', 'StoredFeaturesDataset')
    return StoredFeaturesDataset(**options)


def _warn_renamed(old: str, new: str) -> None:
    print_log(
        f'{old} is deprecated; use {new}',
        logger='current',
        level=logging.WARNING,
    )
