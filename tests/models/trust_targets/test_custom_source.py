"""A trust source of a user's own, in one file."""

import os
import sys
from unittest import mock

import pytest
import torch
from helpers import ROOT, SELFVERIFY, build_estimator, narrow, packed_batch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from torch.nn.functional import binary_cross_entropy_with_logits
from training_steps import with_random_residual

from self_verify_pose.models.trust_targets import (
    ConsistencyTargets,
    TrustSource,
    TrustTarget,
)

FILE = """
from mmpose.registry import MODELS

from self_verify_pose.models.trust_targets import TrustSource, TrustTarget


@MODELS.register_module()
class SourceInAFile(TrustSource):
    def __init__(self, value):
        self.value = value

    def targets(self, step):
        values = step.labeled * self.value
        return [TrustTarget(step.view, values, step.labeled)]
"""
CONFIG = """
_base_ = ['{base}']
custom_imports = dict(
    imports=['self_verify_pose.engine.registration', 'my_trust_source'],
    allow_failed_imports=False,
)
model = dict(
    trust_cfg=dict(
        source=dict(type='SourceInAFile', value=0.3)
    )
)
"""


@MODELS.register_module()
class AgreementSource(TrustSource):
    """1 where both views agree within a number of pixels, else 0."""

    requires = frozenset({'second_view'})

    def __init__(self, pixels=4.0):
        self.pixels, self.steps, self.given = pixels, [], []

    def targets(self, step):
        distance, inside = step.hard_inconsistency
        sizes = step.second_view.output.distribution.sizes
        agrees = distance * sizes[:, None] <= self.pixels
        self.steps.append(step)
        self.given.append(
            TrustTarget(step.view, agrees.float(), inside & step.labeled)
        )
        return self.given[-1:]


@MODELS.register_module()
class NoSource:
    """Has the method, but not the class."""

    def targets(self, step):
        return []


def build(source, **changes):
    model = build_estimator(trust_cfg__source=source, **changes)
    torch.manual_seed(1)
    for parameter in model.head.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    return model


def run_step(model):
    """Return the losses of a step and the logits of the trust."""
    logits = []

    def note(module, args, output):
        free, residual, *_ = args
        free = free.clamp(1e-4, 0.9999)
        logits.append((free / (1 - free)).log() + residual)

    with_random_residual(model.trust_head)
    handle = model.trust_head.anchor.register_forward_hook(note)
    losses = model.loss(**packed_batch(model))
    handle.remove()
    return losses, torch.cat(logits)


@pytest.mark.parametrize('consistency', [True, False])
def test_its_targets_reach_the_head(consistency):
    model = build(
        {'type': 'AgreementSource', 'pixels': 30.0},
        consistency_cfg__enable=consistency,
    ).train()
    assert model.source.pixels == 30.0
    losses, logits = run_step(model)
    (target,) = model.source.given
    assert set(target.values.unique().tolist()) == {0.0, 1.0}
    expected = binary_cross_entropy_with_logits(
        logits[target.mask], target.values[target.mask]
    )
    torch.testing.assert_close(losses['loss_trust'], expected)
    other = binary_cross_entropy_with_logits(
        logits[target.mask], 1 - target.values[target.mask]
    )
    assert not torch.isclose(losses['loss_trust'], other, rtol=1e-3)


def test_what_it_requires_is_there():
    model = build(
        {'type': 'AgreementSource'}, consistency_cfg__enable=False
    ).train()
    passes = []
    model.backbone.register_forward_hook(lambda *args: passes.append(1))
    losses, _ = run_step(model)
    (step,) = model.source.steps
    assert step.second_view.transform.angles.abs().max() > 0
    assert len(passes) == 2
    assert 'rot_inconsistency_mean' in losses
    assert 'loss_consistency_rot' not in losses


def test_what_it_does_not_require_is_not_computed():
    class Cheap(AgreementSource):
        requires = frozenset()

        def targets(self, step):
            self.steps.append(step)
            values = torch.ones(3, 17)
            return [TrustTarget(step.view, values, step.labeled)]

    MODELS.register_module(module=Cheap, force=True)
    model = build({'type': 'Cheap'}, consistency_cfg__enable=False).train()
    run_step(model)
    (step,) = model.source.steps
    assert step.augmented is None
    assert step.teacher is None


