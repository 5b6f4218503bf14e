"""Train the trust head on stored evidence, without images."""

import os
from typing import Any

import numpy as np
import torch
from mmengine.structures import InstanceData
from mmpose.registry import DATASETS
from mmpose.structures import PoseDataSample
from torch.utils.data import Dataset

from .schema import CacheError, evidence_digest, load_cache


@DATASETS.register_module()
class StoredFeaturesDataset(Dataset):
    """The rows of a cache that was made with ``--with-features``.

    Args:
        cache: The cache.
        evidence: Its ``.features.npy``; stays on disk, memory-mapped.
        ann_file: Annotation file that the labels must belong to; it is not
            read here.
        indices: Keep the first so many rows; all by default.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the cache is not usable, or the evidence is not the
            one that was stored with it.
    """

    def __init__(
        self,
        cache: str,
        evidence: str,
        ann_file: str,
        indices: int | None = None,
    ) -> None:
        self.cache, self.ann_file = load_cache(cache), ann_file
        self.evidence = _open_evidence(evidence, self.cache.header.evidence)
        self.length = len(self.cache)
        if indices is not None:
            self.length = min(self.length, indices)

    @property
    def metainfo(self) -> dict[str, Any]:
        """Nothing: the model takes the meta information of validation."""
        return {}

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.length

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return packed evidence ``(D,)`` and a sample with its labels."""
        labels = self.cache.columns['pseudo_trust'][index]
        sample = PoseDataSample(
            gt_instances=InstanceData(pseudo_trust_sol=labels[None])
        )
        row = np.array(self.evidence[index])
        return {'inputs': torch.from_numpy(row), 'data_samples': sample}


def _open_evidence(path: str, digest: str) -> np.ndarray:
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f'PSEUDO_TRUST_FEATURES: expected a file, found nothing at '
            f'{path}; make it with tools/generate_solvability_cache.py '
            '--with-features'
        )
    try:
        rows = np.load(path, mmap_mode='r', allow_pickle=False)
        found = evidence_digest(rows)
    except (EOFError, OSError, TypeError, ValueError) as error:
        raise CacheError(
            f'PSEUDO_TRUST_FEATURES: expected stored features, found {path}, '
            f'which cannot be read ({error}); make them again'
        ) from error
    if found != digest:
        raise CacheError(
            'PSEUDO_TRUST_FEATURES: expected the features that were stored '
            f'with the cache ({digest[:12] or "none"}), found {found[:12]} '
            f'in {path}; give the file beside the cache, or make both again '
            'with --with-features'
        )
    return rows
