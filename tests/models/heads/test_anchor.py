import copy
import math

import numpy as np
import pytest
import torch
from helpers import BASELINE, build_estimator, packed_batch
from training_steps import with_random_residual

from self_verify_pose.models.heads.anchor import (
    DomainClassifier,
    FreeScoreAnchor,
)

K = 5


def fitted():
    generator = torch.Generator().manual_seed(0)
    anchor = FreeScoreAnchor(K)
    anchor.scale.uniform_(0.5, 2, generator=generator)
    anchor.shift.uniform_(-1, 1, generator=generator)
    anchor.share.fill_(0.25)
    return anchor


def inputs():
    generator = torch.Generator().manual_seed(1)
    free = torch.rand(3, K, generator=generator)
    free[0, 0], free[0, 1], free[0, 2] = 0.0, 1.0, 1e-6
    return free, torch.randn(3, K, generator=generator)


@pytest.mark.parametrize('training', [True, False])
def test_logits_agree_with_a_plain_loop(training):
    anchor = fitted().train(training)
    free, residual = inputs()
    logits = anchor(free, residual)
    share = 1.0 if training else 0.25  # training sees all of the residual
    for b in range(3):
        for k in range(K):
            p = min(max(free[b, k].item(), 1e-4), 1 - 1e-4)
            expected = (
                anchor.scale[k].item() * math.log(p / (1 - p))
                + anchor.shift[k].item()
                + share * residual[b, k].item()
            )
            assert logits[b, k].item() == pytest.approx(expected, abs=5e-3)


def test_it_starts_as_the_free_score_and_the_whole_residual():
    free, residual = inputs()
    logits = FreeScoreAnchor(K).eval()(free, residual)
    bounded = free.clamp(1e-4, 1 - 1e-4)
    torch.testing.assert_close(logits, bounded.logit() + residual)


def test_half_precision_scores_give_single_precision_logits():
    free, residual = inputs()
    logits = fitted()(free.half(), residual.half())
    assert logits.dtype == torch.float32


def test_it_has_no_parameters_and_passes_the_gradient_on():
    anchor = fitted()
    assert not list(anchor.parameters())
    free, residual = inputs()
    residual.requires_grad_()
    anchor(free, residual).sum().backward()
    assert torch.equal(residual.grad, torch.ones(3, K))


def test_a_state_dict_restores_it():
    other = FreeScoreAnchor(K)
    other.load_state_dict(fitted().state_dict())
    for one, restored in zip(fitted().buffers(), other.buffers(), strict=True):
        assert torch.equal(one, restored)
    assert torch.equal(other.eval()(*inputs()), fitted().eval()(*inputs()))


def domains(count=3, features=4):
    rng = np.random.default_rng(0)
    return DomainClassifier(
        rng.normal(size=(count, features)), rng.normal(size=count)
    )


def test_the_share_of_a_person_is_the_mean_over_the_data_sets():
    anchor = fitted().eval()
    shares, classifier = (0.0, 0.5, 1.0), domains()
    anchor.keep(shares, classifier)
    assert anchor.reads_domain
    free, residual = inputs()
    features = torch.randn(3, 4, generator=torch.Generator().manual_seed(2))
    logits = anchor(free, residual, features)
    without = anchor(free, torch.zeros_like(residual), features)
    for b, row in enumerate(features.numpy()):
        odds = [
            math.exp(float(row @ weight) + bias)
            for weight, bias in zip(*classifier, strict=True)
        ]
        share = sum(s * o for s, o in zip(shares, odds, strict=True))
        expected = share / sum(odds) * residual[b]
        torch.testing.assert_close(logits[b] - without[b], expected)
    anchor.train()
    torch.testing.assert_close(anchor(free, residual), without + residual)


def test_a_state_dict_restores_any_number_of_data_sets():
    free, residual = inputs()
    features = torch.ones(3, 4)
    anchor = fitted().eval()
    anchor.keep((0.0, 0.5, 1.0), domains())
    other = FreeScoreAnchor(K).eval()
    other.load_state_dict(anchor.state_dict())
    expected = anchor(free, residual, features)
    assert torch.equal(other(free, residual, features), expected)
    other.load_state_dict(fitted().state_dict())
    assert not other.reads_domain
    assert torch.equal(other(free, residual), fitted().eval()(free, residual))


def test_an_anchor_from_before_there_were_data_sets_is_read():
    state = fitted().state_dict()
    old = {name: state[name] for name in ('scale', 'shift')}
    old['share'] = torch.tensor(0.25)
    other = FreeScoreAnchor(K).eval()
    other.keep((0.0, 0.5, 1.0), domains())
    other.load_state_dict(old)
    assert torch.equal(other(*inputs()), fitted().eval()(*inputs()))


def test_a_part_of_an_anchor_is_refused():
    state = fitted().state_dict()
    del state['shift']
    with pytest.raises(RuntimeError, match=r'Missing key.*shift'):
        FreeScoreAnchor(K).load_state_dict(state)


def predict(model, batch):
    with torch.no_grad():
        samples = model.predict(**batch)
    return np.stack([s.pred_instances.keypoint_trust[0] for s in samples])


@pytest.mark.parametrize('flip', [False, True])
def test_a_checkpoint_without_an_anchor_gives_the_trust_it_was_trained_for(
    flip,
):
    model = build_estimator().eval()
    with_random_residual(model.trust_head)
    old = {
        name: value
        for name, value in copy.deepcopy(model.state_dict()).items()
        if '.anchor.' not in name
    }
    assert len(old) == len(model.state_dict()) - 5
    anchor = model.trust_head.anchor
    anchor.scale.fill_(2.0)
    anchor.shift.fill_(1.0)
    anchor.share.fill_(0.5)
    names = set(old)
    model.load_state_dict(old, strict=True)
    assert set(old) == names  # the given state dict stays as it is
    assert not anchor.scale.any()
    assert not anchor.shift.any()
    assert anchor.share == 1
    model.test_cfg.flip_test = flip
    residuals = []
    handle = model.trust_head.register_forward_hook(
        lambda module, args, output: residuals.append(output)
    )
    batch = packed_batch(model, training=False)
    trust = predict(model, batch)
    handle.remove()
    (residual,) = residuals
    assert residual.std() > 0
    np.testing.assert_allclose(trust, residual.sigmoid(), atol=1e-6)


def test_a_checkpoint_without_a_trust_head_starts_from_the_free_score():
    model = build_estimator().eval()
    model.load_state_dict(build_estimator(BASELINE).state_dict())
    anchor = model.trust_head.anchor
    assert anchor.scale.tolist() == [1.0] * 17
    assert not anchor.shift.any()
