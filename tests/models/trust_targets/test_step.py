import pytest
import torch
from training_steps import (
    INPUT_SIZE,
    distribution_at,
    random_distribution,
    training_step,
    view_of,
)

from self_verify_pose.models.augmentations.similarity import (
    SimilarityTransform,
)
from self_verify_pose.models.trust_targets import PoseOutput
from self_verify_pose.models.trust_targets.step import keypoint_distances

SIZES = torch.tensor([100.0, 150.0, 200.0])
TRANSFORM = SimilarityTransform(
    torch.tensor([0.2, -0.3, 0.1]), torch.tensor([0.8, 1.0, 1.2])
)


def crop_points():
    generator = torch.Generator().manual_seed(0)
    unit = torch.rand(3, 17, 2, generator=generator)
    return (unit * torch.tensor([60, 80]) + torch.tensor([66, 90])).round()


def step_with_shift(shift, data_samples, **options):
    """A step whose second prediction is off by a shift in pixels."""
    expected = TRANSFORM.apply_to_points(crop_points(), INPUT_SIZE)
    second = distribution_at(expected + shift, SIZES * TRANSFORM.scales)
    return training_step(
        distribution_at(crop_points(), SIZES),
        data_samples,
        view_of(second, TRANSFORM),
        **options,
    )


def test_labels_and_head_targets_are_those_of_the_samples(samples):
    samples[1].gt_instance_labels.keypoint_weights[0, 4] = 0
    step = training_step(random_distribution(3), samples)
    assert step.labeled.sum() == 3 * 17 - 1
    assert not step.labeled[1, 4]
    assert set(step.head_targets) == {
        'keypoint_x_labels',
        'keypoint_y_labels',
        'keypoint_weights',
    }
    x = samples[2].gt_instance_labels.keypoint_x_labels[0]
    assert torch.equal(step.true_keypoints[2, :, 0], x.argmax(-1) / 2)


@pytest.mark.parametrize('kind', ['soft_inconsistency', 'hard_inconsistency'])
def test_inconsistency_is_in_person_sizes_of_the_second_view(samples, kind):
    step = step_with_shift(torch.tensor([6.0, 8.0]), samples)
    distance, mask = getattr(step, kind)
    expected = (10 / (SIZES * TRANSFORM.scales))[:, None].expand(3, 17)
    # points are rounded to half pixels
    torch.testing.assert_close(distance, expected, atol=8e-3, rtol=0)
    assert mask.all()


def test_consistent_predictions_have_no_inconsistency(samples):
    step = step_with_shift(torch.zeros(2), samples)
    for distance, _ in (step.soft_inconsistency, step.hard_inconsistency):
        assert distance.max() < 8e-3


def test_unlabeled_keypoints_count_only_without_use_gt_visible(samples):
    samples[0].gt_instance_labels.keypoint_weights[0, 3] = 0
    for use_gt_visible in (True, False):
        step = step_with_shift(
            torch.zeros(2),
            samples,
            consistency={'use_gt_visible': use_gt_visible},
        )
        _, mask = step.soft_inconsistency
        assert mask[0, 3].item() != use_gt_visible
        assert mask.sum() == 51 - use_gt_visible
        _, mask = step.hard_inconsistency
        assert mask.all()


def test_only_the_second_view_gets_the_gradient(samples):
    step = step_with_shift(torch.tensor([3.0, 4.0]), samples)
    first = step.view.output.distribution
    second = step.second_view.output.distribution
    for distribution in (first, second):
        distribution.x.requires_grad_()
    step.soft_inconsistency[0].sum().backward()
    assert first.x.grad is None
    assert second.x.grad.abs().sum() > 0
    assert not step.hard_inconsistency[0].requires_grad


def test_values_are_computed_once(samples):
    step = step_with_shift(torch.zeros(2), samples)
    for name in ('labeled', 'soft_inconsistency', 'hard_inconsistency'):
        assert getattr(step, name) is getattr(step, name)


def test_a_missing_view_or_teacher_is_named_in_one_sentence(samples):
    step = training_step(random_distribution(3), samples)
    for name in ('second_view', 'soft_inconsistency', 'hard_inconsistency'):
        with pytest.raises(ValueError, match="add 'second_view' to `requ"):
            getattr(step, name)
    with pytest.raises(ValueError, match="add 'teacher' to `requires`"):
        step.teacher_output  # noqa: B018


def test_the_shape_is_that_of_the_predictions():
    assert training_step(random_distribution(2, 5)).shape == (2, 5)


def test_detached_output_is_cut_from_the_graph():
    distribution = random_distribution()
    distribution.x.requires_grad_()
    level = torch.rand(2, 4, 8, 6, requires_grad=True)
    output = PoseOutput((level * 2,), distribution).detach()
    assert not output.features[0].requires_grad
    assert not output.distribution.soft_decode().requires_grad
    assert torch.equal(output.features[0], level * 2)


def test_distances_are_euclidean():
    one = torch.tensor([[[0.0, 0.0], [1.0, 2.0]]])
    other = torch.tensor([[[3.0, 4.0], [1.0, 2.0]]])
    assert keypoint_distances(one, other).tolist() == [[5, 0]]
