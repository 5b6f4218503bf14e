import dataclasses
import json

import numpy as np
import pytest
from helpers import ROOT
from trust_caches import example_columns, example_header

from self_verify_pose.datasets.trust_cache.cache_file import load_cache
from self_verify_pose.datasets.trust_cache.files import write_npz
from self_verify_pose.datasets.trust_cache.schema import (
    CacheError,
    parse_header,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'cache.npz'


def spoiled(path, header=None, **changes):
    """Write a cache past all checks; None removes an array."""
    arrays = {**example_columns(), **changes}
    arrays['header'] = np.array(header or example_header().to_json())
    write_npz(path, {k: v for k, v in arrays.items() if v is not None})


def test_a_cache_of_the_first_release_is_loaded():
    cache = load_cache(ROOT / 'tests/behavior/cache_0.1.0.npz')
    assert cache.header == example_header()
    for name, values in example_columns().items():
        np.testing.assert_array_equal(cache.columns[name], values)


def test_the_header_is_that_of_the_first_release():
    path = ROOT / 'tests/behavior/cache_0.1.0.npz'
    with np.load(path) as archive:
        assert str(archive['header']) == example_header().to_json()
    header = example_header(features='f00')
    assert json.loads(header.to_json())['evidence'] == 'f00'
    assert parse_header(path, header.to_json()) == header


def test_unknown_and_missing_header_fields_are_named(tmp_path):
    fields = example_header().to_dict() | {'color': 'red'}
    del fields['evidence']
    with pytest.raises(CacheError, match=r"'evidence'.*found .*'color'"):
        parse_header(tmp_path / 'cache.npz', json.dumps(fields))


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
