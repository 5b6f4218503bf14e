import collections
import os
import pickle
import sys

import numpy as np
import pytest
import torch

from self_verify_pose.metrics.evaluation.io.dump_pickle import read_pickle

VALUES = {
    'plain': (1, 2.5, 'x', None, True, ['', '\x00\xff'], {'a': {1, 2}}),
    'ordered': collections.OrderedDict(a=1),
    'array': np.arange(6, dtype='f4').reshape(2, 3),
    'fortran': np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    'other byte order': np.arange(3, dtype='>f8'),
    'text': np.array(['ab', 'c']),
    'empty': np.zeros((0, 4)),
    'no axis': np.array(3),
    'float': np.float32(2.5),
    'integer': np.int64(3),
    'boolean': np.bool_(True),
    'tensor': torch.arange(6.0).reshape(2, 3).T,
    'part of a tensor': torch.arange(10)[2:5],
    'bfloat16': torch.ones(3, dtype=torch.bfloat16),
}


@pytest.mark.parametrize('protocol', range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize('case', VALUES)
def test_what_a_dump_may_hold_is_read(case, protocol, tmp_path):
    value = VALUES[case]
    path = tmp_path / 'dump.pkl'
    path.write_bytes(pickle.dumps([value, value], protocol))
    found = read_pickle(path)[0]
    if isinstance(value, torch.Tensor):
        value = value.float() if case == 'bfloat16' else value
        value = value.numpy()
    if isinstance(value, np.ndarray | np.generic):
        np.testing.assert_array_equal(found, value)
        assert found.dtype.newbyteorder('=') == value.dtype.newbyteorder('=')
    else:
        assert found == value


class _Call:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class _Tensor:
    """A tensor whose storage is a pickle of its own."""

    def __reduce__(self):
        inner = pickle.dumps(_Call(os.system, 'touch executed'))
        return torch.storage._load_from_bytes, (inner,)


FORBIDDEN = {
    'a command': _Call(os.system, 'touch executed'),
    'code': _Call(eval, "open('executed', 'w')"),
    'getattr': _Call(getattr, 'a', 'upper'),
    'an import': _Call(__import__, 'this'),
    'a file': _Call(open, 'executed', 'w'),
    'objects': np.array([{}, None], object),
    'structured': np.zeros(2, [('a', 'f4')]),
    'dates': np.zeros(2, 'M8[s]'),
    'text in another encoding': _Call(
        __import__('_codecs').encode, 'a', 'rot13'
    ),
    'within a tensor': _Tensor(),
}


@pytest.mark.parametrize('case', FORBIDDEN)
def test_nothing_else_is_read_or_run(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / 'dump.pkl'
    path.write_bytes(pickle.dumps(FORBIDDEN[case]))
    before = set(sys.modules)
    with pytest.raises(Exception) as raised:
        read_pickle(path)
    assert not (tmp_path / 'executed').exists()
    assert 'this' not in set(sys.modules) - before
    if case != 'within a tensor':  # torch refuses that itself
        assert 'not plain values and arrays alone' in str(raised.value)


@pytest.mark.parametrize(
    'content',
    [
        # an attribute of a function of the table
        b"c_codecs\nencode\n(N}S'__doc__'\nNstb.",
        # a name of the table used as something else
        b'cnumpy\nndarray\n(tR.',
        b'cnumpy\ndtype\n(tR.',
        b"cnumpy.core.multiarray\n_reconstruct\n(tR(I1\n(I9\ntNI00\nS''\ntb.",
    ],
)
def test_parts_of_arrays_are_checked(content, tmp_path):
    path = tmp_path / 'dump.pkl'
    path.write_bytes(content)
    with pytest.raises(Exception):  # noqa: B017
        read_pickle(path)
