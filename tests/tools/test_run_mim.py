import subprocess

import pytest
from helpers import load_tool


@pytest.mark.parametrize(
    ('returned', 'code'), [(2, 2), (1, 1), (-15, 143), (None, 0)]
)
def test_it_ends_as_the_command_that_mim_runs(returned, code, monkeypatch):
    tool = load_tool('run_mim')
    given = []

    def main(arguments, prog_name):
        given.append((arguments, prog_name))
        if returned is not None:
            raise subprocess.CalledProcessError(returned, 'train.py')

    monkeypatch.setattr(tool.cli, 'main', main)
    arguments = ['train', 'mmpose', 'config.py']
    assert tool.main(arguments) == code
    assert given == [(arguments, 'mim')]
