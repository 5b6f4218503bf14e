import importlib.util
import json
import os
import subprocess
import sys
from importlib.machinery import ModuleSpec

import numpy as np
import pytest
import torch
from evaluation_sets import SETS
from helpers import BASELINE, CACHED, ROOT, SELFVERIFY, load_config
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, METRICS, MODELS

from self_verify_pose.datasets.pose_results import PoseResults

CONFIGS = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / 'configs').glob('**/*.py')
    if path.parent.name != '_base_'
)
BEST, AGREEMENT = (
    f'configs/trust_{name}_rtmpose_s_1x32g_coco-256x192.py'
    for name in ('best', 'agreement')
)
# test_evaluation_sets.py tests the data of the others
ON_COCO = [name for name in CONFIGS if name not in SETS]


@pytest.mark.parametrize('name', ON_COCO)
def test_every_config_loads_and_builds_its_model(name):
    if 'vitpose' in name:
        pytest.importorskip('mmpretrain', reason='ViTPose needs mmpretrain')
    config = load_config(name, '/data/somewhere')
    MODELS.build(config.model)
    for split in ('train', 'val', 'test'):
        dataset = config[f'{split}_dataloader'].dataset
        assert dataset.data_root == '/data/somewhere'
        assert dataset.type == 'CheckedCocoDataset'
        assert dataset.get('bbox_file') is None
    assert config.val_evaluator[0].ann_file == (
        '/data/somewhere/annotations/person_keypoints_val2017.json'
    )
    assert config.test_evaluator == config.val_evaluator


@pytest.mark.parametrize('features', ['', 'train.features.npy'])
@pytest.mark.parametrize('name', [n for n in CONFIGS if 'cached' in n])
def test_cached_targets_belong_to_plain_crops(name, features, monkeypatch):
    monkeypatch.setenv('PSEUDO_TRUST_FEATURES', features)
    monkeypatch.setenv('MAX_SAMPLES', '7')
    config = load_config(name, '/data/somewhere')
    assert not MODELS.build(config.model).full_param_train
    dataset = config.train_dataloader.dataset
    for pipeline in (dataset.pipeline, config.val_dataloader.dataset.pipeline):
        for transform in pipeline:
            transform.pop('_scope_', None)
    *crops, targets, pack = dataset.pipeline
    assert crops == config.val_dataloader.dataset.pipeline[:-1]
    assert (targets.type, pack.type) == ('LoadPseudoTrust', 'PackPoseInputs')
    assert dataset.indices == config.val_dataloader.dataset.indices == 7
    assert dataset.get('features', '') == features
    assert config.default_hooks.trust_cache.cache_mismatch == 'error'


def test_agreement_differs_from_the_best_only_in_its_targets(monkeypatch):
    monkeypatch.setenv('OTHER_POSES', 'other.keypoints.json')
    best, agreement = (load_config(n) for n in (BEST, AGREEMENT))
    assert agreement.model.trust_cfg.source == {'type': 'agreement'}
    agreement.model.trust_cfg.source = best.model.trust_cfg.source
    assert agreement.model == best.model
    *others, load, pack = agreement.train_dataloader.dataset.pipeline
    assert load.type == 'LoadOtherPose'
    assert load.path == 'other.keypoints.json'
    assert [*others, pack] == best.train_dataloader.dataset.pipeline
    assert agreement.val_dataloader == best.val_dataloader


@pytest.mark.parametrize('name', [BASELINE, SELFVERIFY])
def test_the_named_schedule(name):
    config = load_config(name)
    assert config.train_cfg.max_epochs == 5
    assert config.train_cfg.val_interval == 1
    assert config.train_dataloader.batch_size == 32
    assert config.optim_wrapper.optimizer.type == 'AdamW'
    assert config.optim_wrapper.optimizer.lr == 1.25e-4
    checkpoint = config.default_hooks.checkpoint
    assert checkpoint.interval == 1
    assert checkpoint.save_best == 'coco/AP'
    assert checkpoint.max_keep_ckpts == 2
    (switch,) = [
        hook for hook in config.custom_hooks if 'PipelineSwitch' in hook.type
    ]
    assert 0 < switch.switch_epoch < 5
    last = config.param_scheduler[-1]
    assert last.end == 5
    assert last.begin + last.T_max == last.end


def test_the_evaluators_put_trust_beside_the_raw_score():
    fields = {
        name: [
            metric.score_field
            for metric in load_config(name).val_evaluator
            if metric.type == 'JointTrustMetric'
        ]
        for name in (BASELINE, SELFVERIFY)
    }
    assert fields[BASELINE] == ['keypoint_scores']
    assert fields[SELFVERIFY] == ['keypoint_scores', 'keypoint_trust']


