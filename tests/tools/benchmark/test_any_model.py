from dataclasses import replace

import pytest
import torch
from helpers import ROOT, SELFVERIFY, shared_path
from rich.console import Console

from self_verify_pose.tools.benchmark import __main__ as benchmark
from self_verify_pose.tools.benchmark.any_model import AnyModel
from self_verify_pose.tools.benchmark.suites import MODEL_SUITES, run_suites

NARROW_HEATMAPS = """
_base_ = [{base!r}]
head = dict(
    _delete_=True, type='HeatmapHead', in_channels=64, out_channels=5,
    deconv_out_channels=None, decoder=dict(
        type='MSRAHeatmap', input_size=(64, 96), heatmap_size=(2, 3), sigma=1
    ),
)
model = dict(
    backbone=dict(
        widen_factor=0.0625, deepen_factor=0.1, norm_cfg=dict(type='BN'),
    ),
    head=head,
    trust_cfg=dict(source=dict(type={source!r}, _delete_=True)),
    {more}
)
"""


@pytest.fixture
def write(tmp_path):
    def write(source='consistency', more=''):
        base = str(ROOT / SELFVERIFY)
        text = NARROW_HEATMAPS.format(base=base, source=source, more=more)
        (tmp_path / 'mine.py').write_text(text)
        return tmp_path / 'mine.py'

    return write


def test_any_config_is_compared_with_its_plain_model(context, write):
    context = replace(context, config_file=write())
    results = run_suites(MODEL_SUITES, context, Console(quiet=True))
    assert [result.name for result in results] == [
        'step, ConsistencyTargets, pose frozen',
        'step, ConsistencyTargets, pose trained',
        'step, cached features',
        'predict with trust, flip test',
        'predict with trust, no flip test',
        'predict with trust, verified by three views, no flip test',
        'trust head and its input, no flip test',
    ]
    assert all(result.value > 0 for result in results)
    assert {result.threshold for result in results} == {None}


def test_cached_targets_have_no_trained_pose(context, write):
    more = 'full_param_train=False, consistency_cfg=dict(enable=False)'
    context = replace(context, config_file=write('cached', more))
    (step, *_) = MODEL_SUITES['step']
    names = [result.name for result in step(context)]
    assert names == [
        'step, CachedTargets, pose frozen',
        'step, cached features',
    ]


def test_size_and_keypoints_are_those_of_the_model(context, write):
    setup = AnyModel.read(replace(context, config_file=write()))
    batch = setup.batch(setup.trusting())
    assert batch['inputs'][0].shape == (3, 96, 64)
    weights = batch['data_samples'][0].gt_instance_labels.keypoint_weights
    assert weights.shape == (1, 5)
    plain = setup.plain()
    assert type(plain).__name__ == 'TopdownPoseEstimator'
    assert not hasattr(plain, 'trust_head')


def test_weights_come_from_the_checkpoint(context, write, tmp_path):
    context = replace(context, config_file=write())
    state = AnyModel.read(context).plain().state_dict()
    state = {name: weight + 1 for name, weight in state.items()}
    torch.save({'state_dict': state}, tmp_path / 'mine.pth')
    context = replace(context, checkpoint_file=tmp_path / 'mine.pth')
    setup = AnyModel.read(context)
    for model in (setup.plain(), setup.trusting()):
        found = model.state_dict()
        assert all(torch.equal(found[name], state[name]) for name in state)


@pytest.mark.parametrize('more', ["type='TopdownPoseEstimator'", ''])
def test_a_config_without_trust_is_refused(more, write, capsys):
    config = write()
    trust = more or 'trust_cfg=dict(enable=False)'
    text = config.read_text() + f'model.update({trust})\n'
    config.write_text(text)
    with pytest.raises(SystemExit, match='expected a SelfVerifyTopdown'):
        benchmark.main(['--config', str(config)])


def test_thresholds_do_not_apply(write, capsys, tmp_path):
    options = ['--batch-size', '1', '--repeats', '1', '--suite', 'predict']
    out = ['--out', str(tmp_path / 'report.json')]
    assert benchmark.main(['--config', str(write()), *options, *out]) == 0
    assert 'thresholds of RTMPose-S do not apply' in capsys.readouterr().out


def test_a_real_network_is_measured(context, tmp_path, monkeypatch):
    folder = shared_path('checkpoints', 'ultralight_simplepose')
    monkeypatch.syspath_prepend(str(folder))
    bases = [folder / 'simplepose_coco.py']
    bases.append(ROOT / 'configs/_base_/attach_trust.py')
    (tmp_path / 'simple.py').write_text(
        f'_base_ = {[str(base) for base in bases]}\n'
        'model, custom_imports, _ = _base_.frozen_trust\n'
        "custom_imports['imports'] += ['ultralight_simplepose']\n"
        'visualizer, default_hooks = _base_.trust_logging\n'
        'train_cfg, optim_wrapper, param_scheduler = _base_.head_training\n'
        'train_dataloader, val_dataloader, test_dataloader = '
        '_base_.coco_loaders\n'
        'val_evaluator = test_evaluator = _base_.trust_evaluator\n'
    )
    context = replace(
        context,
        config_file=tmp_path / 'simple.py',
        checkpoint_file=folder / 'ultralight_simplepose_coco_256x192.pth',
    )
    results = run_suites(['predict'], context, Console(quiet=True))
    assert all(result.value > 0 for result in results)
