import numpy as np
import pytest
import torch
from training_steps import (
    ENCODING,
    INPUT_SIZE,
    distribution_at,
    random_distribution,
)

from self_verify_pose.models.distributions.simcc import SimCCReader
from self_verify_pose.models.geometry.rotation import rotate_points
from self_verify_pose.models.options import SolvabilityOptions
from self_verify_pose.models.sample_fields import (
    augmentation_angles,
    box_centers,
    head_targets,
    labeled_joints,
    person_sizes,
)
from self_verify_pose.models.teachers.solver import CONVERGED, DEGENERATE
from self_verify_pose.models.trust_targets import build_teacher
from self_verify_pose.models.trust_targets.teacher_output import run_teacher

CPU = torch.device('cpu')
LEFT_WRIST = 9


def true_keypoints(samples):
    reader = SimCCReader(ENCODING)
    targets = head_targets(samples, reader.target_fields)
    return reader.read_targets(targets, torch.ones(len(samples))).hard_decode()


def predictions(samples, shift=0.0):
    """Correct keypoints, but the left wrist off by a shift in sizes."""
    sizes = person_sizes(samples, CPU)
    points = true_keypoints(samples)
    offset = torch.tensor([0.6, -0.8]) * shift
    points[:, LEFT_WRIST] += sizes[:, None] * offset
    return distribution_at(points, sizes)


def run(distribution, samples, **options):
    options = SolvabilityOptions(**options)
    teacher = build_teacher(options)
    return run_teacher(teacher, options, distribution, samples), options


def test_correct_keypoints_are_trusted_and_wrong_ones_are_not(real_samples):
    good, options = run(predictions(real_samples), real_samples)
    bad, _ = run(predictions(real_samples, 0.3), real_samples)
    assert torch.equal(good.mask, labeled_joints(real_samples))
    assert good.logged(options)['solv_converged'] > 0.9
    both = good.mask[:, LEFT_WRIST]
    drop = (good.trust(options) - bad.trust(options))[both, LEFT_WRIST]
    assert drop.mean() > 0.15
    assert good.trust(options)[good.mask].mean() > 0.5


def test_the_teacher_gets_upright_keypoints_weights_sizes_and_centers(
    real_samples,
):
    calls = []
    options = SolvabilityOptions()
    teacher = build_teacher(options)

    def spy(*args):
        calls.append(args)
        return teacher(*args)

    predicted = predictions(real_samples)
    output = run_teacher(spy, options, predicted, real_samples)
    ((keypoints, weights, sizes, centers),) = calls
    angles = augmentation_angles(real_samples, CPU)
    expected = rotate_points(predicted.hard_decode(), angles, INPUT_SIZE)
    assert torch.equal(keypoints, expected)
    assert torch.equal(output.keypoints, expected)
    scores = predicted.raw_scores().clamp(1e-3, 1)
    labeled = labeled_joints(real_samples)
    assert torch.equal(weights, scores * labeled)
    assert torch.equal(sizes, predicted.sizes)
    assert torch.equal(centers, box_centers(real_samples, CPU))
    calls.clear()
    free = SolvabilityOptions(use_gt_visible=False)
    run_teacher(spy, free, predicted, real_samples)
    assert torch.equal(calls[0][1], scores)


def test_without_detach_the_gradient_reaches_the_keypoints(real_samples):
    predicted = predictions(real_samples)
    predicted.x.requires_grad_()
    for detach in (True, False):
        output, options = run(
            predicted, real_samples, detach=detach, fusion='solvability'
        )
        trust = output.trust(options)
        assert trust.requires_grad != detach
        logged = output.logged(options)
        assert not any(value.requires_grad for value in logged.values())
    trust[output.mask].sum().backward()
    assert predicted.x.grad.isfinite().all()
    assert predicted.x.grad.abs().sum() > 0


def test_without_detach_the_values_are_those_of_the_teacher(real_samples):
    predicted = predictions(real_samples)
    (one, options), (other, free) = (
        run(predicted, real_samples, detach=detach) for detach in (True, False)
    )
    # soft and hard decoding differ by a part of a pixel
    assert torch.equal(one.mask, other.mask)
    difference = (one.trust(options) - other.trust(free)).abs()
    assert difference.median() < 0.01


def test_keypoints_without_a_trust_have_zero(real_samples):
    output, options = run(predictions(real_samples), real_samples)
    assert not output.mask.all()
    trust = output.trust(options)
    assert (trust[~output.mask] == 0).all()
    assert torch.equal(trust[output.mask], output.result.trust[output.mask])


def test_logged_values_agree_with_numpy(real_samples):
    output, options = run(predictions(real_samples, 0.3), real_samples)
    logged = output.logged(options)
    result, mask = output.result, output.mask.numpy()
    fitted = (result.status != DEGENERATE).numpy()
    expected = {
        'solv_residual_mean': result.residual.numpy()[mask].mean(),
        'solv_energy_mean': result.energy.numpy()[fitted].mean(),
        'pseudo_trust_sol_mean': result.trust.numpy()[mask].mean(),
        'solv_converged': (result.status == CONVERGED).numpy()[fitted].mean(),
    }
    assert logged.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(logged[name], value, rtol=1e-5)


def test_a_missing_teacher_is_named(samples):
    with pytest.raises(
        ValueError, match=r'with a teacher, .*solvability_cfg\.enable=False'
    ):
        run_teacher(
            None, SolvabilityOptions(), random_distribution(3), samples
        )
