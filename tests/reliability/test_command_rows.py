"""Each row of command_rows.py."""

import os
import re
import shlex
import signal
import subprocess
import time
import types
from pathlib import Path

import pytest
import torch
from command_rows import ROWS
from helpers import ROOT
from row import Row, check_message
from script_runs import Stubbed, alive

from self_verify_pose import environment
from self_verify_pose.engine.hooks import preflight
from self_verify_pose.engine.optim_constructor import (
    CheckedOptimWrapperConstructor,
)

TRAIN, TEST = 'run_train_selfverify.sh', 'run_test_selfverify.sh'
OFFLINE = 'run_offline_cached_trusthead.sh'
CASES = {}


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row.case)
def test_a_row(row, tmp_path, monkeypatch, capsys):
    if match := re.match(r'([A-Z_]+)=(.*)$', row.case):
        monkeypatch.setenv(match[1], match[2])
        assert environment.main() == 2
        check_message(row, capsys.readouterr().err)
    else:
        CASES[row.case](Case(row, tmp_path))


def case(name):
    def add(function):
        assert name not in CASES
        CASES[name] = function
        return function

    return add


class Case:
    """A row with a folder of its own, in which scripts run."""

    def __init__(self, row: Row, folder: Path) -> None:
        self.row, self.folder = row, folder

    def refused(self, script, *arguments, make=(), **variables):
        """Check that a script ends with the sentence, and starts no job."""
        stubbed = Stubbed(self.folder)
        for name in make:
            (stubbed.root / name).touch()
        code, _, errors = stubbed.run(script, *arguments, **variables)
        assert code == 2
        check_message(self.row, errors)
        assert not stubbed.ran()

    def stop(self, number=signal.SIGTERM, trap='', more='', **variables):
        """Stop a script while it trains; return its code and last line."""
        job = f"""case $1 in *run_mim.py)
            {trap}
            sleep 300 &
            {more}
            echo $$ $! >"$JOBS.pids"
            wait; wait
        esac"""
        stubbed = Stubbed(self.folder, job)
        process = stubbed.start(TRAIN, 'a b', SYNTHETIC='1', **variables)
        pids = Path(f'{stubbed.jobs}.pids')
        while not (pids.exists() and pids.read_text().endswith('\n')):
            assert process.poll() is None
            time.sleep(0.02)
        begin = time.monotonic()
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
        assert time.monotonic() - begin < 5
        assert not [p for p in pids.read_text().split() if alive(int(p))]
        (line,) = errors.splitlines()
        assert line.startswith('== stopped; to continue, with the same')
        assert f'self_verify_pose/{TRAIN} a\\ b' in line
        return process.returncode, line


def printed_values(capsys_text: str) -> dict[str, str]:
    return dict(word.split('=', 1) for word in shlex.split(capsys_text))


def shell_values(**given: str) -> dict[str, str]:
    """Return the variables as a script gets them."""
    done = subprocess.run(
        ['python3', '-I', '-S', str(ROOT / 'environment.py')],
        capture_output=True,
        text=True,
        env={'PATH': os.environ['PATH'], **given},
        check=True,
    )
    return printed_values(done.stdout)


@case('a path with quotes and backslashes')
def _(_case):
    path = '/a b/it\'s $HOME \\ "q"'
    assert shell_values(COCO_ROOT=path)['COCO_ROOT'] == path


@case('an empty variable')
def _(_case):
    values = shell_values(COCO_ROOT='', MAX_SAMPLES='')
    assert values['COCO_ROOT'] == 'data/coco/'
    assert values['MAX_SAMPLES'] == ''


@case('a wrong variable in a script')
def _(case):
    case.refused(TRAIN, GPUS='0')


@case('no COCO where COCO_ROOT says')
def _(case):
    case.refused(TRAIN, COCO_ROOT='/nowhere')


@case('a test without COCO')
def _(case):
    case.refused(TEST, 'pose.pth', make=['pose.pth'])


@case('an offline training without COCO')
def _(case):
    case.refused(OFFLINE, 'pose.pth', make=['pose.pth'])


@case('COCO_ROOT and SYNTHETIC=1')
def _(case):
    case.refused(TRAIN, COCO_ROOT='.', SYNTHETIC='1')


@case('a training without COCO')
def _(case):
    code, output, _ = Stubbed(case.folder).run(TRAIN)
    assert code == 0
    assert '== result on synthetic images' in output


@case('no pose checkpoint')
def _(case):
    case.refused(OFFLINE)


@case('a test of nothing')
def _(case):
    case.refused(TEST, 'nowhere.pth')


@case('a work directory without checkpoints')
def _(case):
    case.refused(TEST, '.')


