import copy
import logging
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from helpers import (
    BASELINE,
    SELFVERIFY,
    build_estimator,
    load_config,
    narrow,
)
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from self_verify_pose import engine
from self_verify_pose.engine.hooks import trust_selection
from self_verify_pose.engine.hooks.trust_selection import TrustSelectionHook
from self_verify_pose.engine.trust_selection import (
    Kept,
)
from self_verify_pose.models.pose_estimators import held_out

EMA = {
    'type': 'EMAHook',
    'ema_type': 'ExpMomentumEMA',
    'momentum': 0.5,
    'update_buffers': True,
    'priority': 49,
}


def build_runner(folder, root, epochs=2, **changes):
    """A runner of a narrow frozen network, which learns of annotations."""
    config = load_config(SELFVERIFY, root)
    narrow(config.model)
    config.work_dir = str(folder)
    config.merge_from_dict(
        {
            'model.full_param_train': False,
            'model.consistency_cfg.enable': False,
            'model.trust_cfg.source': 'annotation',
            'train_cfg.max_epochs': epochs,
            'train_cfg.val_begin': 99,
            'default_hooks.trust_selection.share': 0.5,
            'default_hooks.checkpoint.save_best': None,
            'default_hooks.checkpoint.max_keep_ckpts': 9,
            **changes,
        }
    )
    for split in ('train', 'val', 'test'):
        loader = config[f'{split}_dataloader']
        loader.update(batch_size=8, num_workers=0, persistent_workers=False)
    # the preflight would ask for trained weights
    unwanted = ('latest_link', 'compile_backbone', 'trust_panel', 'preflight')
    for name in unwanted:
        config.default_hooks.pop(name)
    config.custom_hooks = [EMA]
    config.experiment_name = config.visualizer.name = str(folder)
    torch.manual_seed(0)
    return Runner.from_cfg(config)


def heads_of(runner):
    """The trained head, and that of the averaged weights."""
    (ema,) = [h for h in runner._hooks if type(h).__name__ == 'EMAHook']
    return runner.model.trust_head, ema.ema_model.module.trust_head


def hook_of(runner):
    (hook,) = [h for h in runner._hooks if isinstance(h, TrustSelectionHook)]
    return hook


