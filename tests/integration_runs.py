"""Real runs of mim train and mim test."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from filelock import FileLock
from helpers import ROOT

# small enough for minutes on two cores, the real config otherwise
SHORT = (
    'train_cfg.max_epochs=2',
    'train_dataloader.dataset.indices=8',
    'train_dataloader.batch_size=4',
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
    'val_dataloader.dataset.indices=8',
    'val_dataloader.num_workers=0',
    'val_dataloader.persistent_workers=False',
    'default_hooks.logger.interval=1',
)
SHORT_TEST = (
    'test_dataloader.dataset.indices=8',
    'test_dataloader.num_workers=0',
    'test_dataloader.persistent_workers=False',
)
# what every trust metric reports, and what a self-verify training logs
TRUST = ('AUROC', 'AUPR', 'AUPR_error', 'ECE', 'ECE_mass', 'Brier')
TRUST += ('Acc@0.5', 'PosRate', 'AURC', 'AUGRC')
LOGGED = (
    'loss',
    'loss_kpt',
    'loss_consistency_rot',
    'loss_trust',
    'rot_inconsistency_mean',
    'trust_pred_mean',
)


def mim(
    verb, config, *arguments, cwd='/', check=True, tool=None, **environment
):
    """Run mim, or a tool in its place, with quiet warnings."""
    program = ('-m', 'mim') if tool is None else (tool,)
    return subprocess.run(
        [sys.executable, *program, verb, 'mmpose', config, *arguments],
        cwd=cwd,
        check=check,
        capture_output=True,
        text=True,
        timeout=900,
        env={
            **os.environ,
            'PYTHONWARNINGS': 'ignore',
            'BACKBONE_INIT': 'none',
            **environment,
        },
    )


def train_once(factory, name, config, data_root, *options, **environment):
    """Train for the tests of all processes of pytest-xdist, once."""
    base = factory.getbasetemp()
    if 'PYTEST_XDIST_WORKER' in os.environ:
        base = base.parent
    folder = base / name
    log = folder / 'log.txt'
    with FileLock(f'{folder}.lock'):
        if not log.exists():
            folder.mkdir()
            done = train(folder, config, data_root, *options, **environment)
            log.write_text(done.log)
    return SimpleNamespace(work_dir=folder / 'work', log=log.read_text())


def train(folder, config, data_root, *options, **environment):
    """Train for two short epochs, from another folder."""
    done = mim(
        'train',
        str(ROOT / config),
        '--work-dir',
        str(folder / 'work'),
        '--cfg-options',
        *SHORT,
        *options,
        cwd=folder,
        COCO_ROOT=str(data_root),
        **environment,
    )
    return SimpleNamespace(work_dir=folder / 'work', log=done.stdout)


def scalars(work_dir: Path) -> list[dict]:
    """Read what the only run in a work directory has logged."""
    (log,) = work_dir.glob('*/vis_data/scalars.json')
    return [json.loads(line) for line in log.read_text().splitlines()]