def test_the_self_verify_config_differs_only_where_it_must():
    one, other = (load_config(n) for n in (BASELINE, SELFVERIFY))
    assert {key for key in other if one.get(key) != other[key]} == {
        'work_dir',
        'model',
        'val_evaluator',
        'test_evaluator',
    }


BACKENDS = {
    'USE_TENSORBOARD': ('tensorboard', 'TensorboardVisBackend'),
    'USE_WANDB': ('wandb', 'WandbVisBackend'),
}


@pytest.mark.parametrize('variable', BACKENDS)
@pytest.mark.parametrize('value', ['0', '1'])
def test_one_variable_switches_a_backend_on(variable, value, monkeypatch):
    package, backend = BACKENDS[variable]
    pytest.importorskip(package)
    monkeypatch.setenv(variable, value)
    for name in CONFIGS:
        backends = [b.type for b in load_config(name).visualizer.vis_backends]
        assert (backend in backends) == (value == '1')
        assert 'LocalVisBackend' in backends


@pytest.mark.parametrize('variable', BACKENDS)
@pytest.mark.parametrize('origin', ['missing', 'mere folder'])
def test_a_backend_that_is_not_installed_stops_the_config(
    variable, origin, monkeypatch
):
    package, _ = BACKENDS[variable]
    found = {
        'missing': None,
        'mere folder': ModuleSpec(package, None, is_package=True),
    }[origin]
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        'find_spec',
        lambda name, *rest: found if name == package else real(name, *rest),
    )
    load_config(BASELINE)  # not asked for, not missed
    monkeypatch.setenv(variable, '1')
    with pytest.raises(ImportError, match=rf'{variable}=1.* {package}, found'):
        load_config(BASELINE)


@pytest.mark.parametrize('variable', BACKENDS)
def test_a_switch_takes_no_other_value(variable, monkeypatch):
    monkeypatch.setenv(variable, 'true')
    with pytest.raises(ValueError, match=f"{variable}: .*'true'"):
        load_config(BASELINE)


@pytest.mark.parametrize('value', ['0', '1'])
def test_one_variable_makes_the_training_of_a_pose_network_fast(
    value, monkeypatch
):
    monkeypatch.setenv('FAST', value)
    for name in (BASELINE, SELFVERIFY):
        config = load_config(name)
        hooks = [hook.type for hook in config.default_hooks.values()]
        assert ('ChannelsLastHook' in hooks) == (value == '1')
        is_fast = config.optim_wrapper.get('type') == 'BFloat16OptimWrapper'
        assert is_fast == (value == '1')
        assert config.optim_wrapper.get('only_where_fast', False) == is_fast


@pytest.mark.parametrize('value', ['abc', '1.5', '-1', '0'])
def test_a_number_of_samples_is_whole_and_above_zero(value, monkeypatch):
    monkeypatch.setenv('MAX_SAMPLES', value)
    match = f"MAX_SAMPLES: expected a whole number above 0, found '{value}'"
    with pytest.raises(ValueError, match=match):
        Config.fromfile(ROOT / 'configs/_base_/cached_trust.py')


PATH = 'it\'s "quoted" \\n, {{here}}'


def test_a_path_may_hold_quotes_and_backslashes(monkeypatch, tmp_path):
    own = tmp_path / f'{PATH}.py'
    own.write_text(f"_base_ = ['{ROOT / BASELINE}']")
    monkeypatch.setenv('TRUST_CONFIG', str(own))
    monkeypatch.setenv('HUMANART_ROOT', PATH)
    config = load_config('configs/evaluation/humanart.py', PATH)
    config.dump(tmp_path / 'dumped.py')
    for read in (config, Config.fromfile(tmp_path / 'dumped.py')):
        assert read.train_dataloader.dataset.data_root == PATH
        assert read.test_dataloader.dataset.data_root == PATH
        assert read.model.type == 'TopdownPoseEstimator'


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv('MAX_SAMPLES', '')
    config = load_config(BASELINE, '')
    assert config.train_dataloader.dataset.data_root == 'data/coco/'
    assert (
        Config.fromfile(ROOT / CACHED).val_dataloader.dataset.indices is None
    )


@pytest.fixture(scope='module')
def configs():
    return [load_config(name) for name in CONFIGS]


def test_every_config_has_a_folder_of_its_own(configs):
    runs = 'work_dirs/self_verify_pose'
    folders = [config.work_dir for config in configs]
    assert all(folder.startswith(f'{runs}/') for folder in folders)
    # the quick profile is a run of the self-verify config
    assert folders.count(f'{runs}/selfverify_cycle') == 2
    assert len(set(folders)) == len(folders) - 1


