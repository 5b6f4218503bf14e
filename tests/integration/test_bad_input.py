"""Wrong input stops before training, with one sentence that helps."""

import shutil

import pytest
import torch
from helpers import BASELINE, ROOT, SELFVERIFY
from integration_runs import mim

from self_verify_pose.datasets.synthetic import make_dataset


@pytest.fixture(scope='module')
def drawn(tmp_path_factory):
    root = tmp_path_factory.mktemp('bad') / 'drawn'
    make_dataset(root, train=4, val=2)
    return root


def refused(config, folder, root, *options) -> str:
    """Start a training that must fail; return the last line it prints."""
    done = mim(
        'train',
        str(ROOT / config),
        '--work-dir',
        str(folder / 'work'),
        '--cfg-options',
        'train_dataloader.num_workers=0',
        'train_dataloader.persistent_workers=False',
        *options,
        cwd=folder,
        check=False,
        tool=str(ROOT / 'tools' / 'run_mim.py'),
        COCO_ROOT=str(root),
    )
    assert done.returncode == 2
    assert 'Epoch(train)' not in done.stdout
    assert 'train_pipeline = [' not in done.stdout  # no config
    assert 'Traceback' not in done.stderr
    message = done.stderr.splitlines()[-1]
    assert 'expected' in message
    assert 'found' in message
    return message


def test_a_missing_data_folder(tmp_path):
    message = refused(SELFVERIFY, tmp_path, tmp_path / 'nowhere')
    assert str(tmp_path / 'nowhere') in message
    assert 'set COCO_ROOT' in message


@pytest.mark.slow
def test_a_missing_annotation_file(tmp_path, drawn):
    root = shutil.copytree(drawn, tmp_path / 'data')
    name = 'annotations/person_keypoints_val2017.json'
    (root / name).unlink()
    assert name in refused(BASELINE, tmp_path, root)


@pytest.mark.slow
def test_an_unreadable_checkpoint(tmp_path, drawn):
    path = tmp_path / 'broken.pth'
    path.write_bytes(b'PK\x03\x04 and nothing more')
    message = refused(SELFVERIFY, tmp_path, drawn, f'load_from={path}')
    assert str(path) in message
    assert 'cannot be read' in message


@pytest.mark.slow
@pytest.mark.parametrize('config', [SELFVERIFY, BASELINE])
def test_a_checkpoint_of_another_architecture(config, tmp_path, drawn):
    path = tmp_path / 'other.pth'
    torch.save({'state_dict': {'backbone.conv.weight': torch.zeros(3)}}, path)
    message = refused(config, tmp_path, drawn, f'load_from={path}')
    assert 'architecture' in message
    assert str(path) in message


@pytest.mark.slow
@pytest.mark.parametrize(
    ('option', 'parts'),
    [
        ('model.consistency_cfg.max_dg=30', ["'max_dg'"]),
        ('model.trust_cfg.source=magic', ["'consistency'", "'magic'"]),
        ('model.consistency_cfg.max_deg=181', ['between 0 and 180', '181']),
        ('train_dataloder.batch_size=4', ["'train_dataloder'"]),
    ],
)
def test_a_wrong_option(option, parts, tmp_path, drawn):
    message = refused(SELFVERIFY, tmp_path, drawn, option)
    for part in parts:
        assert part in message
