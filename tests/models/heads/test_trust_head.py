import pytest
import torch
from mmpose.registry import MODELS

from self_verify_pose.models.geometry.simcc import SimCCLogits, SimCCSpec
from self_verify_pose.models.heads.trust_head import TrustHead

SPEC = SimCCSpec((192, 256), 2.0, 10.0)


def build(**changes):
    torch.manual_seed(0)
    config = {
        'type': 'TrustHead',
        'in_channels': 32,
        'num_keypoints': 17,
    }
    return MODELS.build({**config, **changes})


def inputs(batch=2, channels=32):
    generator = torch.Generator().manual_seed(1)

    def rand(*shape):
        return torch.rand(*shape, generator=generator)

    return (
        rand(batch, channels, 8, 6),
        SimCCLogits(rand(batch, 17, 384), rand(batch, 17, 512)),
        rand(batch, 17, 2) * torch.tensor([191.0, 255.0]),
        SPEC,
    )


def test_one_logit_per_joint_and_probabilities():
    head = build()
    assert isinstance(head, TrustHead)
    logits = head(*inputs())
    assert logits.shape == (2, 17)
    trust = head.predict(*inputs())
    torch.testing.assert_close(trust, logits.sigmoid())


def test_the_default_head_is_light():
    head = build(in_channels=512)
    assert sum(p.numel() for p in head.parameters()) < 500_000


def test_samples_do_not_influence_each_other():
    head = build().eval()
    features, logits, keypoints, spec = inputs(4)
    whole = head(features, logits, keypoints, spec)
    one = head(
        features[2:3],
        SimCCLogits(logits.x[2:3], logits.y[2:3]),
        keypoints[2:3],
        spec,
    )
    torch.testing.assert_close(whole[2:3], one, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize('part', ['features', 'logits', 'keypoints'])
def test_the_head_sees_all_of_its_inputs(part):
    head = build().eval()
    features, logits, keypoints, spec = inputs()
    before = head(features, logits, keypoints, spec)
    if part == 'features':
        features = features.clone()
        features[:, :, 4, 3] += 1
    elif part == 'logits':
        logits = SimCCLogits(logits.x * 3, logits.y)
    else:
        keypoints = keypoints.roll(1, 1)
    after = head(features, logits, keypoints, spec)
    assert (before - after).abs().max() > 1e-4


def test_it_can_learn_what_its_inputs_tell():
    """Joints with a sharp distribution are right, the others wrong."""
    head = build()
    features, logits, keypoints, spec = inputs(16)
    right = torch.rand(16, 17) > 0.5
    x = torch.where(right[..., None], logits.x * 3, logits.x)
    optimizer = torch.optim.AdamW(head.parameters(), lr=3e-3)
    for _ in range(60):
        out = head(features, SimCCLogits(x, logits.y), keypoints, spec)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            out, right.float()
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert ((out > 0) == right).float().mean() > 0.98
