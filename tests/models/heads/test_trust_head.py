from dataclasses import replace

import pytest
import torch
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from training_steps import random_distribution, with_random_residual

from self_verify_pose.models.distributions.simcc import SimCCDistribution
from self_verify_pose.models.heads.trust_features import (
    TrustFeatures,
    scalar_names,
)
from self_verify_pose.models.heads.trust_head import TrustHead

NUM_SCALARS = len(scalar_names(SimCCDistribution.statistic_names))


def build(**changes):
    torch.manual_seed(0)
    config = {
        'type': 'TrustHead',
        'in_channels': [16, 32],
        'num_keypoints': 17,
        'num_scalars': NUM_SCALARS,
    }
    # another test of the process may have set another scope
    init_default_scope('mmpose')
    return with_random_residual(MODELS.build({**config, **changes}))


def inputs(batch=2):
    generator = torch.Generator().manual_seed(1)

    def rand(*shape):
        return torch.rand(*shape, generator=generator)

    return (
        (rand(batch, 16, 32, 24), rand(batch, 32, 16, 12)),
        random_distribution(batch),
        rand(batch, 17, 2) * torch.tensor([191.0, 255.0]),
    )


def test_one_residual_per_keypoint_and_probabilities():
    head = build().eval()
    assert isinstance(head, TrustHead)
    residuals = head(*inputs())
    assert residuals.shape == (2, 17)
    free = random_distribution().free_score()
    logits = head.logits(*inputs())
    torch.testing.assert_close(logits, (free / (1 - free)).log() + residuals)
    trust = head.predict(*inputs())
    torch.testing.assert_close(trust, logits.sigmoid())


def test_an_untrained_head_gives_the_free_score():
    init_default_scope('mmpose')
    head = TrustHead([16, 32], 17, NUM_SCALARS).eval()
    assert not head(*inputs()).any()
    free = random_distribution().free_score()
    torch.testing.assert_close(head.predict(*inputs()), free)
    head(*inputs()).sum().backward()
    assert all(
        p.grad.abs().max() > 0 for p in head.classifier[-1].parameters()
    )


def test_the_default_head_is_light():
    head = build(in_channels=[128, 256])
    assert sum(p.numel() for p in head.parameters()) < 500_000


def test_samples_do_not_influence_each_other():
    head = build().eval()
    features, distribution, keypoints = inputs(4)
    whole = head(features, distribution, keypoints)
    assert whole.std() > 0
    part = slice(2, 3)
    one = replace(
        distribution,
        x=distribution.x[part],
        y=distribution.y[part],
        sizes=distribution.sizes[part],
    )
    alone = head([level[part] for level in features], one, keypoints[part])
    torch.testing.assert_close(whole[part], alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    'part', ['level 0', 'level 1', 'logits', 'keypoints', 'sizes']
)
def test_the_head_reads_all_of_its_inputs(part):
    head = build().eval()
    features, distribution, keypoints = inputs()
    before = head(features, distribution, keypoints)
    if part.startswith('level'):
        level = int(part[-1])
        features = [f.clone() for f in features]
        features[level][:, ::2] += 1
    elif part == 'logits':
        distribution = replace(distribution, x=distribution.x * 3)
    elif part == 'keypoints':
        keypoints = keypoints.roll(1, 1)
    else:
        distribution = replace(distribution, sizes=distribution.sizes * 1.5)
    after = head(features, distribution, keypoints)
    assert (before - after).abs().max() > 1e-4


def test_trust_depends_on_the_other_keypoints_with_mix_joints():
    features, distribution, keypoints = inputs()
    sharper = replace(distribution, x=distribution.x.clone())
    sharper.x[:, 3] *= 3
    for mix_joints in (True, False):
        head = build(mix_joints=mix_joints).eval()
        change = head(features, sharper, keypoints) - head(
            features, distribution, keypoints
        )
        others = torch.arange(17) != 3
        assert change[:, 3].abs().min() > 1e-4
        assert bool(change[:, others].any()) == mix_joints


def test_levels_name_the_feature_maps():
    features, distribution, keypoints = inputs()
    expected = build().eval()(features, distribution, keypoints)
    assert expected.std() > 0
    head = build(levels=(1, 2)).eval()
    unused = torch.zeros(2, 3, 64, 48)
    maps = (unused, *features)
    torch.testing.assert_close(head(maps, distribution, keypoints), expected)


def test_levels_and_channels_belong_together():
    with pytest.raises(ValueError, match=r'each of the levels \(0, 1\)'):
        build(in_channels=[32])


@pytest.mark.parametrize(
    ('changes', 'error', 'found'),
    [
        ({'mix_joints': 'False'}, TypeError, "'False'"),
        ({'embed_dims': 96.0}, TypeError, '96.0'),
        ({'embed_dims': 0}, ValueError, '0'),
        ({'embed_dims': 97}, ValueError, '97'),
        ({'num_heads': True}, TypeError, 'True'),
        ({'num_heads': 0}, ValueError, '0'),
        ({'feature_dropout': 'x'}, TypeError, "'x'"),
        ({'feature_dropout': 1.5}, ValueError, '1.5'),
    ],
)
def test_bad_arguments_are_refused(changes, error, found):
    (key,) = changes
    with pytest.raises(
        error, match=rf'^model\.trust_head\.{key}: expected .*, found {found};'
    ):
        build(**changes)


def test_packed_features_give_the_same_logits():
    head = build().eval()
    collected = TrustFeatures.collect(*inputs())
    assert torch.equal(head.forward_features(collected), head(*inputs()))
    head.anchor.scale.fill_(1.5)
    head.anchor.shift.fill_(-0.5)
    expected = head.logits(*inputs())
    rows = collected.packed(random_distribution().free_score())
    assert torch.equal(head.forward_packed(rows), expected)
    verified = torch.linspace(0.1, 0.9, 34).view(2, 17)
    assert torch.equal(
        head.forward_packed(rows, verified=verified),
        head.logits(*inputs(), verified),
    )
    half = head.forward_packed(rows.half())
    torch.testing.assert_close(half, expected, atol=0.02, rtol=0)


def test_the_state_dict_has_the_names_of_older_checkpoints():
    names = {key.split('.')[0] for key in build().state_dict()}
    assert names >= {
        'local_projs',
        'numbers_norm',
        'numbers_proj',
        'joint_embedding',
        'mixer',
        'classifier',
        'calibration',
        'anchor',
    }


def test_it_learns_what_its_inputs_tell():
    """Keypoints with a sharp distribution are correct, others wrong."""
    head = build()
    features, distribution, keypoints = inputs(16)
    correct = torch.rand(16, 17) > 0.5
    x = torch.where(correct[..., None], distribution.x * 3, distribution.x)
    sharp = replace(distribution, x=x)
    optimizer = torch.optim.AdamW(head.parameters(), lr=3e-3)
    for _ in range(60):
        out = head(features, sharp, keypoints)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            out, correct.float()
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert ((out > 0) == correct).float().mean() > 0.98
