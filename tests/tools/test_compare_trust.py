import json
import shutil
import subprocess
import sys

import pytest
from helpers import ROOT

from self_verify_pose.datasets.synthetic.generate import make_dataset

TOOL = ROOT / 'tools' / 'compare_trust.py'


@pytest.fixture(scope='module')
def drawn(tmp_path_factory):
    """Drawn people, and some of them again as a set for calibration."""
    root = tmp_path_factory.mktemp('drawn')
    make_dataset(root / 'coco', train=24, val=16, seed=0)
    calib = root / 'calib'
    make_dataset(root / 'other', train=16, val=1, seed=1)
    calib.mkdir()
    shutil.move(root / 'other' / 'train2017', calib / 'images')
    shutil.move(
        root / 'other' / 'annotations' / 'person_keypoints_train2017.json',
        calib / 'annotations.json',
    )
    return root


def run(*arguments):
    return subprocess.run(
        [sys.executable, '-W', 'ignore', str(TOOL), *map(str, arguments)],
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope='module')
def compared(drawn, tiny_files):
    config, checkpoint = tiny_files
    out = drawn / 'out'
    arguments = ['--config', config, '--checkpoint', checkpoint, '--out', out]
    arguments += ['--train', drawn / 'coco', '--calib', drawn / 'calib']
    arguments += ['--eval', drawn / 'coco', '--workers', 0, '--bootstrap', 5]
    arguments += ['--head-epochs', 1, '--hard-views', 1]
    done = run(*arguments)
    assert done.returncode == 0, done.stderr[-3000:]
    return arguments, out, done


def test_every_row_of_the_bench_is_there(compared):
    _, out, _ = compared
    results = json.loads((out / 'results.json').read_text())
    (found,) = results['sets'].values()
    names = ' '.join(found['scores'])
    for part in (
        'raw score, minimum',
        'raw score, mean',
        'peak',
        'entropy',
        'expected correctness',
        'mirrored view',
        'turned',
        'bone lengths',
        'FK teacher',
        'free teacher',
        'unified',
        'logistic regression',
        'gradient boosting',
        'TrustHead on rotation',
        'TrustHead on solvability',
        'TrustHead on unified',
        'TrustHead on strong views',
        'TrustHead on true correctness',
        'TrustHead on the mixture',
        'without strong views',
    ):
        assert part in names
    assert len(found['checks']) == 4
    assert {'AP', 'PCK@0.05'} <= found['pose'].keys()
    report = (out / 'results.md').read_text()
    for name in found['scores']:
        assert f'| {name} |' in report


def test_what_exists_is_not_made_again(compared):
    arguments, out, first = compared
    assert 'trained in' in first.stdout
    before = (out / 'results.json').read_text()
    again = run(*arguments)
    assert again.returncode == 0, again.stderr[-3000:]
    assert 'trained in' not in again.stdout
    same = json.loads((out / 'results.json').read_text())['sets']
    assert same == json.loads(before)['sets']


def test_training_images_are_refused_for_evaluation(drawn, tiny_files):
    config, checkpoint = tiny_files
    done = run(
        *('--config', config, '--checkpoint', checkpoint),
        *('--out', drawn / 'refused', '--train', drawn / 'coco'),
        *('--calib', drawn / 'calib', '--eval', drawn / 'calib'),
    )
    assert done.returncode == 2
    assert 'nothing is fitted to' in ' '.join(done.stderr.split())
    assert not (drawn / 'refused').exists()
