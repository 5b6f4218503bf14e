"""Each row of file_rows.py."""

import os
import pickle

import numpy as np
import pytest
import torch
from file_rows import ROWS
from prediction_files import write_all
from row import check_message

from self_verify_pose.metrics.evaluation.io.reading import read_predictions


class Command:
    """A value whose pickle runs a command."""

    def __reduce__(self):
        return os.system, ('touch executed',)


class Storage:
    """A tensor whose storage is another pickle."""

    def __reduce__(self):
        return torch.storage._load_from_bytes, (pickle.dumps(Command()),)


def dump_of(content):
    """Make a case that reads a dump with this content."""

    def read(folder):
        path = folder / 'preds.pkl'
        if callable(content):
            path.write_bytes(content(folder))
        else:
            path.write_bytes(pickle.dumps(content))
        with pytest.raises(ValueError) as raised:
            read_predictions(path)
        assert not (folder / 'executed').exists()
        return str(raised.value)

    return read


def half_a_dump(folder):
    content = write_all(folder)['pkl'].read_bytes()
    return content[: len(content) // 2]


CASES = {
    'a dump that runs a command': dump_of(Command()),
    'a dump with Python objects': dump_of([np.array([{}], object)]),
    'a tensor that runs a command': dump_of(Storage()),
    'a dump cut off': dump_of(half_a_dump),
}


@pytest.mark.filterwarnings('ignore')  # torch's, about a broken storage
@pytest.mark.parametrize('row', ROWS, ids=lambda row: row.case)
def test_row(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = CASES[row.case](tmp_path)
    if row.message is not None:
        check_message(row, found.replace(f'{tmp_path}/', ''))
