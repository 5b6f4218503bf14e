import shutil

import numpy as np
import pytest
import torch
from helpers import (
    BASELINE,
    NARROW,
    ROOT,
    SELFVERIFY,
    build_estimator,
    load_config,
    load_tool,
    narrow,
)
from mmengine.logging import HistoryBuffer
from training_steps import with_random_residual

from self_verify_pose.datasets.coco_instances import build_split
from self_verify_pose.datasets.synthetic import make_dataset
from self_verify_pose.engine.checkpoint import load_estimator, read_checkpoint
from self_verify_pose.engine.evaluation import evaluate_dataset, joint_scores
from self_verify_pose.metrics.functional import auroc, ece

TRUST = 'keypoint_trust'
MAPS = [f'trust_head.calibration.{n}' for n in ('inputs', 'outputs')]


@pytest.fixture(scope='module')
def tool():
    return load_tool('calibrate_trust')


@pytest.fixture(scope='module')
def data_root(tmp_path_factory):
    """Return synthetic data; training images again as a plain folder."""
    root = tmp_path_factory.mktemp('calibrate') / 'data'
    make_dataset(root, train=12, val=10)
    shutil.copytree(root / 'train2017', root / 'calib/images')
    shutil.copy(
        root / 'annotations/person_keypoints_train2017.json',
        root / 'calib/annotations.json',
    )
    return root


def evaluated(state, data_root, ann=None):
    """Trust and correctness of the joints of a data set."""
    config = load_config(SELFVERIFY, data_root)
    narrow(config.model)
    model = load_estimator(config, state, 'x.pth', trust=True)
    data = build_split(config, 'val', ann)
    return joint_scores(evaluate_dataset(model, data, [TRUST], 0.3)[TRUST])


def last(state, kind):
    """Name of the parameter that gives the logit of a joint."""
    names = [n for n in state if n.startswith('trust_head') and kind in n]
    return [n for n in names if len(state[n]) == 1][-1]


@pytest.fixture(scope='module')
def checkpoint(data_root):
    """Return a checkpoint as mmengine writes it, from before calibration."""
    model = build_estimator()
    with_random_residual(model.trust_head).anchor.scale.zero_()
    state = model.state_dict()
    if (
        auroc(
            *evaluated(state, data_root, data_root / 'calib/annotations.json')
        )
        < 0.5
    ):
        state[last(state, 'weight')] *= -1
    # overconfident
    state[last(state, 'bias')] += 3
    state = {k: v for k, v in state.items() if k not in MAPS}
    path = data_root / 'run.pth'
    content = {
        'meta': {'epoch': 3, 'cfg': 'text'},
        'state_dict': state,
        'ema_state_dict': {f'module.{k}': v for k, v in state.items()},
        'message_hub': {'loss': HistoryBuffer([1.0], [1])},
        'optimizer': {'state': {0: {'step': torch.tensor(4.0)}}},
    }
    torch.save(content, path)
    return path


@pytest.fixture(autouse=True)
def environment(monkeypatch, data_root):
    monkeypatch.setenv('COCO_ROOT', str(data_root))
    monkeypatch.setenv('BACKBONE_INIT', 'none')
    monkeypatch.setenv('COLUMNS', '200')


def arguments(data_root, checkpoint, out, *more):
    return [
        *(str(ROOT / SELFVERIFY), str(checkpoint), '--out', str(out)),
        *('--workers', '0', '--dist-thr', '0.3', *more),
        *('--cfg-options', *NARROW),
    ]


def fit_on_folder(data_root):
    return '--ann', str(data_root / 'calib/annotations.json')


@pytest.mark.parametrize('method', ['temperature', 'isotonic'])
def test_map_is_stored_in_a_copy_of_the_checkpoint(
    method, tool, data_root, checkpoint, tmp_path, capsys
):
    before, out = checkpoint.read_bytes(), tmp_path / 'new.pth'
    call = arguments(
        data_root,
        checkpoint,
        out,
        *fit_on_folder(data_root),
        '--method',
        method,
    )
    assert tool.main(call) == 0
    assert checkpoint.read_bytes() == before
    old, new = read_checkpoint(checkpoint), read_checkpoint(out)
    for part, prefix in (('state_dict', ''), ('ema_state_dict', 'module.')):
        assert set(new[part]) - set(old[part]) == {
            f'{prefix}{name}' for name in MAPS
        }
        for name, value in old[part].items():
            assert torch.equal(value, new[part][name]), name
    about = new['meta'].pop('trust_calibration')
    assert about['method'] == method
    assert about['dist_thr'] == 0.3
    assert new['meta'] == old['meta']
    assert new['optimizer'] == old['optimizer']
    assert list(new['message_hub']) == ['loss']
    assert set(new) == set(old)

    # the printed metrics are those of the two checkpoints
    shown = capsys.readouterr().out
    (row,) = (line for line in shown.splitlines() if 'equal width' in line)
    figures = [float(word) for word in row.split() if word[:2] == '0.']
    expected = [
        ece(*evaluated(c['state_dict'], data_root), 15) for c in (old, new)
    ]
    np.testing.assert_allclose(figures, expected, atol=0.00051)
    assert figures[1] < figures[0] - 0.1


@pytest.mark.parametrize(
    'same',
    [
        ('--split', 'val'),
        ('--split', 'val', '--report-split', 'test'),
        ('--ann', 'calib/annotations.json', '--report-ann', 'copy.json'),
    ],
)
def test_reporting_on_the_fitted_data_fails(
    same, tool, data_root, checkpoint, tmp_path, capsys
):
    shutil.copy(data_root / 'calib/annotations.json', data_root / 'copy.json')
    same = [str(data_root / s) if s.endswith('json') else s for s in same]
    if '--report-ann' in same:
        same += ['--report-images', str(data_root / 'train2017')]
    out = tmp_path / 'new.pth'
    assert tool.main(arguments(data_root, checkpoint, out, *same)) == 2
    assert 'the same annotations' in capsys.readouterr().err
    assert not out.exists()


def test_existing_file_is_not_overwritten(tool, data_root, checkpoint, capsys):
    before = checkpoint.read_bytes()
    call = arguments(
        data_root, checkpoint, checkpoint, *fit_on_folder(data_root)
    )
    assert tool.main(call) == 2
    assert 'expected no file, found' in capsys.readouterr().err
    assert checkpoint.read_bytes() == before


def test_checkpoint_without_trust_head_fails(
    tool, data_root, tmp_path, capsys
):
    plain = tmp_path / 'plain.pth'
    torch.save(build_estimator(BASELINE).state_dict(), plain)
    out = tmp_path / 'new.pth'
    call = arguments(data_root, plain, out, *fit_on_folder(data_root))
    assert tool.main(call) == 2
    assert 'expected a trained trust head' in capsys.readouterr().err


def test_full_disk_leaves_no_file(
    tool, data_root, checkpoint, tiny_disk, capsys
):
    call = arguments(
        data_root,
        checkpoint,
        tiny_disk / 'new.pth',
        *(*fit_on_folder(data_root), '--method', 'isotonic'),
    )
    assert tool.main(call) == 2
    assert 'No space left' in capsys.readouterr().err
    assert not list(tiny_disk.iterdir())


@pytest.mark.parametrize(
    'wrong', [[], ['--split', 'val', '--images', 'x'], ['--split', 'train']]
)
def test_wrong_arguments_exit_with_code_two(tool, wrong):
    with pytest.raises(SystemExit) as caught:
        tool.main(['config.py', 'x.pth', '--out', 'y.pth', *wrong])
    assert caught.value.code == 2
