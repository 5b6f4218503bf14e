import os

import numpy as np
import pytest
from trust_caches import example_columns

from self_verify_pose.datasets.trust_cache.parts import CacheParts
from self_verify_pose.datasets.trust_cache.schema import CacheError
from self_verify_pose.output_files import OutputError


def begun(*arguments, resume=False):
    parts = CacheParts(*arguments)
    with parts.reserve():
        parts.begin(resume)
    return parts


def test_a_full_disk_leaves_whole_parts(tiny_disk):
    parts = begun(tiny_disk / 'cache.npz', {}, [5, 2000])
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
    parts = begun(out, {'split': 'train'}, sizes, resume=True)
    whole = example_columns(6)
    features = np.random.default_rng(0).random((6, 4)).astype(np.float16)
    for part, first in ((2, 5), (0, 0), (1, 2)):
        rows = slice(first, first + sizes[part])
        columns = {name: values[rows] for name, values in whole.items()}
        parts.save(part, columns, features[rows])
    again = begun(out, {'split': 'train'}, sizes, resume=True)
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
    begun(tmp_path / 'c.npz', {'teacher': 'fk'}, [1])
    other = CacheParts(tmp_path / 'c.npz', {'teacher': 'free'}, [1])
    with pytest.raises(CacheError, match=r'teacher = free .* found fk'):
        other.begin(resume=True)
    other.begin(resume=False)
    other.begin(resume=True)


@pytest.mark.parametrize('resume', [True, False])
def test_files_of_others_are_not_removed(tmp_path, resume):
    folder = tmp_path / 'c.npz.partial'
    folder.mkdir()
    (folder / 'notes.txt').write_text('of the user')
    parts = CacheParts(tmp_path / 'c.npz', {}, [1])
    with (
        pytest.raises(CacheError, match='found a folder with other files'),
        parts.reserve(),
    ):
        parts.begin(resume)
    assert os.listdir(folder) == ['notes.txt']


def test_files_beside_the_parts_are_kept(tmp_path):
    parts = begun(tmp_path / 'c.npz', {}, [1])
    (parts.folder / 'notes.txt').write_text('of the user')
    parts = begun(tmp_path / 'c.npz', {'teacher': 'fk'}, [1])
    parts.save(0, example_columns(1))
    parts.remove()
    assert os.listdir(parts.folder) == ['notes.txt']


def test_a_file_in_place_of_the_parts_is_refused(tmp_path):
    (tmp_path / 'c.npz.partial').write_text('of the user')
    parts = CacheParts(tmp_path / 'c.npz', {}, [1])
    with pytest.raises(CacheError, match='found a file'), parts.reserve():
        pass


def test_a_second_job_is_refused(tmp_path):
    parts = CacheParts(tmp_path / 'c.npz', {}, [1])
    other = CacheParts(tmp_path / 'c.npz', {}, [1])
    with parts.reserve():
        parts.begin(resume=False)
        with pytest.raises(OutputError, match='in use'), other.reserve():
            pass
