import argparse
import io
import json
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from helpers import (
    BASELINE,
    ROOT,
    SELFVERIFY,
    load_config,
    load_tool,
    save_tiny,
    shared_path,
)
from mmpose.registry import MODELS
from rich.console import Console

from self_verify_pose.datasets.synthetic.generate import make_dataset
from self_verify_pose.output_files import OutputError, reserved
from self_verify_pose.tools.study import comparison, trained_rows
from self_verify_pose.tools.study.pose_network import check_baseline

TOOL = ROOT / 'tools' / 'compare_trust.py'
# a user's own config: a heatmap network of MMPose, narrow, with trust
HEATMAP = f"""
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_mobilenetv2_8xb64-210e_coco-256x192.py',
    '{ROOT}/configs/_base_/attach_trust.py',
]
model, custom_imports, custom_hooks = _base_.frozen_trust
visualizer, default_hooks = _base_.trust_logging
train_cfg, optim_wrapper, param_scheduler = _base_.head_training
train_dataloader, val_dataloader, test_dataloader = _base_.coco_loaders
val_evaluator = test_evaluator = _base_.trust_evaluator
model.trust_head = dict(type='TrustHead', embed_dims=48)
model.backbone = dict(widen_factor=0.25, out_indices=(2, 7))
model.head = dict(deconv_out_channels=(8, 8, 8))
"""
# the same for another skeleton
CROWDPOSE = """
description = dict(from_file='configs/_base_/datasets/crowdpose.py')
model.metainfo = description
model.head.out_channels = 14
val_dataloader.dataset.type = 'CrowdPoseDataset'
"""


@pytest.fixture(scope='module')
def drawn(tmp_path_factory):
    """Drawn people, and some of them again as a set for calibration."""
    root = tmp_path_factory.mktemp('drawn')
    make_dataset(root / 'coco', train=12, val=8, seed=0)
    calib = root / 'calib'
    make_dataset(root / 'other', train=8, val=1, seed=1)
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


def compare(arguments, console=None):
    args = load_tool('compare_trust').parse_arguments([*map(str, arguments)])
    return comparison.compare(args, console or Console(quiet=True))


@pytest.fixture(scope='module')
def compared(drawn, tiny_files):
    config, checkpoint = tiny_files
    out = drawn / 'out'
    arguments = ['--config', config, '--checkpoint', checkpoint, '--out', out]
    arguments += ['--train', drawn / 'coco', '--calib', drawn / 'calib']
    arguments += ['--eval', drawn / 'coco', '--workers', 0, '--bootstrap', 5]
    arguments += ['--head-epochs', 1, '--hard-views', 1, '--seeds', 2]
    arguments += ['--ablations']
    console = Console(file=io.StringIO())
    compare(arguments, console)
    return arguments, out, console.file.getvalue()


def test_every_row_of_the_bench_is_there(compared):
    _, out, _ = compared
    results = json.loads((out / 'results.json').read_text())
    (found,) = results['sets'].values()
    assert list(found) == ['one view', 'flip test']
    assert results['unseen_images'] == {'--calib': 8, '--eval': 8}
    found = found['flip test']
    names = ' '.join(found['scores'])
    for part in (
        'raw score, minimum',
        'raw score, mean',
        'peak',
        'entropy',
        'expected correctness',
        'fused expected',
        'flip mass',
        'view peak',
        'view mass',
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
        'TrustHead on the mixture, verified',
        'without strong views',
    ):
        assert part in names
    assert len(found['checks']) == 4
    assert {'AP', 'PCK@0.05'} <= found['pose'].keys()
    report = (out / 'results.md').read_text()
    for name, row in found['scores'].items():
        assert f'| {name} |' in report
        assert row['rival'] in found['scores']
        # one value for each seed of a trained row
        is_trained = name.removesuffix(', verified') in results['shares']
        assert is_trained or row['gains'][0] == row['gains'][1]
    assert {len(one) for one in results['shares'].values()} == {0, 2}
    heads = list(out.glob('*/heads_*/TrustHead_on_unified_*.pth'))
    assert len(heads) == 2


def test_two_jobs_do_not_share_a_folder(tmp_path):
    args = argparse.Namespace(out=tmp_path)
    with (
        reserved(tmp_path),
        pytest.raises(OutputError, match='no other job writes to'),
    ):
        comparison.compare(args, Console())


@pytest.mark.slow
def test_what_exists_is_not_made_again(compared):
    arguments, out, first = compared
    assert 'trained in' in first
    before = (out / 'results.json').read_text()
    again = run(*arguments)
    assert again.returncode == 0, again.stderr[-3000:]
    assert 'trained in' not in again.stdout
    same = json.loads((out / 'results.json').read_text())['sets']
    assert same == json.loads(before)['sets']


