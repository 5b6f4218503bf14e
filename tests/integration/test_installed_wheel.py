"""The conventions of mim, from an installed wheel in an empty folder."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from helpers import NARROW
from integration_runs import SHORT
from packaging_files import build_wheel

SELFVERIFY = 'selfverify_cycle_rtmpose_s_1x32g_coco-256x192'
FAST = (
    *(*SHORT, *NARROW, 'train_cfg.max_epochs=1'),
    'train_dataloader.dataset.indices=8',
    'val_dataloader.dataset.indices=4',
    'custom_hooks.1.switch_epoch=0',
)
INFER = """
import sys
import self_verify_pose.registry
from mmengine.config import Config
from mmpose.apis import MMPoseInferencer
from self_verify_pose.apis import TrustInferencer
name, weights, photo = sys.argv[1:]
for kind in (MMPoseInferencer, TrustInferencer):
    inferencer = kind(
        name, weights, scope='self_verify_pose', device='cpu',
        det_model='whole_image',
    )
    (result,) = inferencer(photo, out_dir='out')
    person = result['predictions'][0][0]
    print(kind.__name__, len(person.get('keypoint_trust', ())))
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def python(tmp_path_factory) -> Path:
    """Return the Python of an environment with the wheel.

    It sees the packages of this one, but not this repository.
    """
    folder = tmp_path_factory.mktemp('installed')
    environment = folder / 'environment'
    subprocess.run(
        [sys.executable, '-m', 'venv', '--without-pip', str(environment)],
        check=True,
    )
    python = environment / 'bin' / 'python'
    site = Path(
        subprocess.run(
            [
                *(python, '-c'),
                'import sysconfig; print(sysconfig.get_path("purelib"))',
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
    )
    packages = [sysconfig.get_path('purelib'), sysconfig.get_path('platlib')]
    packages += [path for path in sys.path if path.endswith('site-packages')]
    (site / 'shared.pth').write_text('\n'.join(dict.fromkeys(packages)))
    subprocess.run(
        [
            *(sys.executable, '-m', 'pip', '--python', str(python)),
            *('install', '--quiet', '--no-deps', '--no-index'),
            str(build_wheel(folder)),
        ],
        check=True,
    )
    return python


def run(python: Path, cwd: Path, *arguments: str, **given: str) -> str:
    hidden = ('PYTHONPATH', 'COCO_ROOT')
    environment = {k: v for k, v in os.environ.items() if k not in hidden}
    done = subprocess.run(
        [str(python), '-W', 'ignore', *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=900,
        env={**environment, 'BACKBONE_INIT': 'none', **given},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def lines(printed: str) -> set[str]:
    return set(printed.splitlines())


def test_mim_finds_the_models(python, tmp_path):
    found = run(python, tmp_path, '-m', 'mim', 'search', 'self_verify_pose')
    assert f'config id: {SELFVERIFY}' in found
    assert 'config id: trust-mixture_simplepose' in found


def test_mim_trains_a_config_by_its_name_and_the_inferencers_take_it(
    python, tmp_path, synthetic_coco, photo
):
    printed = run(
        *(python, tmp_path, '-m', 'mim', 'train', 'self_verify_pose'),
        *(f'{SELFVERIFY}.py', '--work-dir', 'work', '--cfg-options', *FAST),
        COCO_ROOT=str(synthetic_coco),
    )
    assert '.mim/tools/train.py' in printed
    weights = tmp_path / 'work' / 'latest.pth'
    assert weights.is_file()
    (config,) = (tmp_path / 'work').glob('*.py')
    tested = run(
        *(python, tmp_path, '-m', 'mim', 'test', 'self_verify_pose'),
        *(str(config), '--checkpoint', str(weights)),
        COCO_ROOT=str(synthetic_coco),
    )
    assert 'trust/AUROC' in tested
    # by the path of the config, whose network is narrower than the named one
    printed = run(
        *(python, tmp_path, '-c', INFER, str(config), str(weights)),
        str(photo),
    )
    assert {'MMPoseInferencer 0', 'TrustInferencer 17'} <= lines(printed)


def test_the_inferencers_take_the_name_of_a_config(python, tmp_path, photo):
    make = (
        'import sys, torch\n'
        'import self_verify_pose.registry as registry\n'
        'from mmengine.config import Config\n'
        'from mmengine.infer import BaseInferencer as Base\n'
        'from mmpose.apis import init_model\n'
        "names = Base.list_models('self_verify_pose')\n"
        'assert sys.argv[1] in names\n'
        "folder = Base._get_repo_or_mim_dir('self_verify_pose')\n"
        "config = f'{folder}/configs/{sys.argv[1]}.py'\n"
        "model = init_model(config, device='cpu')\n"
        "torch.save({'state_dict': model.state_dict()}, 'weights.pth')\n"
    )
    run(python, tmp_path, '-c', make, SELFVERIFY)
    printed = run(
        *(python, tmp_path, '-c', INFER, SELFVERIFY, 'weights.pth'),
        str(photo),
    )
    assert {'MMPoseInferencer 0', 'TrustInferencer 17'} <= lines(printed)


def test_a_config_of_the_user_builds_on_those_of_the_package(python, tmp_path):
    base = 'mmpose::body_2d_keypoint/rtmpose/coco/'
    (tmp_path / 'mine.py').write_text(
        f"_base_ = ['{base}rtmpose-s_8xb256-420e_coco-256x192.py',\n"
        "    'self_verify_pose::_base_/attach_trust.py']\n"
        'model, custom_imports, custom_hooks = _base_.frozen_trust\n'
    )
    read = (
        'import self_verify_pose.registry\n'
        'from mmengine.config import Config\n'
        "print(Config.fromfile('mine.py').model.type)"
    )
    printed = run(python, tmp_path, '-c', read)
    assert printed.endswith('SelfVerifyTopdown\n')
