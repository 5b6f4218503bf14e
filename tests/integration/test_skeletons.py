"""Training, test, report, picture and cache on skeletons other than COCO's.

With the samples of MMPose's own tests: COCO-17, CrowdPose-14, MPII-16,
Halpe-26, COCO-WholeBody-133 and AIC-14.
"""

import json
import pickle
import re

import cv2
import numpy as np
import pytest
import torch
from helpers import CACHED, CACHEGEN, SOLVABILITY, load_tool, shared_path
from skeleton_runs import (
    SKELETONS,
    annotations_of,
    run_epoch,
    skeleton_config,
)

from self_verify_pose.apis import inference_trust, init_trust_model
from self_verify_pose.datasets.trust_cache.cache_file import load_cache

# joints of the body that the teacher knows
TAUGHT = {'crowdpose': 12, 'mpii': 12, 'aic': 12}


# of the teacher's kinds of mappings one each runs by default, but for the 133
# joints of wholebody, which take longest; COCO is trained by the other tests
SLOW = ('aic', 'coco', 'halpe26', 'mpii', 'wholebody')


@pytest.fixture(
    scope='module',
    params=[
        pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name
        for name in SKELETONS
    ],
)
def trained(request, tmp_path_factory):
    """Name, folder and values logged by one epoch on a skeleton."""
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    config = skeleton_config(SOLVABILITY, name, folder)
    config.model.trust_cfg.source = 'unified'
    config.model.consistency_cfg = {'enable': True}
    config.dump(folder / 'config.py')
    run_epoch(config)
    (log,) = folder.glob('*/vis_data/scalars.json')
    return name, folder, [json.loads(row) for row in log.open()]


def test_all_losses_and_metrics_are_logged(trained):
    _, folder, rows = trained
    losses = [row for row in rows if 'loss' in row]
    assert losses
    for row in losses:
        assert np.isfinite(list(row.values())).all()
        assert row['loss_trust'] > 0
        assert row['loss_consistency_rot'] > 0
        assert row['solv_residual_mean'] > 0
    assert 0 <= rows[-1]['trust/Brier'] <= 1
    assert rows[-1]['trust/PosRate'] == rows[-1]['score/PosRate']
    assert list(folder.glob('*/vis_data/vis_image/trust_panel_*.png'))


def test_every_joint_is_predicted(trained):
    name, folder, _ = trained
    count = SKELETONS[name].count
    samples = pickle.loads((folder / 'found.pkl').read_bytes())
    for sample in samples:
        predicted = sample['pred_instances']
        assert predicted['keypoints'].shape == (1, count, 2)
        trust = predicted['keypoint_trust']
        assert trust.shape == (1, count)
        assert ((trust >= 0) & (trust <= 1)).all()


def test_the_report_names_the_joints(trained):
    name, folder, _ = trained
    tool, out = load_tool('eval_trust'), folder / 'report'
    files = [str(folder / 'found.pkl'), '--out', str(out)]
    assert tool.main([*files, '--bootstrap', '0']) == 0
    text = (out / 'report.md').read_text()
    joint = {'mpii': 'upper neck', 'wholebody': 'left pinky finger4'}
    joint |= {'halpe26': 'left big toe', 'crowdpose': 'top head'}
    assert f'| {joint.get(name, "right knee")} |' in text
    for reason in ('no test of bone lengths', 'expected the 17 joints of C'):
        assert (reason in text) == (name != 'coco')


def test_persons_are_drawn(trained, tmp_path):
    name, folder, _ = trained
    images = shared_path('data', 'mmpose_samples', SKELETONS[name].images)
    image = sorted(images.glob('*.jpg'))[0]
    out = tmp_path / 'out'
    given = [str(image), '--coco', str(annotations_of(name, tmp_path))]
    given += ['--config', str(folder / 'config.py'), '--device', 'cpu']
    given += ['--checkpoint', str(folder / 'epoch_1.pth'), '--out', str(out)]
    assert load_tool('visualize_trust').main([*given, '--numbers']) == 0
    (record,) = out.glob('*.json')
    for person in json.loads(record.read_text()):
        assert len(person['keypoint_trust']) == SKELETONS[name].count
    assert cv2.imread(str(record.with_suffix('.png'))).std() > 10


