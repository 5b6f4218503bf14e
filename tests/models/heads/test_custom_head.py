"""A trust head of a user's own, in one file."""

import numpy as np
import pytest
import torch
from helpers import build_estimator, packed_batch
from mmpose.registry import MODELS
from torch import nn

from self_verify_pose.models.heads.base import BaseTrustHead
from self_verify_pose.models.heads.trust_features import TrustFeatures
from self_verify_pose.skeleton import FLIP


@MODELS.register_module()
class MyHead(BaseTrustHead):
    """Normalization and two linear layers on the scalar features."""

    def __init__(self, hidden=16, **kwargs):
        super().__init__(**kwargs)
        self.layers = nn.Sequential(
            nn.LayerNorm(self.num_scalars),
            nn.Linear(self.num_scalars, hidden),
            nn.GELU(),
            nn.Linear(hidden, 1),
        )

    def forward(self, features, distribution, keypoints):
        levels = [features[level] for level in self.levels]
        collected = TrustFeatures.collect(levels, distribution, keypoints)
        return self.layers(collected.scalar_features).squeeze(-1)


@pytest.fixture
def model():
    model = build_estimator(
        trust_head={'type': 'MyHead', 'hidden': 8, '_delete_': True}
    )
    torch.manual_seed(1)
    for parameter in model.head.parameters():
        if parameter.ndim > 1:
            nn.init.normal_(parameter, std=0.05)
    return model


def test_the_config_builds_the_head_for_the_pose_network(model):
    assert type(model.trust_head) is MyHead
    assert model.trust_head.layers[1].out_features == 8
    assert model.trust_head.num_keypoints == 17


def test_it_trains(model):
    model.train()
    batch = packed_batch(model)
    optimizer = torch.optim.Adam(model.trust_head.parameters(), 1e-2)
    history = []
    for _ in range(10):
        torch.manual_seed(0)
        loss = model.loss(**batch)['loss_trust']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    assert history[-1] < history[0]
    assert all(p.grad is None for p in model.backbone.parameters())


@pytest.mark.parametrize('flip', [False, True])
def test_it_predicts_trust(model, flip):
    model.eval()
    model.test_cfg.flip_test = flip
    batch = packed_batch(model, training=False)
    both = []
    for inputs in (batch['inputs'], batch['inputs'].flip(-1)):
        with torch.no_grad():
            samples = model.predict(inputs, batch['data_samples'])
        both.append([s.pred_instances.keypoint_trust for s in samples])
    for trust, mirrored in zip(*both, strict=True):
        assert trust.shape == (1, 17)
        assert ((trust > 0) & (trust < 1)).all()
        assert trust.std() > 0
        if flip:  # the average of both views is mirrored with the image
            np.testing.assert_allclose(trust, mirrored[:, FLIP], atol=5e-3)
            assert np.abs(trust - mirrored).max() > 5e-3


def test_a_head_without_in_channels_is_told_what_the_backbone_gives():
    head = {'type': 'MyHead', 'levels': (2,), '_delete_': True}
    model = build_estimator(trust_head=head)
    assert model.trust_head.in_channels == (64,)


def test_a_head_reads_the_levels_of_its_class():
    @MODELS.register_module(force=True)
    class LateLevels(MyHead):
        default_levels = (1, 2)

    head = {'type': 'LateLevels', '_delete_': True}
    model = build_estimator(trust_head=head)
    assert model.trust_head.levels == (1, 2)
    assert model.trust_head.in_channels == (32, 64)


def test_a_class_that_is_no_head_is_refused_in_one_sentence():
    @MODELS.register_module(force=True)
    class NoHead(nn.Module):
        def __init__(self, **kwargs):
            super().__init__()

    with pytest.raises(TypeError) as caught:
        build_estimator(trust_head={'type': 'NoHead', '_delete_': True})
    assert str(caught.value) == (
        'model.trust_head: expected a BaseTrustHead, found NoHead; derive it '
        'from BaseTrustHead'
    )


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda x: x[..., None], r'floating \(B, K\) = \(3, 17\) .* 17, 1\)'),
        (lambda x: x.mean(1), r'found float32 \(3,\)'),
        (lambda x: x > 0, 'found bool'),
        (lambda x: (x,), 'found tuple'),
    ],
)
@pytest.mark.parametrize('training', [True, False])
def test_logits_of_another_shape_are_refused(model, change, message, training):
    class Wrong(MyHead):
        def forward(self, *args):
            return change(super().forward(*args))

    model.trust_head.__class__ = Wrong
    batch = packed_batch(model, training=training)
    run = model.train().loss if training else model.eval().predict
    with pytest.raises(
        (TypeError, ValueError), match=rf'^Wrong\.forward: .*{message}'
    ):
        run(**batch)


@pytest.mark.parametrize('bad', [float('nan'), float('inf')])
def test_infinite_logits_are_refused_in_the_first_step(model, bad):
    bias = model.trust_head.layers[-1].bias.data
    batch = packed_batch(model)
    good = bias.clone()
    bias.fill_(bad)
    with pytest.raises(
        ValueError, match=r'^MyHead\.forward: expected finite logits, found'
    ):
        model.train().loss(**batch)
    bias.copy_(good)
    model.loss(**batch)
    bias.fill_(bad)
    model.loss(**batch)  # MMEngine logs that the loss is not finite
