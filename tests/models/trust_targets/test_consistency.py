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
from self_verify_pose.models.trust_targets import ConsistencyTargets

SIZES = torch.full((3,), 150.0)
TARGETS = ['decay', 'agreement', 'self_estimate', 'cross_view_mass']


def step_of(samples, target, strong, detach=True):
    """The third keypoint moves by 30 pixels, the fourth by 5."""
    points = torch.full((3, 17, 2), 100.0)
    transform = SimilarityTransform(
        torch.tensor([0.2, -0.3, 0.1]),
        torch.tensor([0.9, 1.0, 1.2]) if strong else torch.ones(3),
    )
    moved = transform.apply_to_points(points, INPUT_SIZE)
    moved[:, 2] += torch.tensor([18.0, 24.0])
    moved[:, 3] += torch.tensor([3.0, 4.0])
    second = distribution_at(moved, SIZES * transform.scales)
    consistency = {'target': target}
    if strong:
        consistency['hard_view'] = {}
    return training_step(
        distribution_at(points, SIZES),
        samples,
        view_of(second, transform),
        consistency=consistency,
        trust={'detach_pseudo': detach},
    )


def mass_by_the_other_view(step, of_crop):
    """Mass of the other view in the disc around each scored keypoint."""
    second = step.second_view
    points = step.view.output.distribution.hard_decode()
    found = second.output.distribution.hard_decode()
    if of_crop:
        placed = second.transform.apply_to_points(points, INPUT_SIZE)
        return second.output.distribution.mass_within(placed, 0.05)
    angles, scales = second.transform
    center = torch.tensor([95.5, 127.5])
    cosine, sine = angles.cos()[:, None], angles.sin()[:, None]
    x, y = ((found - center) / scales[:, None, None]).unbind(-1)
    back = torch.stack([x * cosine + y * sine, y * cosine - x * sine], -1)
    return step.view.output.distribution.mass_within(back + center, 0.05)


@pytest.mark.parametrize('strong', [False, True])
@pytest.mark.parametrize('scored_view', ['second_view', 'crop'])
@pytest.mark.parametrize('kind', TARGETS)
def test_targets_agree_with_a_slow_reference(
    samples, kind, scored_view, strong
):
    samples[0].gt_instance_labels.keypoint_weights[0, 5] = 0
    step = step_of(samples, kind, strong)
    (target,) = ConsistencyTargets(scored_view).targets(step)
    of_crop = scored_view == 'crop' or (kind == 'decay' and not strong)
    view = step.view if of_crop else step.second_view
    assert target.view is view
    assert target.mask.sum() == 50
    assert not target.mask[0, 5]
    distance, _ = step.hard_inconsistency
    agrees = distance <= 0.05
    assert not agrees[:, 2].any()
    assert agrees[:, [0, 1, *range(3, 17)]].all()
    own = view.output.distribution.expected_correctness()
    expected = {
        'decay': (-10 * distance).exp(),
        'agreement': agrees.float(),
        'self_estimate': (agrees + own) / 2,
        'cross_view_mass': (mass_by_the_other_view(step, of_crop) + own) / 2,
    }
    torch.testing.assert_close(target.values, expected[kind])
    assert not target.values.requires_grad


def test_gradients_flow_into_targets_where_asked(samples):
    step = step_of(samples, 'decay', False, detach=False)
    second = step.second_view.output.distribution
    second.x.requires_grad_()
    (target,) = ConsistencyTargets().targets(step)
    distance, _ = step.soft_inconsistency
    torch.testing.assert_close(target.values, (-10 * distance).exp())
    target.values.sum().backward()
    assert second.x.grad.abs().sum() > 0


def test_an_unknown_view_is_refused():
    with pytest.raises(ValueError, match=r"scored_view: expected .*'crop'"):
        ConsistencyTargets('both')