@case('a file as work directory')
def _(case):
    case.refused(TRAIN, make=['FILE'], WORK_DIR='FILE', COCO_ROOT='.')


@case('TERM to a script')
def _(case):
    assert case.stop()[0] == 143


@case('Ctrl-C')
def _(case):
    assert case.stop(signal.SIGINT)[0] == 130


@case('HUP to a script')
def _(case):
    assert case.stop(signal.SIGHUP)[0] == 129


@case('a job that ignores TERM')
def _(case):
    # of tenths of a second, for the test
    assert case.stop(trap='trap "" TERM', grace='3')[0] == 143


@case('several processes that are stopped')
def _(case):
    launcher = 'trap "echo traceback >&2; exit 1" TERM'
    code, _ = case.stop(trap=launcher, more='setsid sleep 300 &')
    assert code == 143


@case('a stopped training with a checkpoint')
def _(case):
    _, line = case.stop(more='touch "${work%/warmup}/last_checkpoint"')
    assert line.endswith(' --resume')


@case('an old checkpoint in the work directory')
def _(case):
    old = 'touch -d 2020-01-01 "${work%/warmup}/last_checkpoint"'
    assert '--resume' not in case.stop(more=old)[1]


@case('a training that fails')
def _(case):
    stubbed = Stubbed(case.folder, 'exit 7')
    assert stubbed.run(TRAIN)[0] == 7
    assert len(stubbed.ran()) == 1


@case('an interrupted warm-up')
def _(case):
    stubbed = Stubbed(case.folder)
    warm = stubbed.root / 'work_dirs/self_verify_pose/selfverify_cycle/warmup'
    warm.mkdir(parents=True)
    (warm / 'last_checkpoint').touch()
    assert stubbed.run(TRAIN)[0] == 0
    first, second = (job for job in stubbed.ran() if 'run_mim' in job)
    assert '--resume' in first
    assert '--resume' not in second


FAKE_PYTHON = """#!/usr/bin/env bash
if [ "$1" = - ]; then
    if [[ $(cat) == *ensurepip* ]]; then echo "$0"; else exit 1; fi
elif [ "$1 $2" = '-m venv' ]; then
    sleep 300 &
    echo $$ $! >"$PIDS"
    wait
else
    echo "$0"
fi
"""


@case('a set-up that is stopped')
def _(case):
    script = case.folder / 'tools' / 'setup_env.sh'
    script.parent.mkdir()
    for name in ('setup_env.sh', 'jobs.sh', 'installed.py', 'constraints.txt'):
        (script.parent / name).write_text((ROOT / 'tools' / name).read_text())
    python, pids = case.folder / 'python', case.folder / 'pids'
    python.write_text(FAKE_PYTHON)
    python.chmod(0o755)

    def start():
        pids.unlink(missing_ok=True)
        process = subprocess.Popen(
            ['bash', str(script)],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, 'PYTHON': str(python), 'PIDS': str(pids)},
        )
        while not (pids.exists() and pids.read_text().endswith('\n')):
            assert process.poll() is None
            time.sleep(0.02)
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
        assert time.monotonic() - begin < 3
        assert not [p for p in pids.read_text().split() if alive(int(p))]
        assert process.returncode == 143
        assert errors.endswith(
            'setup_env: stopped; run this again to go on.\n'
        )
        return errors

    assert 'interrupted' not in start()
    assert 'the last set-up was interrupted' in start()


@case('a Python that does not run')
def _(case):
    done = subprocess.run(
        ['bash', str(ROOT / 'tools' / 'setup_env.sh')],
        capture_output=True,
        text=True,
        env={**os.environ, 'PYTHON': '/nowhere/python'},
    )
    assert done.returncode == 1
    check_message(case.row, done.stderr)


@case('a frozen network without weights')
def _(case):
    model = types.SimpleNamespace(full_param_train=False)
    loop = types.SimpleNamespace(dataloader=[])
    run = types.SimpleNamespace(_train_loop=loop)
    with pytest.raises(ValueError, match='load_from') as refused:
        preflight._check_frozen(model, run)
    check_message(case.row, str(refused.value))


@case('float16 on a CPU')
def _(case):
    if torch.cuda.is_available():
        pytest.skip('there is a GPU')
    with pytest.raises(ValueError, match='AmpOptimWrapper') as refused:
        CheckedOptimWrapperConstructor({'type': 'AmpOptimWrapper'})
    check_message(case.row, str(refused.value))


def test_every_row_has_a_case():
    names = {row.case for row in ROWS if '=' not in row.case}
    assert names <= CASES.keys() <= {row.case for row in ROWS}