@pytest.fixture(scope='module')
def heatmap_arguments(drawn):
    path = drawn / 'heatmap.py'
    path.write_text(HEATMAP)
    torch.manual_seed(0)
    state = MODELS.build(load_config(path).model).state_dict()
    torch.save({'state_dict': state}, drawn / 'heatmap.pth')
    return [
        *('--config', path, '--checkpoint', drawn / 'heatmap.pth'),
        *('--out', drawn / 'heatmap', '--train', drawn / 'calib'),
        *('--calib', drawn / 'coco', '--eval', drawn / 'coco'),
        *('--workers', 0, '--bootstrap', 2, '--device', 'cpu'),
        *('--head-epochs', 1, '--hard-views', 1, '--seeds', 1),
        '--ablations',
    ]


@pytest.mark.slow
def test_a_network_with_heatmaps_gets_the_rows_that_it_has(
    drawn, heatmap_arguments
):
    report = compare(heatmap_arguments)
    results = json.loads((drawn / 'heatmap' / 'results.json').read_text())
    (regimes,) = results['sets'].values()
    found = regimes['one view']
    assert results['left_out'] == [
        'raw score, mean of the axes',
        'peak of the distribution',
        'with the last level, too',
    ]
    assert (
        'Left out, because this pose network has nothing for them: 3 rows'
        in report
    )
    assert not found['scores'].keys() & {*results['left_out']}
    assert {
        'raw score',
        'second mode',
        'expected correctness',
        'flip mass',
        'gradient boosting',
        'TrustHead on unified',
        'without the second level',
        'without the other statistics',
    } <= found['scores'].keys()
    heads = (drawn / 'heatmap').glob('*/heads_*/TrustHead_on_unified_0.pth')
    (weights,) = map(torch.load, heads)
    assert weights['joint_embedding'].shape == (17, 48)


def copy_moved(samples, root, pixels):
    """Copy photos whose content and labels are moved by some pixels."""
    (root / 'images').mkdir(parents=True)
    content = json.loads((samples / 'test_crowdpose.json').read_text())
    for image in content['images']:
        photo = cv2.imread(str(samples / image['file_name']))
        moved = np.roll(photo, pixels, 1)
        cv2.imwrite(str(root / 'images' / image['file_name']), moved)
    for person in content['annotations']:
        keypoints = person['keypoints']
        keypoints[::3] = [x + pixels for x in keypoints[::3]]
    (root / 'annotations.json').write_text(json.dumps(content))


@pytest.mark.slow
def test_a_network_with_another_skeleton_is_compared(
    drawn, heatmap_arguments, monkeypatch
):
    # in two photos random weights are hardly ever right
    monkeypatch.setattr(trained_rows, 'fit_learners', lambda *_: {})
    samples = shared_path('data', 'mmpose_samples', 'crowdpose')
    for moved, name in enumerate(('train', 'calib', 'eval')):
        copy_moved(samples, drawn / 'crowdpose' / name, moved)
    config = drawn / 'crowdpose.py'
    config.write_text(HEATMAP + CROWDPOSE)
    torch.manual_seed(0)
    state = MODELS.build(load_config(config).model).state_dict()
    torch.save({'state_dict': state}, drawn / 'crowdpose.pth')
    compare(
        [
            *heatmap_arguments,
            *('--config', config, '--checkpoint', drawn / 'crowdpose.pth'),
            *('--out', drawn / 'crowdpose' / 'out'),
            *('--train', drawn / 'crowdpose' / 'train'),
            *('--calib', drawn / 'crowdpose' / 'calib'),
            *('--eval', drawn / 'crowdpose' / 'eval'),
        ]
    )
    results = json.loads((drawn / 'crowdpose/out/results.json').read_text())
    assert 'bone lengths' in results['left_out']
    (regimes,) = results['sets'].values()
    found = regimes['flip test']
    assert found['pose'].keys() == {'PCK@0.05', 'PCK@0.1'}  # no areas
    assert 'free teacher, unified' in found['scores']


def test_only_the_baseline_is_trained_further(drawn, heatmap_arguments):
    with pytest.raises(ValueError, match=r'--pose-epochs: .* MobileNetV2'):
        compare([*heatmap_arguments, '--pose-epochs', 1])
    check_baseline(load_config(SELFVERIFY))


def test_a_config_without_trust_is_refused(drawn, heatmap_arguments):
    folder = drawn / 'plain'
    folder.mkdir()
    config, checkpoint = save_tiny(folder, BASELINE)
    own = ['--config', config, '--checkpoint', checkpoint]
    with pytest.raises(ValueError, match=r'--config: .*TopdownPoseEstimator'):
        compare([*heatmap_arguments, *own])


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
