import hashlib
import os

import numpy as np
import pytest

from self_verify_pose.datasets.trust_cache.files import (
    file_sha256,
    replacing,
    text_sha256,
    write_npz,
)


def test_an_error_in_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / 'file'
    path.write_bytes(b'old')
    with pytest.raises(RuntimeError), replacing(path) as file:
        file.write(b'half')
        raise RuntimeError
    assert path.read_bytes() == b'old'
    assert os.listdir(path.parent) == [path.name]


def test_hashes_are_sha256_of_the_content(tmp_path):
    path = tmp_path / 'file'
    path.write_bytes(b'ab' * (1 << 20))
    expected = hashlib.sha256(b'ab' * (1 << 20)).hexdigest()
    assert file_sha256(path) == expected
    assert text_sha256('joint') == hashlib.sha256(b'joint').hexdigest()


def test_a_finished_file_replaces_the_old_one(tmp_path):
    path, scratch = tmp_path / 'file', tmp_path / 'scratch'
    scratch.mkdir()
    path.write_bytes(b'old')
    with replacing(path, scratch) as file:
        file.write(b'new')
        assert path.read_bytes() == b'old'
        assert len(os.listdir(scratch)) == 1
    assert path.read_bytes() == b'new'
    assert not os.listdir(scratch)


def test_equal_arrays_make_equal_files(tmp_path):
    for name in ('a.npz', 'b.npz'):
        write_npz(tmp_path / name, {'x': np.arange(9), 'y': np.ones((2, 3))})
    first = (tmp_path / 'a.npz').read_bytes()
    assert first == (tmp_path / 'b.npz').read_bytes()
    with np.load(tmp_path / 'a.npz') as archive:
        np.testing.assert_array_equal(archive['x'], np.arange(9))
