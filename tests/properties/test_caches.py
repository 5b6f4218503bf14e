"""What is saved in a cache is loaded from it, for any size and content."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trust_caches import example_columns, example_header

from self_verify_pose.datasets.trust_cache.cache_file import (
    load_cache,
    save_cache,
)
from self_verify_pose.datasets.trust_cache.feature_file import (
    features_digest,
    open_features,
    write_rows,
)
from self_verify_pose.datasets.trust_cache.parts import CacheParts

property_of = settings(max_examples=8, deadline=None)
texts = st.text(st.characters(codec='utf-8'), max_size=8)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('caches')


@property_of
@given(
    st.integers(1, 6),
    st.lists(texts, min_size=1, max_size=20, unique=True),
    st.dictionaries(texts, st.one_of(st.floats(-9, 9), st.booleans(), texts)),
    st.integers(0, 99),
)
def test_a_cache_is_loaded_as_it_was_saved(
    folder, samples, names, parameters, seed
):
    header = example_header(
        samples, keypoint_names=tuple(names), parameters=parameters
    )
    columns = example_columns(samples, len(names), seed)
    path = folder / 'cache.npz'
    save_cache(path, header, columns)
    content, cache = path.read_bytes(), load_cache(path)
    assert cache.header == header
    assert cache.columns.keys() == columns.keys()
    for name, values in columns.items():
        np.testing.assert_array_equal(cache.columns[name], values)
    save_cache(path, cache.header, cache.columns)
    assert path.read_bytes() == content


@property_of
@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.randoms())
def test_parts_in_any_order_are_the_whole(folder, sizes, random):
    whole = example_columns(sum(sizes))
    features = np.arange(sum(sizes) * 3, dtype='<f2').reshape(-1, 3)
    parts = CacheParts(folder / 'parts.npz', {}, sizes)
    ends = np.cumsum(sizes)
    order = list(range(len(sizes)))
    random.shuffle(order)
    with parts.reserve():
        parts.begin(resume=False)
        for part in order:
            rows = slice(ends[part] - sizes[part], ends[part])
            columns = {name: v[rows] for name, v in whole.items()}
            parts.save(part, columns, features[rows])
        for name, values in parts.collect().items():
            np.testing.assert_array_equal(values, whole[name])
        np.testing.assert_array_equal(parts.features(), features)
        parts.remove()


@property_of
@given(st.integers(1, 9), st.integers(1, 5), st.randoms())
def test_rows_of_features_in_any_order_are_the_whole(
    folder, count, width, random
):
    rows = np.arange(count * width, dtype='<f2').reshape(count, width)
    path = folder / 'rows.features.npy'
    path.unlink(missing_ok=True)
    order = list(range(count))
    random.shuffle(order)
    for row in order:
        write_rows(path, count, row, rows[row : row + 1])
    found = open_features(path, features_digest(rows))
    np.testing.assert_array_equal(found, rows)
