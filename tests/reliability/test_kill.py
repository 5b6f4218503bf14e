"""Kill long jobs at random moments: they continue, and end the same.

KILLS=20 bash tests/run.sh --all tests/reliability/test_kill.py -s
"""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

SERVER = Path(__file__).with_name('long_jobs.py')
KILLS = int(os.environ.get('KILLS', '2'))
READERS = {
    '.pth': lambda path: torch.load(path, weights_only=True),
    '.json': lambda path: json.loads(path.read_text()),
    '.npy': np.load,
    '.npz': lambda path: dict(np.load(path)),
    '.jpg': lambda path: cv2.imread(str(path)).shape,
}


@pytest.fixture(scope='module')
def run_job(tmp_path_factory):
    """Give a function that runs a job, and kills it after some seconds."""
    errors = tmp_path_factory.mktemp('jobs') / 'errors.txt'
    server = subprocess.Popen(
        [sys.executable, '-P', '-W', 'ignore', str(SERVER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors.open('w'),
        text=True,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
    )

    def run(job, folder, data, moment=None):
        folder.mkdir(exist_ok=True)
        print(job, folder, data, sep='\t', file=server.stdin, flush=True)
        group = int(server.stdout.readline())
        if moment is not None:
            time.sleep(moment)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        code = int(server.stdout.readline())
        assert code in (0, -signal.SIGKILL), errors.read_text()
        return code == 0

    yield run
    server.communicate()


def files(folder):
    """Return the files that a job has made, and that may be read.

    Logs, features of some persons in the folder of a cache that is
    being made, and images without the record of a complete set may not.
    """
    found = [p for p in folder.rglob('*') if p.suffix in READERS]
    if (folder / 'images' / 'synthetic.incomplete').exists():
        found = []
    return [
        path
        for path in found
        if 'vis_data' not in path.parts and path.name != 'features.npy'
    ]


def content(folder):
    """Return all numbers of the files in a folder, by file and name."""
    found = {}
    for path in files(folder):
        name = str(path.relative_to(folder))
        if path.suffix == '.pth':
            checkpoint = READERS['.pth'](path)
            state = checkpoint['state_dict']
            found.update({f'{name} {k}': v.numpy() for k, v in state.items()})
        else:
            found[name] = np.frombuffer(path.read_bytes(), 'u1')
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    'job', ['draw', 'cache', 'train', 'offline', 'stored']
)
def test_a_killed_job_continues(job, run_job, synthetic_coco, tmp_path):
    whole = tmp_path / 'whole'
    assert run_job(job, whole, synthetic_coco)
    begun = time.monotonic()
    assert run_job(job, tmp_path / 'again', synthetic_coco)
    seconds = time.monotonic() - begun
    expected = content(whole)
    moments, number, killed = random.Random(job), 0, 0
    while killed < KILLS:
        folder = tmp_path / str(number := number + 1)
        moment = moments.uniform(0, 1) * seconds
        killed += not run_job(job, folder, synthetic_coco, moment)
        for path in files(folder):
            READERS[path.suffix](path)
        assert run_job(job, folder, synthetic_coco)
        found = content(folder)
        assert found.keys() == expected.keys(), moment
        for name, values in expected.items():
            assert np.array_equal(values, found[name]), (moment, name)
    print(f'KILLS {job}: {killed} of {number} runs, of {seconds:.0f} s')
