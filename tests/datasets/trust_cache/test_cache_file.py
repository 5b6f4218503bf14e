import json
import os
import subprocess
import sys

import numpy as np
import pytest
from helpers import ROOT
from trust_caches import NAMES, example_columns, example_header

from self_verify_pose.datasets.trust_cache.cache_file import (
    load_cache,
    save_cache,
)
from self_verify_pose.datasets.trust_cache.schema import CacheError


@pytest.fixture
def path(tmp_path):
    path = tmp_path / 'cache.npz'
    save_cache(path, example_header(), example_columns())
    return path


def test_what_is_saved_is_loaded(path):
    cache, columns = load_cache(path), example_columns()
    assert cache.header == example_header()
    assert len(cache) == 5
    for name, values in columns.items():
        np.testing.assert_array_equal(cache.columns[name], values)
    for row, sample_id in enumerate(columns['ids']):
        assert cache.rows[sample_id] == row
    assert 3 not in cache.rows


def test_equal_caches_are_equal_files(path, tmp_path):
    other = tmp_path / 'other.npz'
    save_cache(other, example_header(), example_columns())
    assert other.read_bytes() == path.read_bytes()


def test_numpy_alone_reads_the_file(path):
    with np.load(path) as archive:
        header = json.loads(str(archive['header']))
    assert header['schema'] == 1
    assert header['keypoint_names'] == list(NAMES)


def test_the_targets_have_two_names(path):
    with np.load(path) as archive:
        arrays = dict(archive)
    np.testing.assert_array_equal(
        arrays['pseudo_trust_sol'], arrays['pseudo_trust']
    )
    assert 'pseudo_trust_sol' not in load_cache(path).columns
    np.savez(path, **arrays | {'pseudo_trust_sol': arrays['residual']})
    with pytest.raises(CacheError, match="expected 'pseudo_trust_sol' to"):
        load_cache(path)
    del arrays['pseudo_trust_sol']  # as version 0.1.0 wrote it
    np.savez(path, **arrays)
    assert len(load_cache(path)) == 5


@pytest.mark.parametrize('share', [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_file(share, path):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CacheError, match='cannot be read'):
        load_cache(path)


def test_a_corrupted_file(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 255
    path.write_bytes(content)
    with pytest.raises(CacheError, match='cannot be read'):
        load_cache(path)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='found nothing at'):
        load_cache(tmp_path / 'none.npz')


def test_a_foreign_file(path):
    np.savez(path, boxes=np.zeros(3))
    with pytest.raises(CacheError, match='found the arrays boxes'):
        load_cache(path)
    with open(path, 'wb') as file:
        np.save(file, np.zeros(3))
    with pytest.raises(CacheError, match='cannot be read'):
        load_cache(path)


def test_pickled_objects_are_not_run(path):
    np.savez(path, header=np.array([{'schema': 1}], object))
    with pytest.raises(CacheError, match='cannot be read'):
        load_cache(path)


def test_a_wrong_cache_is_not_saved(path):
    before = path.read_bytes()
    with pytest.raises(CacheError):
        save_cache(path, example_header(4), example_columns())
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_a_full_disk_leaves_the_old_file(tiny_disk):
    path = tiny_disk / 'cache.npz'
    save_cache(path, example_header(), example_columns())
    before = path.read_bytes()
    with pytest.raises(OSError, match='No space left'):
        save_cache(path, example_header(2000), example_columns(2000))
    assert path.read_bytes() == before
    assert os.listdir(tiny_disk) == ['cache.npz']


COCO_PERSONS = 149_813


def test_all_of_coco_is_small(tmp_path):
    """In a process of its own, so that its memory can be measured."""
    code = (
        'import pathlib, sys; sys.path.insert(0, sys.argv[2])\n'
        'from trust_caches import example_columns, example_header\n'
        'from self_verify_pose.datasets.trust_cache.cache_file import *\n'
        f'columns = example_columns({COCO_PERSONS})\n'
        f'save_cache(sys.argv[1], example_header({COCO_PERSONS}), columns)\n'
        'cache = load_cache(sys.argv[1])\n'
        'assert cache.rows[1000] == 0\n'
        # not ru_maxrss, which begins with the memory of the parent
        'status = pathlib.Path("/proc/self/status").read_text()\n'
        'print(status.split("VmHWM:")[1].split()[0])'
    )
    path = tmp_path / 'coco.npz'
    done = subprocess.run(
        [sys.executable, '-c', code, str(path), str(ROOT / 'tests')],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, 'PYTHONWARNINGS': 'ignore'},
    )
    assert path.stat().st_size < 100e6
    assert int(done.stdout) * 1024 < 1e9
