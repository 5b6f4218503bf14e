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
def drawn(tmp_path_factory):
    """Return drawn people; training images again as a plain folder."""
    root = tmp_path_factory.mktemp('calibrate') / 'drawn'
    make_dataset(root, train=12, val=10)
    shutil.copytree(root / 'train2017', root / 'calib/images')
    shutil.copy(
        root / 'annotations/person_keypoints_train2017.json',
        root / 'calib/annotations.json',
    )
    return root


def judged(state, drawn, ann=None):
    """Trust and correctness on a part of the drawn people."""
    config = load_config(SELFVERIFY, drawn)
    narrow(config.model)
    model = load_estimator(config, state, 'x.pth', trust=True)
    data = build_split(config, 'val', ann)
    return joint_scores(evaluate_dataset(model, data, [TRUST], 0.3)[TRUST])


def last(state, kind):
    """Name what makes the one logit of a joint."""
    names = [n for n in state if n.startswith('trust_head') and kind in n]
    return [n for n in names if len(state[n]) == 1][-1]


@pytest.fixture(scope='module')
def checkpoint(drawn):
    """Return a checkpoint as mmengine writes it, from before calibration."""
    state = build_estimator().state_dict()
    if auroc(*judged(state, drawn, drawn / 'calib/annotations.json')) < 0.5:
        state[last(state, 'weight')] *= -1
    # surer than it should be
    state[last(state, 'bias')] += 3
    state = {k: v for k, v in state.items() if k not in MAPS}
    path = drawn / 'run.pth'
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
def environment(monkeypatch, drawn):
    monkeypatch.setenv('COCO_ROOT', str(drawn))
    monkeypatch.setenv('BACKBONE_INIT', 'none')
    monkeypatch.setenv('COLUMNS', '200')


def arguments(drawn, checkpoint, out, *more):
    return [
        *(str(ROOT / SELFVERIFY), str(checkpoint), '--out', str(out)),
        *('--workers', '0', '--dist-thr', '0.3', *more),
        *('--cfg-options', *NARROW),
    ]


def fit_on_folder(drawn):
    return '--ann', str(drawn / 'calib/annotations.json')


@pytest.mark.parametrize('method', ['temperature', 'isotonic'])
def test_the_map_goes_into_a_copy_of_the_checkpoint(
    method, tool, drawn, checkpoint, tmp_path, capsys
):
    before, out = checkpoint.read_bytes(), tmp_path / 'new.pth'
    call = arguments(
        drawn, checkpoint, out, *fit_on_folder(drawn), '--method', method
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

    # the figures shown are those of the two checkpoints
    shown = capsys.readouterr().out
    (row,) = (line for line in shown.splitlines() if 'equal width' in line)
    figures = [float(word) for word in row.split() if word[:2] == '0.']
    expected = [ece(*judged(c['state_dict'], drawn), 15) for c in (old, new)]
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
def test_fitting_and_reporting_on_the_same_split_is_refused(
    same, tool, drawn, checkpoint, tmp_path, capsys
):
    shutil.copy(drawn / 'calib/annotations.json', drawn / 'copy.json')
    same = [str(drawn / s) if s.endswith('json') else s for s in same]
    if '--report-ann' in same:
        same += ['--report-images', str(drawn / 'train2017')]
    out = tmp_path / 'new.pth'
    assert tool.main(arguments(drawn, checkpoint, out, *same)) == 1
    assert 'the same annotations' in capsys.readouterr().err
    assert not out.exists()


def test_nothing_is_written_over(tool, drawn, checkpoint, capsys):
    before = checkpoint.read_bytes()
    call = arguments(drawn, checkpoint, checkpoint, *fit_on_folder(drawn))
    assert tool.main(call) == 1
    assert 'expected no file, found' in capsys.readouterr().err
    assert checkpoint.read_bytes() == before


def test_a_checkpoint_without_trust_is_refused(tool, drawn, tmp_path, capsys):
    plain = tmp_path / 'plain.pth'
    torch.save(build_estimator(BASELINE).state_dict(), plain)
    out = tmp_path / 'new.pth'
    call = arguments(drawn, plain, out, *fit_on_folder(drawn))
    assert tool.main(call) == 1
    assert 'expected a trained trust head' in capsys.readouterr().err


def test_a_full_disk_leaves_nothing(
    tool, drawn, checkpoint, tiny_disk, capsys
):
    call = arguments(
        drawn,
        checkpoint,
        tiny_disk / 'new.pth',
        *(*fit_on_folder(drawn), '--method', 'isotonic'),
    )
    assert tool.main(call) == 1
    assert 'No space left' in capsys.readouterr().err
    assert not list(tiny_disk.iterdir())


@pytest.mark.parametrize(
    'wrong', [[], ['--split', 'val', '--images', 'x'], ['--split', 'train']]
)
def test_wrong_arguments_end_with_exit_code_two(tool, wrong):
    with pytest.raises(SystemExit) as caught:
        tool.main(['config.py', 'x.pth', '--out', 'y.pth', *wrong])
    assert caught.value.code == 2
