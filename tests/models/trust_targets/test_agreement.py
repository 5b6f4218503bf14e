import numpy as np
import pytest
import torch
from helpers import build_estimator, packed_batch
from training_steps import (
    INPUT_SIZE,
    distribution_at,
    training_step,
    view_of,
)

from self_verify_pose.models.augmentations.similarity import (
    SimilarityTransform,
)
from self_verify_pose.models.trust_targets import AgreementTargets

SIZES = torch.full((3,), 150.0)
TRANSFORM = SimilarityTransform(
    torch.tensor([0.3, -0.2, 1.0]), torch.tensor([0.8, 1.0, 1.3])
)


def step_of(samples, hard_view=None, **trust):
    """The other network is 30 pixels off at joint 2, 5 at joint 3.

    It predicts no joint 4, and joint 5 outside of the crop.
    """
    points = torch.full((3, 17, 2), 100.0)
    other = points.clone()
    other[:, 2] += torch.tensor([18.0, 24.0])
    other[:, 3] += torch.tensor([3.0, 4.0])
    other[:, 4] = torch.nan
    other[:, 5] = torch.tensor([-1.0, 100.0])
    for sample, row in zip(samples, other, strict=True):
        sample.gt_instances.other_keypoints = row[None].numpy()
    moved = TRANSFORM.apply_to_points(points, INPUT_SIZE)
    second = distribution_at(moved, SIZES * TRANSFORM.scales)
    return training_step(
        distribution_at(points, SIZES),
        samples,
        view_of(second, TRANSFORM),
        consistency={'hard_view': hard_view},
        trust=trust,
    )


@pytest.mark.parametrize('hard_view', [None, {}])
def test_agreement_is_averaged_with_the_own_estimate(samples, hard_view):
    step = step_of(samples, hard_view)
    targets = AgreementTargets().targets(step)
    views = [step.view, step.second_view][: 1 if hard_view is None else 2]
    assert [target.view for target in targets] == views
    agrees = torch.ones(3, 17)
    agrees[:, [2, 4, 5]] = 0
    for target, view in zip(targets, views, strict=True):
        own = view.output.distribution.expected_correctness()
        expected = (agrees + own) / 2
        known = target.mask
        torch.testing.assert_close(target.values[known], expected[known])
        assert target.values.isfinite().all()
        assert not known[:, [4]].any()
    mask = targets[0].mask
    assert not mask[:, 5].any()
    assert mask[:, [0, 1, 2, 3, *range(6, 17)]].all()


def test_what_lies_outside_of_the_augmented_view_is_masked(samples):
    step = step_of(samples, {})
    other = torch.full((3, 17, 2), 185.0)
    for sample, row in zip(samples, other, strict=True):
        sample.gt_instances.other_keypoints = row[None].numpy()
    crop, augmented = AgreementTargets().targets(step)
    assert crop.mask.all()
    # of the views the first is smaller and the last is turned by a radian
    assert augmented.mask.all(1).tolist() == [True, False, False]


def test_labels_are_not_read(samples):
    assert not AgreementTargets().uses_labels
    expected = AgreementTargets().targets(step_of(samples))[0]
    for sample in samples:
        del sample.gt_instance_labels
    found = AgreementTargets().targets(step_of(samples))[0]
    assert torch.equal(found.values, expected.values)
    assert torch.equal(found.mask, expected.mask)


def test_the_threshold_is_dist_thr(samples):
    for threshold, agrees in ((0.03, False), (0.04, True), (0.05, True)):
        step = step_of(samples, dist_thr=threshold)
        (target,) = AgreementTargets().targets(step)
        assert (target.values[:, 3] >= 0.5).all() == agrees


def test_missing_keypoints_name_the_remedy(samples):
    step = training_step(distribution_at(torch.ones(3, 17, 2), SIZES), samples)
    with pytest.raises(KeyError, match='add LoadOtherPose'):
        AgreementTargets().targets(step)


@pytest.mark.parametrize('hard_view', [None, {}])
@pytest.mark.parametrize('full', [True, False])
def test_it_trains_the_head(hard_view, full):
    model = build_estimator(
        trust_cfg__source='agreement',
        consistency_cfg__hard_view=hard_view,
        full_param_train=full,
    ).train()
    batch = packed_batch(model)
    generator = np.random.default_rng(0)
    for sample in batch['data_samples']:
        points = generator.uniform(0, 190, (1, 17, 2)).astype(np.float32)
        sample.gt_instances.other_keypoints = points
    loss = model.loss(**batch)['loss_trust']
    assert 0 < loss < 3
    loss.backward()
    assert all(p.grad is not None for p in model.trust_head.parameters())
    assert all(p.grad is None for p in model.backbone.parameters())
