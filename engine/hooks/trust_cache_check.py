"""Check that a trust cache was made for the run that uses it."""

from collections.abc import Iterator
from typing import Any, Literal, get_args

from mmengine.dataset import BaseDataset
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from ...datasets.transforms.load_pseudo_trust import LoadPseudoTrust
from ...datasets.trust_cache.cache_file import TrustCache
from ...datasets.trust_cache.files import file_sha256
from ...datasets.trust_cache.schema import CacheError
from ...models.pose_estimators.inspection import num_keypoints
from ...skeleton import names_in
from ..model_wrapper import unwrap_model

Mismatch = Literal['error', 'warn']


@HOOKS.register_module()
class TrustCacheHook(Hook):
    """Compare the header of a trust cache with the run: weights, data, joints.

    The pose checkpoint is not compared in a resumed run, which starts from a
    checkpoint of its own.

    Args:
        cache_mismatch: ``'error'`` stops the run at a mismatch, ``'warn'``
            logs a warning and continues.

    Raises:
        ValueError: If ``cache_mismatch`` is neither.
    """

    priority = 'VERY_HIGH'

    def __init__(self, cache_mismatch: Mismatch = 'error') -> None:
        if cache_mismatch not in get_args(Mismatch):
            raise ValueError(
                "TrustCacheHook.cache_mismatch: expected 'error' or 'warn', "
                f'found {cache_mismatch!r}; choose one of them'
            )
        self.cache_mismatch = cache_mismatch

    def before_train(self, runner: Runner) -> None:
        """Compare all caches of the training data with the run.

        Args:
            runner: The runner that is about to train.

        Raises:
            CacheError: If a cache was made for something else, or its
                targets are loaded before the sample is flipped.
        """
        dataset = runner.train_dataloader.dataset
        for cache in _caches(dataset):
            for name, expected, found in _compare(cache, dataset, runner):
                if expected == found:
                    continue
                message = (
                    f'trust cache: expected {name} {expected} as in training, '
                    f'found {found} in {cache.path}; make the cache for this '
                    'run (FORCE_CACHE=1 in the scripts)'
                )
                if self.cache_mismatch == 'error':
                    raise CacheError(message)
                runner.logger.warning(message)


def _caches(dataset: BaseDataset) -> Iterator[TrustCache]:
    """Caches that the data set or its pipeline read."""
    if hasattr(dataset, 'cache'):
        yield dataset.cache
    transforms = getattr(getattr(dataset, 'pipeline', None), 'transforms', ())
    names = [type(transform).__name__ for transform in transforms]
    for index, transform in enumerate(transforms):
        if not isinstance(transform, LoadPseudoTrust):
            continue
        later = {'RandomFlip', 'GenerateTarget'} & set(names[index:])
        if later:
            raise CacheError(
                'LoadPseudoTrust: expected it right before PackPoseInputs, '
                f'found it before {" and ".join(sorted(later))}; move it'
            )
        yield transform.cache


def _compare(
    cache: TrustCache, dataset: BaseDataset, runner: Runner
) -> Iterator[tuple[str, Any, Any]]:
    """Name, value in the run and value in the cache of each property."""
    header = cache.header
    model = unwrap_model(runner.model)
    yield (
        'number of joints',
        num_keypoints(model.head),
        len(header.keypoint_names),
    )
    if names := names_in(dataset.metainfo):
        yield 'skeleton', names, header.keypoint_names
    yield (
        'annotation file (SHA-256)',
        file_sha256(dataset.ann_file),
        header.annotation_sha256,
    )
    if not runner._resume:
        checkpoint = runner._load_from
        yield (
            'pose checkpoint (SHA-256)',
            'none' if checkpoint is None else file_sha256(checkpoint),
            header.checkpoint_sha256,
        )
