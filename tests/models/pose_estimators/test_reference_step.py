"""A training step against one that computes everything separately."""

import pytest
import torch
from helpers import SELFVERIFY, SOLVABILITY, build_estimator, packed_batch
from torch.nn import functional

from self_verify_pose.models.augmentations.similarity import random_angles
from self_verify_pose.models.distributions.simcc import (
    SimCCLogits,
    hard_decode,
)
from self_verify_pose.models.geometry.rotation import (
    rotate_images,
    rotate_points,
)
from self_verify_pose.models.sample_fields import (
    augmentation_angles,
    box_centers,
    person_sizes,
)

SEED = 3


def forward(model, crops):
    """One pass of its own; the second view leaves no statistics."""
    features = model.extract_feat(crops)
    return features, model.head.forward(features)


def soft(model, axes):
    places = []
    for axis in axes:
        probability = (10 * axis).softmax(-1)
        bins = torch.arange(axis.shape[-1], dtype=torch.float32)
        places.append((probability * bins).sum(-1) / 2)
    return torch.stack(places, -1)


def second_view(model, inputs):
    torch.manual_seed(SEED)
    angles = random_angles(len(inputs), 30.0, inputs)
    black = -torch.tensor([123.675 / 58.395, 116.28 / 57.12, 103.53 / 57.375])
    return rotate_images(inputs, angles, black), angles


def labeled(samples):
    weights = [s.gt_instance_labels.keypoint_weights for s in samples]
    return torch.cat(weights) > 0


def inconsistency(model, upright, crops, angles, samples):
    """Distance in person sizes, and which joints count."""
    _, other = forward(model, crops)
    expected = rotate_points(soft(model, upright).detach(), angles, (192, 256))
    distance = (soft(model, other) - expected).square().sum(-1).sqrt()
    x, y = expected.unbind(-1)
    inside = (x >= 0) & (x <= 191) & (y >= 0) & (y <= 255)
    sizes = person_sizes(samples, crops.device)
    return distance / sizes[:, None], inside & labeled(samples)


def trust_loss(model, inputs, samples, targets, mask):
    """The trust head on a forward pass of its own, without gradient."""
    with torch.no_grad():
        features, axes = forward(model, inputs)
    logits = SimCCLogits(*axes)
    joints = hard_decode(logits, model.simcc_spec)
    sizes = person_sizes(samples, inputs.device)
    torch.manual_seed(SEED + 1)
    said = model.trust_head(features, logits, joints, model.simcc_spec, sizes)
    losses = functional.binary_cross_entropy_with_logits(
        said, targets.detach(), reduction='none'
    )
    return losses[mask].mean()


def slow_consistency(model, inputs, samples):
    _, upright = forward(model, inputs)
    crops, angles = second_view(model, inputs)
    distance, mask = inconsistency(model, upright, crops, angles, samples)
    weight = model.consistency.loss_weight
    losses = {
        'loss_trust': trust_loss(
            model, inputs, samples, (-10 * distance).exp(), mask
        )
    }
    if model.full_param_train:
        features, _ = forward(model, inputs)
        losses['loss_kpt'] = model.head.loss(features, samples)['loss_kpt']
        if weight:
            losses['loss_consistency_rot'] = weight * distance[mask].mean()
    return losses


def slow_solvability(model, inputs, samples):
    _, axes = forward(model, inputs)
    joints = hard_decode(SimCCLogits(*axes), model.simcc_spec)
    belief = torch.minimum(*(a.amax(-1) for a in axes)).detach()
    belief = belief.clamp(1e-3, 1) * labeled(samples)
    result = model.teacher(
        rotate_points(
            joints, augmentation_angles(samples, joints.device), (192, 256)
        ),
        belief,
        person_sizes(samples, joints.device),
        box_centers(samples, joints.device),
    )
    mask = result.trust.isfinite()
    targets = torch.where(mask, result.trust, 0.0)
    features, _ = forward(model, inputs)
    return {
        'loss_kpt': model.head.loss(features, samples)['loss_kpt'],
        'loss_trust': trust_loss(model, inputs, samples, targets, mask),
    }


def gradients(model, losses):
    model.zero_grad()
    sum(losses.values()).backward()
    return {
        name: p.grad.clone()
        for name, p in model.named_parameters()
        if p.grad is not None
    }


@pytest.mark.parametrize(
    ('name', 'changes', 'slow'),
    [
        (SELFVERIFY, {}, slow_consistency),
        (
            SELFVERIFY,
            {'consistency_cfg__loss_weight': 0.0},
            slow_consistency,
        ),
        (SELFVERIFY, {'full_param_train': False}, slow_consistency),
        (SOLVABILITY, {}, slow_solvability),
    ],
    ids=['cycle', 'label only', 'frozen', 'solvability'],
)
def test_the_step_is_the_slow_one(name, changes, slow):
    model = build_estimator(name, **changes).train()
    torch.manual_seed(1)
    for parameter in model.head.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.05)
    # dropout draws in another order when everything is separate
    for module in model.trust_head.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        if isinstance(module, torch.nn.MultiheadAttention):
            module.dropout = 0.0
    batch = packed_batch(model, 4)
    torch.manual_seed(SEED)
    found = {
        key: value
        for key, value in model.loss(**batch).items()
        if key.startswith('loss')
    }
    mine = gradients(model, found)
    expected = slow(model, batch['inputs'], batch['data_samples'])
    theirs = gradients(model, expected)
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert value > 0, key
        torch.testing.assert_close(found[key], value, rtol=1e-4, atol=1e-6)
    assert mine.keys() == theirs.keys()
    for key, value in theirs.items():
        size = value.abs().max().clamp_min(1e-6)
        assert (mine[key] - value).abs().max() <= 2e-3 * size, key
