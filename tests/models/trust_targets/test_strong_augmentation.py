import pytest
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
from self_verify_pose.models.trust_targets import StrongAugmentationTargets
from self_verify_pose.models.trust_targets.strong_augmentation import (
    agreement_trust,
)

SIZES = torch.full((3,), 150.0)


def step_of(samples, target):
    """The third keypoint moves by 30 pixels, the fourth by 5."""
    points = torch.full((3, 17, 2), 100.0)
    transform = SimilarityTransform(
        torch.tensor([0.2, -0.3, 0.1]), torch.tensor([0.9, 1.0, 1.2])
    )
    moved = transform.apply_to_points(points, INPUT_SIZE)
    moved[:, 2] += torch.tensor([18.0, 24.0])
    moved[:, 3] += torch.tensor([3.0, 4.0])
    second = distribution_at(moved, SIZES * transform.scales)
    return training_step(
        distribution_at(points, SIZES),
        samples,
        view_of(second, transform),
        consistency={'hard_view': {'target': target}},
    )


def test_the_three_targets_of_a_strongly_augmented_view():
    distance = torch.tensor([0.0, 0.05, 0.0501, 0.2])
    expected = torch.tensor([0.9, 0.4, 0.4, 0.0])

    def targets(name):
        return agreement_trust(distance, expected, name, 10.0, 0.05)

    torch.testing.assert_close(targets('decay'), (-10 * distance).exp())
    assert targets('agreement').tolist() == [1, 1, 0, 0]
    torch.testing.assert_close(
        targets('self_estimate'), torch.tensor([0.95, 0.7, 0.2, 0.0])
    )


@pytest.mark.parametrize('kind', ['decay', 'agreement', 'self_estimate'])
def test_targets_belong_to_the_augmented_view(samples, kind):
    samples[0].gt_instance_labels.keypoint_weights[0, 5] = 0
    step = step_of(samples, kind)
    (target,) = StrongAugmentationTargets().targets(step)
    assert target.view is step.second_view
    assert target.mask.sum() == 50
    assert not target.mask[0, 5]
    distance, _ = step.hard_inconsistency
    agrees = distance <= 0.05
    assert not agrees[:, 2].any()
    assert agrees[:, [0, 1, *range(3, 17)]].all()
    second = step.second_view.output.distribution
    expected = {
        'decay': (-10 * distance).exp(),
        'agreement': agrees.float(),
        'self_estimate': (agrees + second.expected_correctness()) / 2,
    }
    torch.testing.assert_close(target.values, expected[kind])
    assert not target.values.requires_grad
