import re
import shlex
import subprocess
import sys

import pytest
from helpers import ROOT

from self_verify_pose.environment import (
    VARIABLES,
    read_count,
    read_switch,
    read_text,
)


def shell_values(**given: str):
    """Return exit code, values and messages as the run scripts get them."""
    done = subprocess.run(
        [sys.executable, '-I', '-S', str(ROOT / 'environment.py')],
        capture_output=True,
        text=True,
        env=given,
    )
    values = dict(
        word.split('=', 1) for word in shlex.split(done.stdout, posix=True)
    )
    return done.returncode, values, done.stderr


@pytest.mark.parametrize(
    ('name', 'value', 'expected'),
    [
        ('GPUS', '0', 'a whole number above 0'),
        ('GPUS', 'abc', 'a whole number above 0'),
        ('MAX_SAMPLES', '-1', 'a whole number above 0'),
        ('MAX_SAMPLES', '²', 'a whole number above 0'),
        ('FEATURES', 'yes', '0 or 1'),
        ('FORCE_CACHE', ' 1', '0 or 1'),
        ('TEACHER', 'magic', 'free or fk'),
    ],
)
def test_a_wrong_value_is_one_sentence(name, value, expected):
    code, values, errors = shell_values(**{name: value})
    assert code == 2
    assert name not in values
    (line,) = errors.splitlines()
    assert line.startswith(f'{name}: expected {expected}, found {value!r}; ')


def test_values_and_defaults_survive_the_shell():
    path = '/a b/it\'s $HOME \\ "q"'
    code, values, errors = shell_values(COCO_ROOT=path, WORK_DIR='', GPUS='2')
    assert (code, errors) == (0, '')
    assert values.keys() == VARIABLES.keys()
    assert values['COCO_ROOT'] == path
    assert values['WORK_DIR'] == ''
    assert values['GPUS'] == '2'
    assert values['POSE_CKPT'].startswith('checkpoints/rtmpose-s')


def test_values_have_their_types(monkeypatch):
    monkeypatch.setenv('FEATURES', '1')
    monkeypatch.setenv('MAX_SAMPLES', '7')
    monkeypatch.delenv('COCO_ROOT', raising=False)
    assert read_switch('FEATURES') is True
    assert read_count('MAX_SAMPLES') == 7
    assert read_text('COCO_ROOT') == 'data/coco/'
    assert read_text('CACHE_TRAIN') == ''


def test_the_documents_name_every_variable():
    pages = [ROOT / 'README.md', *ROOT.glob('docs/*.md')]
    pages += ROOT.glob('run_*.sh')
    text = '\n'.join(path.read_text() for path in pages)
    assert not [n for n in VARIABLES if not re.search(rf'\b{n}\b', text)]
