"""A script that is stopped ends its jobs and says how to continue."""

import os
import signal
import time
from pathlib import Path

import pytest
from script_runs import Stubbed

SCRIPT = 'run_train_selfverify.sh'
LONG = """
case $1 in *run_mim.py)
    {trap}
    sleep 300 &
    echo $$ $! >"$JOBS.pids"
    {more}
    wait; wait
esac
"""


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended may wait for init."""
    stat = Path(f'/proc/{pid}/stat')
    return (
        stat.exists() and stat.read_text().rsplit(')', 1)[1].split()[0] != 'Z'
    )


def stop(folder, number, trap='', more='', **variables):
    """Stop a script at its first training; return its end and its line."""
    job = LONG.replace('{trap}', trap).replace('{more}', more)
    stubbed = Stubbed(folder, job)
    process = stubbed.start(
        SCRIPT, '--cfg-options', "a='b c'", SYNTHETIC='1', **variables
    )
    pids = Path(f'{stubbed.jobs}.pids')
    while not (pids.exists() and pids.read_text().endswith('\n')):
        assert process.poll() is None
        time.sleep(0.02)
    begin = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert time.monotonic() - begin < 5
    time.sleep(0.05)
    assert not [
        pid for pid in map(int, pids.read_text().split()) if alive(pid)
    ]
    return process.returncode, errors


@pytest.mark.parametrize(
    ('number', 'code'),
    [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)],
)
def test_a_signal_ends_the_training_and_its_loaders(number, code, tmp_path):
    returned, errors = stop(tmp_path, number)
    assert returned == code
    assert errors.splitlines() == [
        '== stopped; to continue, with the same variables: bash '
        f"projects/self_verify_pose/{SCRIPT} --cfg-options a=\\'b\\ c\\'"
    ]


def test_a_job_that_does_not_end_is_ended(tmp_path):
    trap = 'trap "" TERM'
    assert stop(tmp_path, signal.SIGTERM, trap, grace='5')[0] == 143


def test_a_training_with_a_checkpoint_is_resumed(tmp_path):
    more = 'touch "${work%/warmup}/last_checkpoint"'
    _, errors = stop(tmp_path, signal.SIGTERM, more=more)
    assert errors.splitlines()[-1].rstrip().endswith('--resume')


def test_a_checkpoint_of_another_run_is_not_resumed(tmp_path):
    more = 'touch -d 2020-01-01 "${work%/warmup}/last_checkpoint"'
    _, errors = stop(tmp_path, signal.SIGTERM, more=more)
    assert '--resume' not in errors


def test_a_failed_job_ends_the_script_with_its_code(tmp_path):
    stubbed = Stubbed(tmp_path, 'exit 7')
    assert stubbed.run(SCRIPT)[0] == 7
    assert os.listdir(stubbed.root / 'data')