def test_one_step_trains_the_head():
    model = build({'type': 'AgreementSource', 'pixels': 30.0}).train()
    config = {
        'type': 'OptimWrapper',
        'optimizer': {'type': 'SGD', 'lr': 0.1},
    }
    wrapper = build_optim_wrapper(model, config)
    before = {k: v.clone() for k, v in model.trust_head.named_parameters()}
    losses, _ = run_step(model)
    wrapper.update_params(losses['loss_trust'])
    after = dict(model.trust_head.named_parameters())
    assert any(not torch.equal(before[name], after[name]) for name in before)


def test_a_component_of_the_package_combines_with_it():
    model = build(
        {
            'type': 'CombinedTargets',
            'sources': [
                {'type': 'ConsistencyTargets', 'scored_view': 'crop'},
                {'type': 'AgreementSource'},
            ],
        }
    ).train()
    rotation, mine = model.source.sources
    assert isinstance(rotation, ConsistencyTargets)
    assert model.source.requires == {'second_view'}
    losses, logits = run_step(model)
    (step,), (target,) = mine.steps, mine.given
    (other,) = rotation.targets(step)
    smaller = torch.where(
        target.mask & other.mask,
        torch.minimum(target.values, other.values),
        torch.where(target.mask, target.values, other.values),
    ).detach()
    mask = target.mask | other.mask
    expected = binary_cross_entropy_with_logits(logits[mask], smaller[mask])
    torch.testing.assert_close(losses['loss_trust'], expected)


def test_it_comes_in_by_custom_imports_of_a_config(tmp_path, monkeypatch):
    (tmp_path / 'my_trust_source.py').write_text(FILE)
    path = tmp_path / 'mine.py'
    path.write_text(CONFIG.format(base=ROOT / SELFVERIFY))
    monkeypatch.syspath_prepend(tmp_path)
    with mock.patch.dict(os.environ, {'BACKBONE_INIT': 'none'}):
        config = Config.fromfile(path)
    assert 'my_trust_source' in sys.modules
    init_default_scope('mmpose')
    try:
        model = MODELS.build(narrow(config.model)).train()
        assert type(model.source) is (
            sys.modules['my_trust_source'].SourceInAFile
        )
        losses, logits = run_step(model)
    finally:
        MODELS.module_dict.pop('SourceInAFile')
        del sys.modules['my_trust_source']
    expected = binary_cross_entropy_with_logits(
        logits, torch.full_like(logits, 0.3)
    )
    torch.testing.assert_close(losses['loss_trust'], expected)


def test_it_is_named_on_the_command_line():
    config = Config.fromfile(ROOT / SELFVERIFY)
    config.merge_from_dict({'model.trust_cfg.source.type': 'AgreementSource'})
    assert config.model.trust_cfg.source == {'type': 'AgreementSource'}
    config.merge_from_dict({'model.trust_cfg.source': 'annotation'})
    assert config.model.trust_cfg.source == 'annotation'


@pytest.mark.parametrize(
    ('values', 'mask'),
    [
        (torch.ones(3, 17), torch.ones(3, 1)),
        (torch.ones(3, 1), torch.ones(3, 17) > 0),
        (torch.full((3, 17), 2.0), torch.ones(3, 17) > 0),
    ],
)
def test_wrong_targets_are_refused_in_one_sentence(values, mask):
    class Wrong(TrustSource):
        def targets(self, step):
            return [TrustTarget(step.view, values, mask)]

    model = build({'type': Wrong}).train()
    with pytest.raises((TypeError, ValueError), match=r'^Wrong\.targets: '):
        run_step(model)


def test_ignored_numbers_reach_no_gradient():
    class Ignored(TrustSource):
        def targets(self, step):
            values = torch.ones(3, 17)
            values[0] = float('nan')
            return [TrustTarget(step.view, values, values.isfinite())]

    model = build({'type': Ignored}).train()
    losses, _ = run_step(model)
    losses['loss_trust'].backward()
    grads = [p.grad for p in model.trust_head.parameters()]
    assert all(grad.isfinite().all() for grad in grads if grad is not None)


def test_a_class_that_is_no_source_is_refused_in_one_sentence():
    with pytest.raises(TypeError) as caught:
        build({'type': 'NoSource'})
    assert str(caught.value) == (
        'model.trust_cfg.source: expected a TrustSource, found NoSource; '
        'derive it from TrustSource'
    )


def test_a_source_for_the_crop_refuses_hard_view():
    with pytest.raises(ValueError, match=r'hard_view.*AgreementSource'):
        build({'type': 'AgreementSource'}, consistency_cfg__hard_view={})
