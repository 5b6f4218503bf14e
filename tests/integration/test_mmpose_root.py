"""The commands of a user who works in the root of an MMPose checkout.

mim train from there is tested by test_main_job.py.
"""

import os
import subprocess
import sys
from pathlib import Path

import mmpose
import pytest
from helpers import ROOT

from self_verify_pose.datasets.trust_cache.cache_file import load_cache

SCRIPTS = 'bash projects/self_verify_pose/run_'
RUN = 'work_dirs/self_verify_pose/selfverify_cycle'
OFFLINE = 'work_dirs/self_verify_pose/offline_cached_trusthead'
CACHE = 'work_dirs/self_verify_pose/cache/train_sol.npz'
CHECKPOINT = './checkpoints/rtmpose-s_simcc-coco_256x192.pth'


@pytest.fixture(scope='module')
def checkout(tmp_path_factory, synthetic_coco, plain_checkpoint) -> Path:
    """Return the root: MMPose's files, this repository, weights, COCO."""
    root = tmp_path_factory.mktemp('mmpose_root')
    package = Path(mmpose.__file__).parent
    (root / 'mmpose').symlink_to(package)
    for name in ('configs', 'tools', 'demo'):
        (root / name).symlink_to(package / '.mim' / name)
    for name in ('projects', 'checkpoints', 'data'):
        (root / name).mkdir()
    (root / 'projects' / 'self_verify_pose').symlink_to(ROOT)
    (root / CHECKPOINT).symlink_to(plain_checkpoint)
    (root / 'data' / 'coco').symlink_to(synthetic_coco)
    return root


def run(checkout: Path, command: str) -> str:
    """Run a command as it is written; return what it prints."""
    scripts = Path(sys.executable).parent
    given = {k: v for k, v in os.environ.items() if k != 'COCO_ROOT'}
    done = subprocess.run(
        command,
        shell=True,
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=1200,
        env={
            **given,
            'PATH': f'{scripts}{os.pathsep}{given["PATH"]}',
            'PYTHON': sys.executable,
            'BACKBONE_INIT': 'none',  # no download
        },
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def outside(root: Path) -> set[str]:
    """Names in the folders of the repository that runs could write to."""
    folders = (root, root / 'work_dirs', root / 'data')
    return {str(path) for folder in folders for path in folder.glob('*')}


@pytest.mark.slow
def test_the_commands_work_as_written(checkout):
    before = outside(ROOT)
    printed = run(checkout, f'{SCRIPTS}train_selfverify.sh')
    assert '== result on COCO' in printed
    for name in ('latest.pth', 'curves.png', 'pictures/worst.png'):
        assert (checkout / RUN / name).exists(), name

    printed = run(checkout, f'{SCRIPTS}test_selfverify.sh {RUN}/latest.pth')
    assert 'AUROC' in printed.split('== result on COCO')[1]

    command = f'{SCRIPTS}offline_cached_trusthead.sh {CHECKPOINT}'
    printed = run(checkout, command)
    assert 'AUROC' in printed.split('== result on COCO')[1]
    assert len(load_cache(checkout / CACHE)) == 23
    assert (checkout / OFFLINE / 'latest.pth').exists()
    assert outside(ROOT) == before
