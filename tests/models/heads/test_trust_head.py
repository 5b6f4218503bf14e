import pytest
import torch
from mmpose.registry import MODELS

from self_verify_pose.models.distributions.simcc import SimCCLogits, SimCCSpec
from self_verify_pose.models.heads.trust_head import TrustHead

SPEC = SimCCSpec((192, 256), 2.0, 10.0)


def build(**changes):
    torch.manual_seed(0)
    config = {
        'type': 'TrustHead',
        'in_channels': [16, 32],
        'num_keypoints': 17,
    }
    return MODELS.build({**config, **changes})


def inputs(batch=2):
    generator = torch.Generator().manual_seed(1)

    def rand(*shape):
        return torch.rand(*shape, generator=generator)

    return (
        (rand(batch, 16, 32, 24), rand(batch, 32, 16, 12)),
        SimCCLogits(rand(batch, 17, 384), rand(batch, 17, 512)),
        rand(batch, 17, 2) * torch.tensor([191.0, 255.0]),
        SPEC,
        torch.linspace(120, 220, batch),
    )


def test_one_logit_per_joint_and_probabilities():
    head = build().eval()
    assert isinstance(head, TrustHead)
    logits = head(*inputs())
    assert logits.shape == (2, 17)
    trust = head.predict(*inputs())
    torch.testing.assert_close(trust, logits.sigmoid())


def test_the_default_head_is_light():
    head = build(in_channels=[128, 256])
    assert sum(p.numel() for p in head.parameters()) < 500_000


def test_samples_do_not_influence_each_other():
    head = build().eval()
    features, logits, keypoints, spec, sizes = inputs(4)
    whole = head(features, logits, keypoints, spec, sizes)
    one = head(
        [level[2:3] for level in features],
        SimCCLogits(logits.x[2:3], logits.y[2:3]),
        keypoints[2:3],
        spec,
        sizes[2:3],
    )
    torch.testing.assert_close(whole[2:3], one, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    'part', ['level 0', 'level 1', 'logits', 'keypoints', 'sizes']
)
def test_the_head_sees_all_of_its_inputs(part):
    head = build().eval()
    features, logits, keypoints, spec, sizes = inputs()
    before = head(features, logits, keypoints, spec, sizes)
    if part.startswith('level'):
        level = int(part[-1])
        features = [f.clone() for f in features]
        features[level][:, ::2] += 1
    elif part == 'logits':
        logits = SimCCLogits(logits.x * 3, logits.y)
    elif part == 'keypoints':
        keypoints = keypoints.roll(1, 1)
    else:
        sizes = sizes * 1.5
    after = head(features, logits, keypoints, spec, sizes)
    assert (before - after).abs().max() > 1e-4


def test_a_joint_is_judged_in_the_light_of_the_others():
    features, logits, keypoints, spec, sizes = inputs()
    sharper = SimCCLogits(logits.x.clone(), logits.y)
    sharper.x[:, 3] *= 3
    for mix_joints in (True, False):
        head = build(mix_joints=mix_joints).eval()
        change = head(features, sharper, keypoints, spec, sizes) - head(
            features, logits, keypoints, spec, sizes
        )
        others = torch.arange(17) != 3
        assert change[:, 3].abs().min() > 1e-4
        assert bool(change[:, others].any()) == mix_joints


def test_levels_and_channels_belong_together():
    with pytest.raises(ValueError, match=r'each of the levels \(0, 1\)'):
        build(in_channels=[32])


def test_it_can_learn_what_its_inputs_tell():
    """Joints with a sharp distribution are right, the others wrong."""
    head = build()
    features, logits, keypoints, spec, sizes = inputs(16)
    right = torch.rand(16, 17) > 0.5
    x = torch.where(right[..., None], logits.x * 3, logits.x)
    optimizer = torch.optim.AdamW(head.parameters(), lr=3e-3)
    for _ in range(60):
        sharp = SimCCLogits(x, logits.y)
        out = head(features, sharp, keypoints, spec, sizes)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            out, right.float()
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert ((out > 0) == right).float().mean() > 0.98
