import torch
from training_steps import (
    INPUT_SIZE,
    distribution_at,
    training_step,
    view_of,
)

from self_verify_pose.models.augmentations.similarity import (
    SimilarityTransform,
)
from self_verify_pose.models.trust_targets import RotationTargets

SIZES = torch.full((3,), 150.0)


def step_of(samples, alpha=10.0):
    """The third keypoint of each person fails to follow the rotation."""
    points = torch.full((3, 17, 2), 100.0)
    angles = torch.tensor([0.2, -0.3, 0.1])
    transform = SimilarityTransform(angles, torch.ones(3))
    rotated = transform.apply_to_points(points, INPUT_SIZE)
    rotated[:, 2] += torch.tensor([18.0, 24.0])
    return training_step(
        distribution_at(points, SIZES),
        samples,
        view_of(distribution_at(rotated, SIZES), transform),
        consistency={'alpha': alpha},
    )


def test_targets_decay_with_the_inconsistency(samples):
    samples[0].gt_instance_labels.keypoint_weights[0, 5] = 0
    step = step_of(samples, alpha=5.0)
    (target,) = RotationTargets().targets(step)
    distance, mask = step.soft_inconsistency
    assert torch.equal(target.mask, mask)
    assert not target.mask[0, 5]
    torch.testing.assert_close(target.values, (-5 * distance).exp())
    expected = torch.full((3,), -5 * 30 / 150).exp()
    torch.testing.assert_close(
        target.values[:, 2], expected, atol=0.02, rtol=0
    )
    assert target.values[:, [0, 1, *range(3, 17)]].min() > 0.95


def test_targets_belong_to_the_crop_and_bear_a_gradient(samples):
    step = step_of(samples)
    second = step.second_view.output.distribution
    second.x.requires_grad_()
    (target,) = RotationTargets().targets(step)
    assert target.view is step.view
    target.values.sum().backward()
    assert second.x.grad.abs().sum() > 0
