import dataclasses
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from helpers import ROOT
from trust_caches import NAMES, example_columns, example_header

from self_verify_pose.datasets.trust_cache.files import replacing, write_npz
from self_verify_pose.datasets.trust_cache.parts import CacheParts
from self_verify_pose.datasets.trust_cache.schema import (
    CacheError,
    evidence_digest,
    load_cache,
    save_cache,
)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / 'cache.npz'
    save_cache(path, example_header(), example_columns())
    return path


def spoiled(path, header=None, **changes):
    """Write a cache past all checks; None removes an array."""
    arrays = {**example_columns(), **changes}
    arrays['header'] = np.array(header or example_header().to_json())
    write_npz(path, {k: v for k, v in arrays.items() if v is not None})


def test_what_is_saved_is_loaded(path):
    cache, columns = load_cache(path), example_columns()
    assert cache.header == example_header()
    assert len(cache) == 5
    for name, values in columns.items():
        np.testing.assert_array_equal(cache.columns[name], values)
    for row, sample_id in enumerate(columns['ids']):
        assert cache.row(sample_id) == row
    assert cache.row(3) is None


def test_equal_caches_are_equal_files(path, tmp_path):
    other = tmp_path / 'other.npz'
    save_cache(other, example_header(), example_columns())
    assert other.read_bytes() == path.read_bytes()


def test_numpy_alone_reads_the_file(path):
    with np.load(path) as archive:
        header = json.loads(str(archive['header']))
    assert header['schema'] == 1
    assert header['keypoint_names'] == list(NAMES)


@pytest.mark.parametrize('share', [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_file(share, path):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CacheError, match='cannot be read'):
        load_cache(path)


def test_a_damaged_file(path):
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


@pytest.mark.parametrize('schema', [0, 2])
def test_another_schema(schema, path):
    header = dataclasses.replace(example_header(), schema=schema).to_json()
    spoiled(path, header)
    with pytest.raises(CacheError, match=f'schema 1, found schema {schema}'):
        load_cache(path)


@pytest.mark.parametrize('header', ['no json', '[1]', '{}', '{"schema": 1}'])
def test_a_broken_header(header, path):
    spoiled(path, header)
    with pytest.raises(CacheError, match='header'):
        load_cache(path)


def changed(name, value, row=0):
    values = example_columns()[name].copy()
    values[row] = value
    return {name: values}


@pytest.mark.parametrize(
    ('changes', 'match'),
    [
        (example_columns(joints=16), r"'pseudo_trust' .* \(5, 17\), found"),
        (example_columns(samples=4), r"'ids' .* \(5,\), found int64 of"),
        ({'residual': None}, "'residual' .* found nothing"),
        ({'ids': np.arange(5.0)}, "'ids' as int64 .* found float64"),
        ({'ids': np.array([4, 9, 4, 1, 2])}, 'found id 4 2 times'),
        (changed('keypoints', np.nan), "'keypoints' to be finite"),
        (changed('keypoints', np.inf), "'keypoints' to be finite"),
        (changed('pseudo_trust', np.nan), "'residual' to be NaN exactly"),
        (changed('solvability', np.nan), "'solvability' to be NaN exactly"),
        (changed('residual', np.inf), "'residual'"),
        (changed('energy', np.nan, 2), "'energy' .* for id 986"),
        (changed('energy', np.inf, 2), "'energy'"),
        (changed('status', 3), "'status' in 0, 1, 2"),
    ],
)
def test_wrong_arrays(changes, match, path):
    spoiled(path, **changes)
    with pytest.raises(CacheError, match=match):
        load_cache(path)


@pytest.mark.parametrize('value', [1.5, -0.1, np.inf])
def test_a_label_that_is_no_trust(value, path):
    trust = example_columns()['pseudo_trust']
    trust[np.isfinite(trust)] = value
    spoiled(path, pseudo_trust=trust)
    with pytest.raises(CacheError, match="'pseudo_trust'"):
        load_cache(path)


def test_a_wrong_cache_is_not_saved(path):
    before = path.read_bytes()
    with pytest.raises(CacheError):
        save_cache(path, example_header(4), example_columns())
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_an_error_in_writing_leaves_the_old_file(path):
    before = path.read_bytes()
    with pytest.raises(RuntimeError), replacing(path) as file:
        file.write(b'half')
        raise RuntimeError
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
    evidence = np.random.default_rng(0).random((6, 4)).astype(np.float16)
    for part, first in ((2, 5), (0, 0), (1, 2)):
        rows = slice(first, first + sizes[part])
        columns = {name: values[rows] for name, values in whole.items()}
        parts.save(part, columns, evidence[rows])
    again = CacheParts(out, {'split': 'train'}, sizes)
    again.begin(resume=True)
    for name, values in again.collect().items():
        np.testing.assert_array_equal(values, whole[name])
    np.testing.assert_array_equal(again.evidence(), evidence)
    again.publish_evidence()
    # interrupted between the two files: the evidence is found where it is
    np.testing.assert_array_equal(again.evidence(), evidence)
    np.testing.assert_array_equal(
        np.load(tmp_path / 'c.features.npy'), evidence
    )


def test_parts_of_something_else_are_not_taken_over(tmp_path):
    CacheParts(tmp_path / 'c.npz', {'teacher': 'fk'}, [1]).begin(False)
    other = CacheParts(tmp_path / 'c.npz', {'teacher': 'free'}, [1])
    with pytest.raises(CacheError, match=r'teacher = free .* found fk'):
        other.begin(resume=True)
    other.begin(resume=False)
    other.begin(resume=True)


def test_the_digest_of_evidence_tells_files_apart():
    rows = np.random.default_rng(0).random((200, 8)).astype(np.float16)
    assert evidence_digest(rows) == evidence_digest(rows.copy())
    assert evidence_digest(rows) != evidence_digest(rows[:-1])
    assert evidence_digest(rows) != evidence_digest(rows + 1)


COCO_PERSONS = 149_813


def test_all_of_coco_is_small(tmp_path):
    """In a process of its own, so that its memory can be measured."""
    code = (
        'import pathlib, sys; sys.path.insert(0, sys.argv[2])\n'
        'from trust_caches import example_columns, example_header\n'
        'from self_verify_pose.datasets.trust_cache.schema import *\n'
        f'columns = example_columns({COCO_PERSONS})\n'
        f'save_cache(sys.argv[1], example_header({COCO_PERSONS}), columns)\n'
        'cache = load_cache(sys.argv[1])\n'
        'assert cache.row(1000) == 0\n'
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
