"""Refuse to train on labels that belong to something else."""

from collections.abc import Iterator
from typing import Any, Literal, get_args

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from ...datasets.transforms.load_pseudo_trust import LoadPseudoTrust
from ...datasets.trust_cache.cache_file import TrustCache
from ...datasets.trust_cache.files import file_sha256
from ...datasets.trust_cache.schema import CacheError
from ..model_wrapper import unwrap_model

Mismatch = Literal['error', 'warn']


@HOOKS.register_module()
class TrustCacheHook(Hook):
    """Compare a cache with what is trained: weights, data, skeleton.

    A resumed run starts from a checkpoint of its own, so that the one of
    the cache is not compared there.

    Args:
        cache_mismatch: ``'error'`` stops the run, ``'warn'`` says so and
            goes on.

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
        """Compare.

        Args:
            runner: The runner that is about to train.

        Raises:
            CacheError: If the cache does not belong to the run, or its
                labels are looked up before the sample is flipped.
        """
        dataset = runner.train_dataloader.dataset
        for cache in _caches(dataset):
            for name, wanted, found in _compare(cache, dataset, runner):
                if wanted == found:
                    continue
                message = (
                    f'trust cache: expected {name} {wanted} as in training, '
                    f'found {found} in {cache.path}; make the cache for this '
                    'run (FORCE_CACHE=1 in the scripts)'
                )
                if self.cache_mismatch == 'error':
                    raise CacheError(message)
                runner.logger.warning(message)


def _caches(dataset: Any) -> Iterator[TrustCache]:
    if hasattr(dataset, 'cache'):
        yield dataset.cache
    transforms = getattr(getattr(dataset, 'pipeline', None), 'transforms', ())
    names = [type(transform).__name__ for transform in transforms]
    for place, transform in enumerate(transforms):
        if not isinstance(transform, LoadPseudoTrust):
            continue
        late = {'RandomFlip', 'GenerateTarget'} & set(names[place:])
        if late:
            raise CacheError(
                'LoadPseudoTrust: expected it right before PackPoseInputs, '
                f'found it before {" and ".join(sorted(late))}; move it'
            )
        yield transform.cache


def _compare(
    cache: TrustCache, dataset: Any, runner: Runner
) -> Iterator[tuple[str, Any, Any]]:
    """Name, value of the run, value of the cache."""
    header = cache.header
    model = unwrap_model(runner.model)
    yield (
        'number of joints',
        model.head.out_channels,
        len(header.keypoint_names),
    )
    names = dataset.metainfo.get('keypoint_id2name')
    if names is not None:
        skeleton = tuple(names[i] for i in range(len(names)))
        yield 'skeleton', skeleton, header.keypoint_names
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
