import math

import pytest
import torch

from self_verify_pose.models.losses.masked import masked_mean, soft_target_bce


def test_masked_mean_ignores_what_does_not_count():
    values = torch.tensor([[1.0, float('nan')], [3.0, float('inf')]])
    mask = torch.tensor([[True, False], [True, False]])
    assert masked_mean(values, mask) == 2.0


def test_masked_mean_of_nothing_is_zero_with_a_zero_gradient():
    values = torch.randn(3, 4, requires_grad=True)
    mean = masked_mean(values, torch.zeros(3, 4, dtype=torch.bool))
    mean.backward()
    assert mean == 0
    assert values.grad.abs().max() == 0


def test_bce_agrees_with_a_plain_loop():
    logits = torch.tensor([[0.3, -2.0, 5.0]])
    targets = torch.tensor([[0.9, 0.2, 0.5]])
    mask = torch.tensor([[True, True, False]])
    expected = 0.0
    for logit, target in ((0.3, 0.9), (-2.0, 0.2)):
        p = 1 / (1 + math.exp(-logit))
        expected -= target * math.log(p) + (1 - target) * math.log(1 - p)
    loss = soft_target_bce(logits, targets, mask)
    assert loss.item() == pytest.approx(expected / 2)


@pytest.mark.parametrize('ignored', [float('nan'), float('inf'), 5.0])
def test_ignored_targets_change_no_gradient(ignored):
    logits = torch.tensor([[0.3, -2.0]], requires_grad=True)
    targets = torch.tensor([[0.9, ignored]], requires_grad=True)
    mask = torch.tensor([[True, False]])
    soft_target_bce(logits, targets, mask).backward()
    for grad in (logits.grad, targets.grad):
        assert grad[0, 0].isfinite()
        assert grad[0, 1] == 0


def test_bce_is_smallest_where_trust_equals_its_target():
    targets = torch.tensor([[0.3]])
    mask = torch.ones(1, 1, dtype=torch.bool)
    losses = [
        soft_target_bce(torch.tensor([[p]]).logit(), targets, mask)
        for p in (0.2, 0.3, 0.4)
    ]
    assert losses[1] < losses[0]
    assert losses[1] < losses[2]
