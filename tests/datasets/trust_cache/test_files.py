import hashlib

import numpy as np

from self_verify_pose.datasets.trust_cache.files import (
    file_sha256,
    text_sha256,
    write_npz,
)


def test_hashes_are_sha256_of_the_content(tmp_path):
    path = tmp_path / 'file'
    path.write_bytes(b'ab' * (1 << 20))
    expected = hashlib.sha256(b'ab' * (1 << 20)).hexdigest()
    assert file_sha256(path) == expected
    assert text_sha256('joint') == hashlib.sha256(b'joint').hexdigest()


def test_equal_arrays_make_equal_files(tmp_path):
    for name in ('a.npz', 'b.npz'):
        write_npz(tmp_path / name, {'x': np.arange(9), 'y': np.ones((2, 3))})
    first = (tmp_path / 'a.npz').read_bytes()
    assert first == (tmp_path / 'b.npz').read_bytes()
    with np.load(tmp_path / 'a.npz') as archive:
        np.testing.assert_array_equal(archive['x'], np.arange(9))