def test_the_python_interface_knows_the_skeleton(trained):
    name, folder, _ = trained
    files = folder / 'config.py', folder / 'epoch_1.pth'
    model = init_trust_model(*files, 'cpu')
    assert model.dataset_meta['dataset_name'] == SKELETONS[name].description
    black = np.zeros((64, 48, 3), np.uint8)
    (sample,) = inference_trust(model, black)
    shape = sample.pred_instances.keypoint_trust.shape
    assert shape == (1, SKELETONS[name].count)


@pytest.fixture(scope='module')
def cache(trained):
    """Name, folder and cache with features of the trained skeleton."""
    name, folder, _ = trained
    config = skeleton_config(CACHEGEN, name, folder)
    config.dump(folder / 'cachegen.py')
    out = folder / 'train.npz'
    given = [str(folder / 'cachegen.py'), str(folder / 'epoch_1.pth')]
    given += ['--out', str(out), '--batch-size', '4', '--workers', '0']
    threads = torch.get_num_threads()
    tool = load_tool('generate_solvability_cache')
    assert tool.main([*given, '--device', 'cpu', '--with-features']) == 0
    torch.set_num_threads(threads)
    return name, folder, out


def test_the_cache_has_targets_of_the_joints_of_the_body(cache):
    name, _, out = cache
    made = load_cache(out)
    count = SKELETONS[name].count
    assert len(made.header.keypoint_names) == count
    known = np.isfinite(made.columns['pseudo_trust'])
    assert known.shape[1] == count
    assert 8 <= known.any(0).sum() <= TAUGHT.get(name, 17)
    if name == 'wholebody':
        assert not known[:, 17:].any()


def test_cached_targets_train_the_head(cache, tmp_path):
    name, folder, path = cache
    stored = name in ('crowdpose', 'halpe26', 'wholebody')  # half of them
    config = skeleton_config(CACHED, name, tmp_path)
    config.load_from = str(folder / 'epoch_1.pth')
    if stored:
        config.model.type = 'StoredFeaturesTopdown'
        config.train_dataloader.dataset = {
            'type': 'StoredFeaturesDataset',
            'cache': str(path),
            'features': str(path.with_suffix('.features.npy')),
            'ann_file': config.val_dataloader.dataset.ann_file,
        }
    else:
        config.train_dataloader.dataset.pipeline[-2].path = str(path)
    run_epoch(config, test=False)
    (log,) = tmp_path.glob('*/vis_data/scalars.json')
    rows = [json.loads(row) for row in log.open()]
    assert rows[0]['loss'] == rows[0]['loss_trust'] > 0
    assert 'trust/Brier' in rows[-1]


@pytest.mark.parametrize(
    ('change', 'match'),
    [
        (
            {'model.head.out_channels': 17, 'model.metainfo': None},
            r'model\.head: expected the 14 keypoints of train_dataloader',
        ),
        (
            {'model.metainfo.from_file': 'configs/_base_/datasets/aic.py'},
            r"number 0 is 'left_shoulder', found 'right_shoulder'",
        ),
    ],
)
def test_a_run_with_another_skeleton_does_not_start(tmp_path, change, match):
    config = skeleton_config(SOLVABILITY, 'crowdpose', tmp_path)
    config.merge_from_dict(change)
    with pytest.raises(ValueError, match=match):
        run_epoch(config)
    assert not list(tmp_path.glob('*.pth'))


def test_a_cache_of_another_skeleton_is_not_made(tmp_path, capsys):
    config = skeleton_config(CACHEGEN, 'crowdpose', tmp_path)
    config.model.metainfo.from_file = 'configs/_base_/datasets/aic.py'
    config.dump(tmp_path / 'config.py')
    from mmpose.registry import MODELS

    state = MODELS.build(config.model).state_dict()
    torch.save(state, tmp_path / 'pose.pth')
    given = [str(tmp_path / 'config.py'), str(tmp_path / 'pose.pth')]
    tool = load_tool('generate_solvability_cache')
    assert tool.main([*given, '--out', str(tmp_path / 'c.npz')]) == 2
    message = capsys.readouterr().err
    assert re.search('expected the keypoints of train_dataloader', message)
