import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers import NARROW, ROOT, SELFVERIFY, build_estimator
from integration_runs import SHORT, SHORT_TEST, mim

WORKER = Path(__file__).with_name('ddp_worker.py')


@pytest.mark.parametrize(
    'change',
    [
        'full_param_train=True',
        pytest.param('full_param_train=False', marks=pytest.mark.slow),
    ],
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


def launched(verb, root, folder, *options, processes=2):
    """Run mim with several processes; return where it wrote."""
    launcher = ('--launcher', 'pytorch', '--gpus', str(processes))
    mim(
        verb,
        str(ROOT / SELFVERIFY),
        *(launcher if processes > 1 else ()),
        '--work-dir',
        str(folder),
        *options,
        '--cfg-options',
        *NARROW,
        *SHORT,
        *SHORT_TEST,
        'train_cfg.max_epochs=1',
        'train_dataloader.dataset.indices=8',
        'train_dataloader.batch_size=2',
        'val_dataloader.dataset.indices=5',
        'test_dataloader.dataset.indices=5',
        cwd=folder,
        COCO_ROOT=str(root),
        OMP_NUM_THREADS='1',
    )


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason='for CPUs')
def test_the_launcher_works_without_a_gpu(synthetic_coco, tmp_path):
    """Five samples on two processes have the metrics of one process."""
    launched('train', synthetic_coco, tmp_path)
    metrics = []
    for processes in (1, 2):
        folder = tmp_path / f'test{processes}'
        folder.mkdir()
        given = ('--checkpoint', str(tmp_path / 'latest.pth'))
        launched('test', synthetic_coco, folder, *given, processes=processes)
        (log,) = folder.glob('*/????????_??????.json')
        metrics.append(json.loads(log.read_text()))
    one, two = ({k: v for k, v in m.items() if '/' in k} for m in metrics)
    assert 'trust/Brier' in one
    assert two == pytest.approx(one, nan_ok=True)
