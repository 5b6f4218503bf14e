import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers import ROOT, build_estimator

WORKER = Path(__file__).with_name('ddp_worker.py')


@pytest.mark.parametrize(
    'change', ['full_param_train=True', 'full_param_train=False']
)
def test_two_processes_train_one_model(tmp_path, change):
    """Every rank has its own crops and angles; all end with one model."""
    done = subprocess.run(
        [
            *(sys.executable, '-m', 'torch.distributed.run'),
            *('--standalone', '--nproc_per_node=2'),
            *(str(WORKER), str(tmp_path), change),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        env={
            **os.environ,
            'OMP_NUM_THREADS': '1',
            'PYTHONPATH': os.pathsep.join(
                [str(ROOT / 'tests'), os.environ.get('PYTHONPATH', '')]
            ),
        },
    )
    assert done.returncode == 0, done.stderr
    first, second = (
        torch.load(tmp_path / f'rank{rank}.pth', weights_only=True)
        for rank in range(2)
    )
    name, value = change.split('=')
    start = dict(build_estimator(**{name: value == 'True'}).named_parameters())
    changed = set()
    for key, weight in first.items():
        assert torch.equal(weight, second[key]), key
        if not torch.equal(weight, start[key]):
            changed.add(key.split('.')[0])
    everything = {'backbone', 'head', 'trust_head'}
    assert changed == (everything if value == 'True' else {'trust_head'})
