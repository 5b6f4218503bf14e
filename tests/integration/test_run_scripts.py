import os
import subprocess
import sys

import pytest
from helpers import ROOT
from integration_runs import SHORT, SHORT_TEST

from self_verify_pose.metrics.evaluation.io.dump import read_dump


def run(script, *arguments, cwd='/', **environment):
    return subprocess.run(
        ['bash', str(ROOT / script), *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=900,
        env={
            **os.environ,
            'PYTHON': sys.executable,
            'BACKBONE_INIT': 'none',
            **environment,
        },
    )


@pytest.mark.slow
def test_train_then_test_by_work_directory(tmp_path, synthetic_coco):
    work = tmp_path / 'work'
    trained = run(
        'run_train_selfverify.sh',
        '--cfg-options',
        *SHORT,
        'train_cfg.max_epochs=1',
        'train_dataloader.dataset.indices=16',
        'val_dataloader.dataset.indices=12',
        cwd=tmp_path,
        COCO_ROOT=str(synthetic_coco),
        WORK_DIR='work',
    )
    assert trained.returncode == 0, trained.stderr[-2000:]
    for name in ('latest.pth', 'curves.png', 'pictures/worst.png'):
        assert (work / name).stat().st_size > 10_000
        assert str(work / name) in trained.stdout
    assert 'raw score' in trained.stdout.split('== result')[1]
    assert 'with FAST=1 a step takes' in trained.stderr

    tested = run(
        'run_test_selfverify.sh',
        str(work),
        '--cfg-options',
        *SHORT_TEST,
        'test_dataloader.dataset.indices=12',
        'model.test_cfg.extra_scores=True',
        '--dump',
        'preds.pkl',
        cwd=tmp_path,
        COCO_ROOT=str(synthetic_coco),
    )
    assert tested.returncode == 0, tested.stderr[-2000:]
    assert 'best_coco_AP_epoch_1.pth' in tested.stdout
    assert 'selfverify_cycle_rtmpose_s' in tested.stdout
    assert 'AUROC' in tested.stdout.split('== result')[1]
    samples = read_dump(tmp_path / 'preds.pkl')
    assert len(samples) == 12
    assert 'simcc_expected' in samples[0]['pred_instances']


def test_the_test_script_explains_itself_without_arguments():
    done = run('run_test_selfverify.sh')
    assert done.returncode == 2
    assert 'CHECKPOINT|WORK_DIR' in done.stderr


@pytest.mark.parametrize('make', [False, True])
def test_the_test_script_names_what_it_did_not_find(make, tmp_path):
    given = tmp_path / 'work'
    if make:
        given.mkdir()
    done = run('run_test_selfverify.sh', str(given))
    assert done.returncode == 2
    assert 'expected' in done.stderr
    assert str(given) in done.stderr


def test_a_wrong_coco_root_stops_the_training_script(tmp_path):
    done = run(
        'run_train_selfverify.sh',
        COCO_ROOT=str(tmp_path / 'nowhere'),
        WORK_DIR=str(tmp_path / 'work'),
    )
    assert done.returncode == 2
    assert str(tmp_path / 'nowhere') in done.stderr


@pytest.mark.parametrize('verb', ['train', 'test'])
def test_the_wandb_scripts_are_the_same_with_wandb_on(verb):
    text = (ROOT / f'run_{verb}_selfverify_wandb.sh').read_text()
    (command,) = [
        line for line in text.splitlines() if not line.startswith('#')
    ]
    assert command.startswith('USE_WANDB=1 exec bash')
    assert f'run_{verb}_selfverify.sh' in command
