import os

import numpy as np
import pytest
from trust_caches import example_columns

from self_verify_pose.datasets.trust_cache.parts import CacheParts
from self_verify_pose.datasets.trust_cache.schema import CacheError


def test_a_full_disk_leaves_whole_parts(tiny_disk):
    parts = CacheParts(tiny_disk / 'cache.npz', {}, [5, 2000])
    parts.begin(resume=False)
    parts.save(0, example_columns(5))
    with pytest.raises(OSError, match='No space left'):
        parts.save(1, example_columns(2000))
    assert parts.is_done(0)
    assert not parts.is_done(1)
    assert sorted(os.listdir(parts.folder)) == ['000000.npz', 'manifest.json']
    with pytest.raises(OSError, match='No space left'):
        parts.save(1, example_columns(5), np.zeros((2000, 99), np.float16))
    assert not parts.is_done(1)


def test_parts_come_together_in_order(tmp_path):
    out, sizes = tmp_path / 'c.npz', [2, 3, 1]
    parts = CacheParts(out, {'split': 'train'}, sizes)
    parts.begin(resume=True)
    whole = example_columns(6)
    features = np.random.default_rng(0).random((6, 4)).astype(np.float16)
    for part, first in ((2, 5), (0, 0), (1, 2)):
        rows = slice(first, first + sizes[part])
        columns = {name: values[rows] for name, values in whole.items()}
        parts.save(part, columns, features[rows])
    again = CacheParts(out, {'split': 'train'}, sizes)
    again.begin(resume=True)
    for name, values in again.collect().items():
        np.testing.assert_array_equal(values, whole[name])
    np.testing.assert_array_equal(again.features(), features)
    again.publish_features()
    # interrupted between the two files: the features are read from there
    np.testing.assert_array_equal(again.features(), features)
    np.testing.assert_array_equal(
        np.load(tmp_path / 'c.features.npy'), features
    )


def test_parts_of_something_else_are_not_taken_over(tmp_path):
    CacheParts(tmp_path / 'c.npz', {'teacher': 'fk'}, [1]).begin(False)
    other = CacheParts(tmp_path / 'c.npz', {'teacher': 'free'}, [1])
    with pytest.raises(CacheError, match=r'teacher = free .* found fk'):
        other.begin(resume=True)
    other.begin(resume=False)
    other.begin(resume=True)
