import types

import pytest
from trust_caches import NAMES, example_columns, example_header

from self_verify_pose.datasets.transforms.load_pseudo_trust import (
    LoadPseudoTrust,
)
from self_verify_pose.datasets.trust_cache.cache_file import save_cache
from self_verify_pose.datasets.trust_cache.files import file_sha256
from self_verify_pose.datasets.trust_cache.schema import CacheError
from self_verify_pose.engine.hooks.trust_cache_check import TrustCacheHook


class RandomFlip:
    """Stand-in that the hook recognizes by its name."""


class Files:
    """An annotation file, a checkpoint and a cache of both."""

    def __init__(self, folder):
        self.warnings = []
        self.annotations = folder / 'annotations.json'
        self.checkpoint = folder / 'pose.pth'
        self.cache = folder / 'cache.npz'
        self.annotations.write_text('[]')
        self.checkpoint.write_text('weights')
        header = example_header(
            annotation_sha256=file_sha256(self.annotations),
            checkpoint_sha256=file_sha256(self.checkpoint),
        )
        save_cache(self.cache, header, example_columns())

    def runner(self, transforms=None, names=NAMES, **changes):
        if transforms is None:
            transforms = [RandomFlip(), LoadPseudoTrust(str(self.cache))]
        dataset = types.SimpleNamespace(
            ann_file=str(self.annotations),
            metainfo={'keypoint_id2name': dict(enumerate(names))},
            pipeline=types.SimpleNamespace(transforms=transforms),
        )
        head = types.SimpleNamespace(out_channels=len(names))
        return types.SimpleNamespace(
            train_dataloader=types.SimpleNamespace(dataset=dataset),
            model=types.SimpleNamespace(head=head),
            logger=types.SimpleNamespace(warning=self.warnings.append),
            **{
                '_load_from': str(self.checkpoint),
                '_resume': False,
                **changes,
            },
        )


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


@pytest.mark.parametrize('mismatch', ['error', 'warn'])
def test_cache_of_this_run_passes(mismatch, files):
    TrustCacheHook(mismatch).before_train(files.runner())
    assert files.warnings == []


@pytest.mark.parametrize('mismatch', ['error', 'warn'])
def test_run_without_a_cache_passes(mismatch, files):
    files.annotations.write_text('something else')
    TrustCacheHook(mismatch).before_train(files.runner([RandomFlip()]))
    assert files.warnings == []


@pytest.mark.parametrize('name', ['annotations', 'checkpoint'])
def test_other_file_raises_with_both_hashes(name, files):
    path = getattr(files, name)
    old = file_sha256(path)
    path.write_text('something else')
    with pytest.raises(CacheError) as caught:
        TrustCacheHook().before_train(files.runner())
    assert old in str(caught.value)
    assert file_sha256(path) in str(caught.value)
    assert 'FORCE_CACHE=1' in str(caught.value)


def test_run_without_a_checkpoint_raises(files):
    with pytest.raises(CacheError, match='none as in training'):
        TrustCacheHook().before_train(files.runner(_load_from=None))


def test_checkpoint_of_a_resumed_run_is_not_compared(files):
    files.checkpoint.write_text('later')
    TrustCacheHook('warn').before_train(files.runner(_resume=True))
    TrustCacheHook().before_train(files.runner(_resume=True))
    assert files.warnings == []


def test_other_skeleton_raises(files):
    swapped = (NAMES[1], NAMES[0], *NAMES[2:])
    with pytest.raises(CacheError, match='skeleton'):
        TrustCacheHook().before_train(files.runner(names=swapped))
    with pytest.raises(CacheError, match=r'number of joints 16 .* 17'):
        TrustCacheHook().before_train(files.runner(names=NAMES[:16]))


def test_mismatch_can_be_a_warning(files):
    files.annotations.write_text('something else')
    TrustCacheHook(cache_mismatch='warn').before_train(files.runner())
    (message,) = files.warnings
    assert 'annotation file (SHA-256)' in message
    with pytest.raises(ValueError, match="'error' or 'warn', found 'off'"):
        TrustCacheHook(cache_mismatch='off')


def test_targets_loaded_before_the_flip_raise(files):
    transforms = [LoadPseudoTrust(str(files.cache)), RandomFlip()]
    with pytest.raises(CacheError, match='found it before RandomFlip'):
        TrustCacheHook('warn').before_train(files.runner(transforms))
