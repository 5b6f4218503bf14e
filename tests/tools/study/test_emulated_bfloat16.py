import copy

import pytest
import torch
from torch import nn

from self_verify_pose.engine.optim_wrapper import BFloat16OptimWrapper
from self_verify_pose.tools.study.emulated_bfloat16 import (
    EmulatedBFloat16OptimWrapper,
)


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1, bias=False),
            nn.BatchNorm2d(8),
            nn.SiLU(),
            nn.Conv2d(8, 4, 3, padding=1, groups=4),
        )

    def forward(self, inputs):
        return (self.layers(inputs),)


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = nn.Module()
    model.backbone = Backbone()
    return model


def gradients(model, wrapper_type, inputs):
    model = copy.deepcopy(model)
    sgd = torch.optim.SGD(model.parameters(), 0.1)
    with wrapper_type(optimizer=sgd).optim_context(model):
        (output,) = model.backbone(inputs)
    output.square().sum().backward()
    return output, [p.grad for p in model.parameters()]


def test_numbers_are_those_of_bfloat16(model):
    inputs = torch.randn(2, 3, 16, 16)
    found, expected = (
        gradients(model, kind, inputs)
        for kind in (EmulatedBFloat16OptimWrapper, BFloat16OptimWrapper)
    )
    torch.testing.assert_close(found[0], expected[0], atol=1e-2, rtol=1e-2)
    for one, other in zip(found[1], expected[1], strict=True):
        assert (one - other).norm() <= 0.02 * other.norm()


def test_outputs_are_rounded(model):
    inputs = torch.randn(2, 3, 16, 16)
    output, _ = gradients(model, EmulatedBFloat16OptimWrapper, inputs)
    assert torch.equal(output, output.bfloat16().float())
    assert not torch.equal(output, model.backbone(inputs)[0])


def test_convolutions_elsewhere_stay_in_float32(model):
    """Heads are not part of the backbone."""
    head, inputs = nn.Conv2d(3, 2, 1), torch.randn(1, 3, 4, 4)
    sgd = torch.optim.SGD(model.parameters(), 0.1)
    wrapper = EmulatedBFloat16OptimWrapper(optimizer=sgd)
    with wrapper.optim_context(model):
        found = head(inputs)
    assert torch.equal(found, head(inputs))
