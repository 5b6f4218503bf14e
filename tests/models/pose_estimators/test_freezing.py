import pytest
import torch
from torch import nn

from self_verify_pose.models.pose_estimators.freezing import (
    freeze,
    freeze_bn_stats,
)


def network():
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)).train()


def images():
    return torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def test_a_frozen_module_neither_trains_nor_gets_gradients():
    module = network()
    freeze(module)
    assert not module.training
    assert not module[1].training
    assert not any(p.requires_grad for p in module.parameters())


def test_running_statistics_are_kept_and_the_batch_still_normalizes():
    module, plain = network(), network()
    plain.load_state_dict(module.state_dict())
    with freeze_bn_stats(module):
        held = module(images())
    assert module[1].num_batches_tracked == 0
    assert (module[1].running_mean == 0).all()
    assert torch.equal(held, plain(images()))
    module(images())
    assert module[1].num_batches_tracked == 1


def test_statistics_move_again_after_an_error():
    module = network()
    with pytest.raises(RuntimeError), freeze_bn_stats(module):
        module(torch.zeros(1, 5, 2, 2))
    assert module[1].track_running_stats


def test_layers_without_statistics_stay_without():
    layer = nn.BatchNorm2d(3, track_running_stats=False)
    with freeze_bn_stats(layer):
        layer(images())
    assert not layer.track_running_stats
