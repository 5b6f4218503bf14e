import numpy as np
import pytest

from self_verify_pose.datasets.trust_cache.feature_file import (
    features_digest,
    features_path,
    open_features,
    write_rows,
)
from self_verify_pose.datasets.trust_cache.schema import CacheError

ROWS = np.random.default_rng(0).random((200, 8)).astype(np.float16)


def test_the_digest_tells_features_apart():
    assert features_digest(ROWS) == features_digest(ROWS.copy())
    assert features_digest(ROWS) != features_digest(ROWS[:-1])
    assert features_digest(ROWS) != features_digest(ROWS + 1)


def test_the_features_lie_beside_their_cache():
    assert str(features_path('/a/train.npz')) == '/a/train.features.npy'


def test_rows_written_in_any_order_are_the_whole_file(tmp_path):
    path = tmp_path / 'c.features.npy'
    for first in (150, 0, 60):
        write_rows(path, 200, first, ROWS[first : first + 90])
    np.testing.assert_array_equal(np.load(path), ROWS)
    opened = open_features(path, features_digest(ROWS))
    assert isinstance(opened, np.memmap)
    np.testing.assert_array_equal(opened, ROWS)


def test_other_missing_and_truncated_features_are_refused(tmp_path):
    path = tmp_path / 'c.features.npy'
    with pytest.raises(FileNotFoundError, match='--with-features'):
        open_features(path, '')
    np.save(path, ROWS)
    with pytest.raises(CacheError, match=r'stored with the cache \(none\)'):
        open_features(path, '')
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(CacheError, match='cannot be read'):
        open_features(path, features_digest(ROWS))
