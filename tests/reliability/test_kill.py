"""Kill long jobs at random moments: they continue, and end the same.

KILLS=20 pytest tests/reliability/test_kill.py -m slow
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

JOBS = Path(__file__).with_name('long_jobs.py')
KILLS = int(os.environ.get('KILLS', '2'))


def start(job, folder, data):
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, '-W', 'ignore', str(JOBS), job, folder, data],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={
            **os.environ,
            'COCO_ROOT': str(data),
            'BACKBONE_INIT': 'none',
            'OMP_NUM_THREADS': '1',
        },
    )


def finish(job, folder, data):
    """Run to the end; return the seconds and what was made."""
    begun = time.monotonic()
    process = start(job, folder, data)
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    return time.monotonic() - begun, content(job, folder)


def content(job, folder):
    """Read what a job has made; broken files raise."""
    if job == 'train':
        for path in folder.glob('*.pth'):
            torch.load(path, weights_only=True)
        checkpoint = torch.load(folder / 'epoch_3.pth', weights_only=True)
        return {k: v.numpy() for k, v in checkpoint['state_dict'].items()}
    names = {'draw': 'images', 'cache': '.'}
    files = [p for p in (folder / names[job]).rglob('*') if p.is_file()]
    return {
        str(path.relative_to(folder)): np.frombuffer(path.read_bytes(), 'u1')
        for path in files
        if path.suffix in ('.jpg', '.json', '.npy', '.npz')
    }


@pytest.mark.slow
@pytest.mark.parametrize('job', ['draw', 'cache', 'train'])
def test_a_killed_job_continues(job, synthetic_coco, tmp_path):
    seconds, expected = finish(job, tmp_path / 'whole', synthetic_coco)
    moments = random.Random(job)
    for number in range(KILLS):
        folder = tmp_path / str(number)
        process = start(job, folder, synthetic_coco)
        moment = moments.uniform(0.2, 1) * seconds
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        for path in folder.glob('*.pth'):
            torch.load(path, weights_only=True)
        _, found = finish(job, folder, synthetic_coco)
        assert found.keys() == expected.keys(), moment
        for name, values in expected.items():
            assert np.array_equal(values, found[name]), (moment, name)