@pytest.fixture(scope='module', autouse=True)
def _unformatted_configs():
    """Formatting a config, at each dump, takes longer than a short run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Config, 'pretty_text', '')
        yield


@contextmanager
def decided_by(*script):
    """Decide by a script of shares with gains; yields what was decided on."""
    seen, left = [], list(script)

    def choose(sets, scale, shift, labels, seed, largest):
        seen.append(
            SimpleNamespace(sets=sets, scale=scale, shift=shift, labels=labels)
        )
        share, gain, error = left.pop(0)
        return Kept((share,), gain, error)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine.trust_selection, 'choose_shares', choose)
        yield seen
    assert not left


scored = []  # batches that the pose network was run on


def score_held_out(model, inputs, data_samples):
    scored.append(inputs)
    return held_out.score_held_out(model, inputs, data_samples)


def fit_anchor(sets):
    return np.linspace(1, 2, 17), np.linspace(-1, 1, 17)


@pytest.fixture(scope='module')
def trained(tmp_path_factory, synthetic_coco):
    """A run whose first epoch gives the best head, and what it logged."""
    folder = tmp_path_factory.mktemp('selection')
    runner = build_runner(folder, synthetic_coco)
    messages = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())
    runner.logger.addHandler(handler)
    with (
        pytest.MonkeyPatch.context() as patch,
        decided_by(
            (0.75, 0.3, 0.1), (0.25, 0.1, 0.1), (0.5, 0.3, 0.1)
        ) as seen,
    ):
        patch.setattr(trust_selection, 'fit_anchor', fit_anchor)
        patch.setattr(trust_selection, 'score_held_out', score_held_out)
        runner.train()
    return folder, runner, messages, seen


def load(folder, epoch):
    path = folder / f'epoch_{epoch}.pth'
    return torch.load(path, map_location='cpu', weights_only=True)


def test_held_out_persons_are_logged(trained, synthetic_coco):
    _, runner, messages, _ = trained
    ids = runner.model.held_out
    assert 4 < len(ids) < 19
    (line,) = [m for m in messages if 'are held out' in m]
    assert line.startswith(f'Trust head: {len(ids)} persons in ')
    assert line.endswith('evaluated by labels.')
    lines = [m for m in messages if m.startswith('Trust head of epoch')]
    assert [line.split(';')[0] for line in lines] == [
        'Trust head of epoch 1: share 0.75 of the residual is kept',
        'Trust head of epoch 1: share 0.5 of the residual is kept',
    ]
    assert 'AUROC +0.3000 (standard error 0.1000)' in lines[0]


def test_a_frozen_network_scores_the_held_out_persons_once(trained):
    _, runner, _, seen = trained
    assert sum(map(len, scored)) == len(runner.model.held_out)
    first, second, _ = (one.sets[0].residuals for one in seen)
    assert not np.array_equal(first, second)


def test_the_decision_sees_the_held_out_persons(trained):
    _, runner, _, seen = trained
    assert len(seen) == 3  # two epochs, and the best head again at the end
    for one in seen:
        (joints,) = one.sets
        assert joints.free_scores.shape == (len(runner.model.held_out), 17)
        assert len(joints.images) == len(joints.free_scores)
        assert one.labels
        np.testing.assert_allclose(one.scale, np.linspace(1, 2, 17))
        np.testing.assert_allclose(
            one.shift, np.linspace(-1, 1, 17), atol=1e-6
        )
    first, second, again = (one.sets[0].residuals for one in seen)
    assert np.abs(first - second).max() > 1e-6
    np.testing.assert_allclose(again, first, atol=1e-6)


def test_decisions_are_in_the_checkpoint(trained):
    folder, runner, _, _ = trained
    meta = load(folder, 1)['meta']['trust_selection']
    assert meta['held_out_persons'] == len(runner.model.held_out)
    assert 1 < meta['held_out_images'] <= meta['held_out_persons']
    assert meta['evaluated_by'] == 'labels'
    assert 'calibrated' in meta
    found = [meta[key] for key in ('epoch', 'shares', 'gain', 'error')]
    assert found == [1, (0.75,), 0.3, 0.1]
    meta = load(folder, 2)['meta']['trust_selection']
    found = [meta[key] for key in ('epoch', 'shares', 'gain', 'error')]
    assert found == [1, (0.5,), 0.3, 0.1]  # the head of the first epoch


def test_nothing_held_out_keeps_the_whole_residual(tmp_path, synthetic_coco):
    options = {'default_hooks.trust_selection.share': 0.0}
    runner = build_runner(tmp_path, synthetic_coco, epochs=1, **options)
    messages = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())
    runner.logger.addHandler(handler)
    runner.train()
    assert any('the whole residual is kept' in text for text in messages)
    assert all(head.anchor.share == 1 for head in heads_of(runner))
    assert not runner.model.held_out
    assert 'trust_selection' not in load(tmp_path, 1)['meta']


def test_both_models_get_anchor_share_and_calibration(trained):
    _, runner, _, _ = trained
    for head in heads_of(runner):
        assert head.anchor.share == 0.5
        expected = torch.linspace(1, 2, 17)
        torch.testing.assert_close(head.anchor.scale, expected)
        torch.testing.assert_close(head.anchor.shift, 2 * expected - 3)
    one, other = (head.calibration.outputs for head in heads_of(runner))
    assert torch.equal(one, other)


def test_the_best_head_is_restored_at_the_end(trained):
    folder, runner, _, _ = trained
    first, last = load(folder, 1), load(folder, 2)
    names = [n for n in first['state_dict'] if n.startswith('trust_head.')]
    weights = [n for n in names if '.anchor.' not in n and '.cal' not in n]
    for name in weights:
        expected = first['state_dict'][name]
        assert torch.equal(last['state_dict'][name], expected), name
        for head in heads_of(runner):
            own = head.state_dict()[name.removeprefix('trust_head.')]
            assert torch.equal(own, expected)
    stored = last['trust_selection']['head']
    assert stored.keys() == {n.removeprefix('trust_head.') for n in names}
    assert last['trust_selection']['kept'] == ((0.5,), 0.3, 0.1)
    assert last['trust_selection']['epoch'] == 1


def test_a_resumed_run_knows_the_best_head(
    trained, tmp_path, synthetic_coco, monkeypatch
):
    folder, *_ = trained
    runner = build_runner(
        tmp_path,
        synthetic_coco,
        resume=True,
        load_from=str(folder / 'epoch_1.pth'),
    )
    monkeypatch.setattr(
        trust_selection, 'fit_anchor', lambda sets: pytest.fail('fitted anew')
    )
    with decided_by((0.25, 0.1, 0.1), (0.5, 0.2, 0.1)):
        runner.train()
    first, last = load(folder, 1), load(tmp_path, 2)
    assert last['meta']['trust_selection']['epoch'] == 1
    name = 'trust_head.classifier.1.weight'
    assert torch.equal(last['state_dict'][name], first['state_dict'][name])
    for head in heads_of(runner):
        assert head.anchor.share == 0.5
        assert head.anchor.scale[-1] == 2


def test_a_run_that_starts_from_weights_forgets_the_best_head():
    checkpoint = {
        'trust_selection': {'head': {}, 'kept': (1, 1, 1), 'epoch': 3}
    }
    hook = TrustSelectionHook()
    hook.after_load_checkpoint(SimpleNamespace(_resume=False), checkpoint)
    saved = {'meta': {}}
    hook.before_save_checkpoint(None, saved)
    assert saved == {'meta': {}}


def small_runner(model, cfg=None, train=None):
    return SimpleNamespace(
        model=model,
        _hooks=[],
        _resume=False,
        epoch=0,
        max_epochs=3,
        cfg={} if cfg is None else cfg,
        logger=MMLogger.get_current_instance(),
        train_dataloader=SimpleNamespace(dataset=train),
    )


@pytest.mark.parametrize(
    'model',
    [
        lambda: build_estimator(trust_cfg__enable=False),
        lambda: build_estimator(BASELINE),
        lambda: torch.nn.Linear(2, 2),
    ],
    ids=['trust off', 'plain mmpose', 'another model'],
)
def test_without_a_trust_head_nothing_happens(model):
    runner = small_runner(model())
    before = copy.deepcopy(runner.model.state_dict())
    hook = TrustSelectionHook()
    hook.before_train(runner)
    hook.after_train_epoch(runner)
    saved = {'meta': {}}
    hook.before_save_checkpoint(runner, saved)
    assert saved == {'meta': {}}
    for name, value in runner.model.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize('cfg', [{}, {'val_dataloader': None}])
def test_a_validation_must_be_there_for_its_crops(cfg):
    runner = small_runner(build_estimator(), cfg)
    with pytest.raises(
        ValueError, match=r'^val_dataloader\.dataset\.pipeline: .* found none'
    ):
        TrustSelectionHook().before_train(runner)


@pytest.fixture(scope='module')
def crops(synthetic_coco):
    """A training set, and a config with the crops of a validation."""
    from mmpose.registry import DATASETS

    config = load_config(SELFVERIFY, synthetic_coco)
    return DATASETS.build(config.train_dataloader.dataset), config


def run_hook(model, crops, share=0.5, **options):
    train, config = crops
    runner = small_runner(model.train(), config, train)
    hook = TrustSelectionHook(share=share, **options)
    hook.before_train(runner)
    random = torch.get_rng_state()
    hook.after_train_epoch(runner)
    assert torch.equal(random, torch.get_rng_state())  # training goes on
    assert model.training
    saved = {'meta': {}}
    hook.before_save_checkpoint(runner, saved)
    return saved['meta']['trust_selection']


def test_without_labels_agreement_decides_and_nothing_is_calibrated(crops):
    model = build_estimator(consistency_cfg__enable=False)
    with decided_by((0.5, 0.1, 0.01)) as seen:
        report = run_hook(model, crops)
    assert report['evaluated_by'] == 'agreement'
    assert 'calibrated' not in report
    assert not seen[0].labels
    # two augmented views of each person, in the order of the views
    (joints,) = seen[0].sets
    count = report['held_out_persons']
    assert joints.free_scores.shape == (2 * count, 17)
    assert np.array_equal(joints.images[:count], joints.images[count:])
    assert model.trust_head.calibration.is_identity
    # the pose network trains, so its free score is not calibrated before
    assert model.trust_head.anchor.scale.tolist() == [1.0] * 17


def test_the_residual_of_an_untrained_head_is_not_kept(crops):
    model = build_estimator(trust_cfg__source='annotation')
    report = run_hook(model, crops)
    assert report['evaluated_by'] == 'labels'
    assert report['shares'] == (0,)
    assert model.trust_head.anchor.share == 0


def test_without_held_out_persons_nothing_is_kept(crops):
    model = build_estimator(trust_cfg__source='annotation')
    report = run_hook(model, crops, share=1e-6)
    assert report['held_out_persons'] == report['held_out_images'] == 0
    assert report['shares'] == (0,)
    assert model.held_out == frozenset()


@pytest.mark.parametrize(
    'options', [{'share': 1.5}, {'share': -0.1}, {'max_persons': 0}]
)
def test_options_out_of_range_are_refused(options):
    (name,) = options
    with pytest.raises(ValueError, match=rf'TrustSelectionHook\.{name}'):
        HOOKS.build({'type': 'TrustSelectionHook', **options})
