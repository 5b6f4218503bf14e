"""A teacher's cached labels in the data pipeline."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from ..trust_cache.cache_file import load_cache
from .loaded_field import Missing, add_field, check_missing


@TRANSFORMS.register_module()
class LoadPseudoTrust(BaseTransform):
    """Add the labels of a sample, found in a cache by its ``id``.

    Place it right before ``PackPoseInputs``: after ``RandomFlip``, so that
    the labels of a flipped sample are flipped, and after
    ``GenerateTarget``, which replaces the table of what is packed.
    The file is read once, when the pipeline is built; the workers of a
    data loader share it (copy on write).

    Args:
        path: A cache written by ``tools/generate_solvability_cache.py``.
        missing: Action for a sample that is not in the cache: ``'error'``
            stops, ``'skip'`` omits the sample (another one is sampled),
            ``'ignore'`` keeps it without labels.

    Raises:
        ValueError: If ``missing`` is none of these, or the cache is not
            usable.
        FileNotFoundError: If there is no cache.
    """

    def __init__(self, path: str, missing: Missing = 'error') -> None:
        check_missing('LoadPseudoTrust.missing', missing)
        self.missing = missing
        self.cache = load_cache(path)

    def transform(self, results: dict[str, Any]) -> dict[str, Any] | None:
        """Add ``pseudo_trust_sol`` ``(1, K)``, NaN where there is no label.

        Args:
            results: The sample, with ``id``, ``keypoints`` and
                ``flip_indices``.

        Returns:
            The sample; None where it is omitted.

        Raises:
            KeyError: If the id is not in the cache and that is an error.
            ValueError: If the sample has another number of joints.
        """
        trust = self.cache.columns['pseudo_trust']
        joints = results['keypoints'].shape[-2]
        if trust.shape[1] != joints:
            raise ValueError(
                f'trust cache: expected labels of {joints} joints, found '
                f'{trust.shape[1]} in {self.cache.path}; make it for this '
                'data set'
            )
        row = self.cache.rows.get(results['id'])
        if row is not None:
            labels = trust[row]
        elif self.missing == 'error':
            raise KeyError(
                f'trust cache: expected labels of id {results["id"]}, found '
                f'none in {self.cache.path}; make the cache over all samples '
                "that train, or set missing='skip' or missing='ignore'"
            )
        elif self.missing == 'skip':
            return None
        else:
            labels = np.full(joints, np.nan, np.float32)
        if results.get('flip') and results['flip_direction'] != 'diagonal':
            # as mmpose's flip_keypoints does
            labels = labels[results['flip_indices']]
        add_field(results, 'pseudo_trust_sol', labels[None])
        return results
