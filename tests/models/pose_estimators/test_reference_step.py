"""A training step against one that computes everything separately."""

from functools import partial

import pytest
import torch
from helpers import SELFVERIFY, SOLVABILITY, build_estimator, packed_batch
from torch.nn import functional
from training_steps import with_random_residual

from self_verify_pose.models.augmentations.similarity import (
    SimilarityTransform,
)
from self_verify_pose.models.distributions.simcc import SimCCDistribution
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
    """One pass of its own; the second view enters no statistics."""
    features = model.extract_feat(crops)
    return features, model.head.forward(features)


def soft(model, axes):
    coordinates = []
    for axis in axes:
        probability = (10 * axis).softmax(-1)
        bins = torch.arange(axis.shape[-1], dtype=torch.float32)
        coordinates.append((probability * bins).sum(-1) / 2)
    return torch.stack(coordinates, -1)


def hard(axes):
    return torch.stack([axis.argmax(-1) for axis in axes], -1) / 2


def second_view(model, inputs):
    torch.manual_seed(SEED)
    ones = torch.ones(len(inputs))
    angles, _ = SimilarityTransform.random_rotation(ones, 30.0)
    black = -torch.tensor([123.675 / 58.395, 116.28 / 57.12, 103.53 / 57.375])
    return rotate_images(inputs, angles, black), angles


def labeled(samples):
    weights = [s.gt_instance_labels.keypoint_weights for s in samples]
    return torch.cat(weights) > 0


def inconsistency(decode, model, reference, crops, angles, samples):
    """Distance in person sizes, and which keypoints count."""
    _, other = forward(model, crops)
    expected = rotate_points(decode(reference).detach(), angles, (192, 256))
    distance = (decode(other) - expected).square().sum(-1).sqrt()
    x, y = expected.unbind(-1)
    inside = (x >= 0) & (x <= 191) & (y >= 0) & (y <= 255)
    sizes = person_sizes(samples, crops.device)
    return distance / sizes[:, None], inside & labeled(samples)


def trust_loss(model, inputs, samples, targets, mask):
    """The trust head on a forward pass of its own, without gradient."""
    with torch.no_grad():
        features, axes = forward(model, inputs)
    sizes = person_sizes(samples, inputs.device)
    distribution = SimCCDistribution(*axes, model.reader.encoding, sizes)
    torch.manual_seed(SEED + 1)
    residuals = model.trust_head(features, distribution, hard(axes))
    free = distribution.expected_correctness().clamp(1e-4, 0.9999)
    logits = 0.5 * (free / (1 - free)).log() - 1 + residuals
    losses = functional.binary_cross_entropy_with_logits(
        logits, targets.detach(), reduction='none'
    )
    return losses[mask].mean()


def consistency_loss(model, reference, distance, samples):
    """Huber loss of the distance, weighted as the crop is confident."""
    if not model.options.consistency.robust:
        return distance
    sizes = person_sizes(samples, distance.device)
    crops = SimCCDistribution(*reference, model.reader.encoding, sizes)
    near = distance.square() / 0.1
    huber = torch.where(distance <= 0.05, near, distance - 0.025)
    return crops.expected_correctness().detach() * huber


def slow_consistency(model, inputs, samples):
    _, reference = forward(model, inputs)
    crops, angles = second_view(model, inputs)
    views = (model, reference, crops, angles, samples)
    distance, mask = inconsistency(partial(soft, model), *views)
    of_peaks, _ = inconsistency(hard, *views)
    _, axes = forward(model, crops)
    sizes = person_sizes(samples, crops.device)
    rotated = SimCCDistribution(*axes, model.reader.encoding, sizes)
    own = rotated.expected_correctness()
    targets = ((of_peaks <= 0.05).float() + own) / 2
    weight = model.options.consistency.loss_weight
    losses = {'loss_trust': trust_loss(model, crops, samples, targets, mask)}
    if model.full_param_train:
        features, _ = forward(model, inputs)
        losses['loss_kpt'] = model.head.loss(features, samples)['loss_kpt']
        if weight:
            losses['loss_consistency_rot'] = (
                weight
                * consistency_loss(model, reference, distance, samples)[
                    mask
                ].mean()
            )
    return losses


def slow_solvability(model, inputs, samples):
    _, axes = forward(model, inputs)
    keypoints = hard(axes)
    weights = torch.minimum(*(a.amax(-1) for a in axes)).detach()
    weights = weights.clamp(1e-3, 1) * labeled(samples)
    result = model.teacher(
        rotate_points(
            keypoints,
            augmentation_angles(samples, keypoints.device),
            (192, 256),
        ),
        weights,
        person_sizes(samples, keypoints.device),
        box_centers(samples, keypoints.device),
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
        (SELFVERIFY, {'consistency_cfg__robust': False}, slow_consistency),
        (SELFVERIFY, {'full_param_train': False}, slow_consistency),
        (SOLVABILITY, {}, slow_solvability),
    ],
    ids=[
        'cycle',
        'consistency only measured',
        'mean distance',
        'frozen',
        'solvability',
    ],
)
def test_the_step_agrees_with_the_slow_one(name, changes, slow):
    model = build_estimator(name, **changes).train()
    torch.manual_seed(1)
    for parameter in model.head.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.05)
    with_random_residual(model.trust_head)
    anchor = model.trust_head.anchor
    for values, number in zip(
        (anchor.scale, anchor.shift, anchor.share), (0.5, -1, 0.1), strict=True
    ):
        values.fill_(number)  # training ignores the share
    # dropout is drawn in another order when everything is separate
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
    found_gradients = gradients(model, found)
    expected = slow(model, batch['inputs'], batch['data_samples'])
    expected_gradients = gradients(model, expected)
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert value > 0, key
        torch.testing.assert_close(found[key], value, rtol=1e-4, atol=1e-6)
    assert found_gradients.keys() == expected_gradients.keys()
    for key, value in expected_gradients.items():
        size = value.abs().max().clamp_min(1e-6)
        assert (found_gradients[key] - value).abs().max() <= 2e-3 * size, key