def test_every_config_draws_one_panel_and_mmpose_no_pictures(configs):
    for config in configs:
        hooks = config.default_hooks
        assert hooks.trust_panel == {'type': 'TrustPanelHook'}
        assert hooks.log_test == {'type': 'LogTestHook'}
        assert not hooks.visualization.enable


def test_the_backbone_starts_where_backbone_init_says(monkeypatch):
    found = {}
    for value in ('imagenet', 'none', '/some/file.pth'):
        monkeypatch.setenv('BACKBONE_INIT', value)
        config = Config.fromfile(ROOT / BASELINE)
        found[value] = config.model.backbone.init_cfg
    assert found['imagenet'].checkpoint.startswith('https://')
    assert found['none'] is None
    assert found['/some/file.pth'].checkpoint == '/some/file.pth'
    assert found['/some/file.pth'].prefix == 'backbone.'


def test_custom_imports_stand_in_one_file():
    holders = [
        path
        for path in (ROOT / 'configs').glob('**/*.py')
        if 'self_verify_pose.engine.registration' in path.read_text()
    ]
    assert len(holders) == 1
    modules = load_config(BASELINE).custom_imports.imports
    assert modules == ['self_verify_pose.engine.registration']


@pytest.mark.slow
def test_custom_imports_are_importable_anywhere(tmp_path):
    modules = load_config(BASELINE).custom_imports.imports
    subprocess.run(
        [sys.executable, '-c', f'import {", ".join(modules)}'],
        check=True,
        cwd=tmp_path,
        env={**os.environ, 'PYTHONWARNINGS': 'ignore'},
    )


def test_the_config_of_the_readme_attaches_trust(tmp_path):
    page = (ROOT / 'README.md').read_text()
    section = page.split('## Trust for a trained', 1)[1]
    text = section.split('```python\n', 1)[1].split('```', 1)[0]
    path = tmp_path / 'attach.py'
    base = "'configs/_base_/attach_trust.py'"
    assert base in text
    path.write_text(text.replace(base, repr(str(ROOT / base.strip("'")))))
    config = Config.fromfile(path)
    assert config.model.type == 'SelfVerifyTopdown'
    assert not config.model.full_param_train
    assert config.optim_wrapper.optimizer.type == 'AdamW'
    assert config.custom_hooks == []
    model = MODELS.build(config.model)
    assert {p for p, q in model.named_parameters() if q.requires_grad} == {
        f'trust_head.{name}' for name, _ in model.trust_head.named_parameters()
    }


def test_the_config_of_the_docs_predicts_all_training_persons(
    tmp_path, monkeypatch, synthetic_coco
):
    monkeypatch.setenv('COCO_ROOT', str(synthetic_coco))
    page = (ROOT / 'docs' / 'offline.md').read_text()
    text = page.split('```python\n# other.py\n', 1)[1].split('```', 1)[0]
    path = tmp_path / 'other.py'
    path.write_text(text.replace("'configs/", f"'{ROOT}/configs/"))
    config = Config.fromfile(path)
    init_default_scope('mmpose')
    assert config.custom_imports == load_config(BASELINE).custom_imports
    dataset = DATASETS.build(config.test_dataloader.dataset)
    annotations = synthetic_coco / config.test_dataloader.dataset.ann_file
    assert len(dataset) == len(
        json.loads(annotations.read_text())['annotations']
    )
    metric = METRICS.build(
        config.test_evaluator | {'outfile_prefix': str(tmp_path / 'other')}
    )
    metric.dataset_meta = dataset.metainfo
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        predicted = {
            'keypoints': info['keypoints'],
            'keypoint_scores': np.ones((1, 17)),
            'bboxes': info['bbox'],
        }
        truth = {'bbox_scores': np.ones(1)}
        metric.process(
            {}, [info | {'pred_instances': predicted, 'gt_instances': truth}]
        )
    assert metric.evaluate(len(dataset)) == {}
    results = PoseResults(str(tmp_path / 'other.keypoints.json'))
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        found = results.find(info['img_id'], info['id'], info['bbox'][0])
        np.testing.assert_allclose(found, info['keypoints'][0])


def test_a_frozen_pose_network_downloads_no_weights():
    config = load_config('configs/zoo/trust_hrnet-w32-udp_coco-256x192.py')
    assert config.model.backbone.init_cfg.checkpoint.startswith('https://')
    model = MODELS.build(config.model)
    before = {k: v.clone() for k, v in model.backbone.state_dict().items()}
    model.init_weights()
    for name, value in model.backbone.state_dict().items():
        assert torch.equal(value, before[name])
