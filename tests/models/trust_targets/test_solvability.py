import pytest
import torch
from mmpose.registry import MODELS
from training_steps import random_distribution, training_step

from self_verify_pose.models.options import SolvabilityOptions
from self_verify_pose.models.trust_targets import (
    SolvabilityTargets,
    build_teacher,
)
from self_verify_pose.models.trust_targets.solvability import TEACHERS


@pytest.fixture(params=['free', 'fk'])
def name(request):
    if request.param == 'fk':
        pytest.importorskip('pytorch_kinematics')
    return request.param


def test_targets_are_the_trust_of_the_teacher(samples, name):
    samples[0].gt_instance_labels.keypoint_weights[0, 5] = 0
    options = SolvabilityOptions(teacher=name, iterations=5)
    step = training_step(
        random_distribution(3),
        samples,
        teacher=build_teacher(options),
        solvability={'teacher': name, 'iterations': 5},
    )
    (target,) = SolvabilityTargets().targets(step)
    assert target.view is step.view
    trust = step.teacher_output.result.trust
    assert torch.equal(target.mask, trust.isfinite())
    assert not target.mask[0, 5]
    assert target.mask.sum() > 0
    assert torch.equal(target.values[target.mask], trust[target.mask])


def test_the_teacher_takes_its_options(name):
    options = SolvabilityOptions(
        teacher=name, alpha=5.0, iterations=7, fusion='mean'
    )
    teacher = build_teacher(options)
    assert type(teacher) is TEACHERS[name]
    found = (teacher.alpha, teacher.iterations, teacher.fusion)
    assert found == (5.0, 7, 'mean')


def test_options_and_teachers_have_the_same_defaults(name):
    teacher = TEACHERS[name]()
    for key, value in SolvabilityOptions().teacher_options().items():
        assert getattr(teacher, key) == value, key


def test_teachers_are_built_from_configs(name):
    kind = TEACHERS[name].__name__
    teacher = MODELS.build({'type': kind, 'alpha': 5.0, 'fusion': 'mean'})
    assert (teacher.alpha, teacher.fusion) == (5.0, 'mean')
    generator = torch.Generator().manual_seed(0)
    output = teacher(100 * torch.rand(2, 17, 2, generator=generator))
    assert output.trust.shape == (2, 17)
