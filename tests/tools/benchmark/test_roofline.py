import pytest
import torch

from self_verify_pose.tools.benchmark.roofline import (
    count_step,
    measure_device_limits,
)


def test_operations_and_bytes_of_a_step(context):
    plain = context.training('baseline')
    operations, moved = count_step(plain)
    # convolutions and linear layers, by hand, are nearly all of it
    by_hand = []

    def count(module, inputs, output):
        per_output = module.weight.numel() / module.weight.shape[0]
        by_hand.append(2 * output.numel() * per_output)

    for module in plain.model.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            module.register_forward_hook(count)
    plain.model.head.forward(
        plain.model.extract_feat(torch.zeros(2, 3, 256, 192))
    )
    assert operations / 3 == pytest.approx(sum(by_hand), rel=0.1)
    assert moved > sum(p.numel() * 4 for p in plain.model.parameters())


def test_device_limits():
    limits = measure_device_limits(torch.device('cpu'))
    assert all(limit > 1e8 for limit in limits)
