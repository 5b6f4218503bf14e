import cmath

import pytest
import torch
from training_steps import distribution_at, training_step, view_of

from self_verify_pose.models.augmentations.similarity import (
    SimilarityTransform,
)
from self_verify_pose.models.sample_fields import person_sizes
from self_verify_pose.models.trust_targets import AnnotationTargets
from self_verify_pose.models.trust_targets.annotation import (
    correctness_target,
)

TRANSFORM = SimilarityTransform(
    torch.tensor([0.3, -0.2, 1.0]), torch.tensor([0.8, 1.0, 1.3])
)


def true_keypoint(sample, keypoint):
    labels = sample.gt_instance_labels
    return (
        labels.keypoint_x_labels[0, keypoint].argmax().item() / 2,
        labels.keypoint_y_labels[0, keypoint].argmax().item() / 2,
    )


def moved(point, row):
    """Rotate and scale a point about the center, as a complex number."""
    offset = complex(point[0] - 95.5, point[1] - 127.5)
    angle, scale = TRANSFORM.angles[row].item(), TRANSFORM.scales[row].item()
    offset *= scale * cmath.exp(1j * angle)
    return offset.real + 95.5, offset.imag + 127.5


@pytest.mark.parametrize('augmented', [False, True])
def test_correctness_agrees_with_a_plain_loop(samples, augmented):
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(3, 17, 2, generator=generator) * 180
    samples[1].gt_instance_labels.keypoint_weights[0, 6] = 0
    transform = SimilarityTransform.identity(torch.ones(3))
    if augmented:
        transform = TRANSFORM
    for row, sample in enumerate(samples):  # some keypoints near the truth
        for k in range(0, 17, 2):
            true = true_keypoint(sample, k)
            if augmented:
                true = moved(true, row)
            points[row, k] = torch.tensor(true).clamp(min=2, max=180)
    points = points.round()
    sizes = person_sizes(samples, torch.device('cpu')) * transform.scales
    view = view_of(distribution_at(points, sizes), transform)
    step = training_step(distribution_at(points, sizes), samples)
    target = correctness_target(step, view)
    assert target.view is view
    seen = set()
    for row, sample in enumerate(samples):
        for k in range(17):
            x, y = true_keypoint(sample, k)
            if augmented:
                x, y = moved((x, y), row)
            weight = sample.gt_instance_labels.keypoint_weights[0, k].item()
            inside = 0 <= x <= 191 and 0 <= y <= 255
            assert target.mask[row, k].item() == (weight > 0 and inside)
            px, py = points[row, k].tolist()
            distance = ((px - x) ** 2 + (py - y) ** 2) ** 0.5
            correct = distance <= 0.05 * sizes[row].item()
            assert target.values[row, k].item() == correct
            seen.add(correct)
    assert seen == {True, False}


def step_near_the_truth(samples, second_view=None, **options):
    """Predictions 10 pixels off, persons of 100 pixels."""
    true = torch.tensor(
        [[true_keypoint(sample, k) for k in range(17)] for sample in samples]
    )
    predicted = distribution_at(
        true + torch.tensor([6.0, -8.0]), torch.full((3,), 100.0)
    )
    return training_step(predicted, samples, second_view, **options)


def test_the_threshold_is_dist_thr(samples):
    for sample in samples:  # away from the border, where the bins end
        labels = sample.gt_instance_labels
        for axis in (labels.keypoint_x_labels, labels.keypoint_y_labels):
            axis.zero_()
            axis[..., 200] = 1
    for threshold, correct in ((0.09, False), (0.11, True)):
        step = step_near_the_truth(samples, trust={'dist_thr': threshold})
        (target,) = AnnotationTargets().targets(step)
        assert target.view is step.view
        assert (target.values == correct).all()


def test_a_strongly_augmented_view_is_learned_of_too(samples):
    view = view_of(
        distribution_at(torch.full((3, 17, 2), 90.0), torch.ones(3)),
        TRANSFORM,
    )
    for hard_view, count in ((None, 1), ({}, 2)):
        step = step_near_the_truth(
            samples, view, consistency={'hard_view': hard_view}
        )
        targets = AnnotationTargets().targets(step)
        assert len(targets) == count
        assert targets[0].view is step.view
        assert targets[-1].view is [step.view, view][count - 1]
