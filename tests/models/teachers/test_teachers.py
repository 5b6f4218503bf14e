from __future__ import annotations

import math

import pytest
import torch

from self_verify_pose.models.kinematics.body import load_body
from self_verify_pose.models.kinematics.camera import rotate_yaw
from self_verify_pose.models.teachers.base import TeacherResult
from self_verify_pose.models.teachers.free_joints import FreeJointTeacher
from self_verify_pose.models.teachers.solver import CONVERGED, DEGENERATE
from self_verify_pose.skeleton import FLIP

FIELDS = ('residual', 'solvability', 'identifiability', 'trust')


def _make(name: str, **options):
    if name == 'free':
        return FreeJointTeacher(**options)
    pytest.importorskip('pytorch_kinematics')
    from self_verify_pose.models.teachers.kinematic_chain import (
        KinematicChainTeacher,
    )

    return KinematicChainTeacher(**options)


@pytest.fixture(scope='module', params=['free', 'chain'])
def teacher(request):
    return _make(request.param)


def _close(one: TeacherResult, two: TeacherResult, atol: float = 1e-6):
    for name in FIELDS:
        torch.testing.assert_close(
            getattr(one, name), getattr(two, name), rtol=0, atol=atol,
            equal_nan=True,
        )  # fmt: skip


def _rows(result: TeacherResult, rows) -> TeacherResult:
    return TeacherResult(**{k: v[rows] for k, v in vars(result).items()})


def test_shapes_ranges_and_definition_of_trust(teacher, poses):
    out = teacher(poses)
    assert (out.status == CONVERGED).all()
    assert out.joints_3d.shape == (8, 17, 3)
    assert out.energy.shape == out.status.shape == (8,)
    for name in FIELDS:
        assert getattr(out, name).shape == (8, 17)
    for name in FIELDS[1:]:
        value = getattr(out, name)
        assert ((value >= 0) & (value <= 1)).all()
    low = torch.minimum(out.solvability, out.identifiability)
    torch.testing.assert_close(out.trust, low)
    size = (poses.amax(1) - poses.amin(1)).amax(1)
    distance = (out.joints_3d[..., :2] - poses).norm(dim=-1) / size[:, None]
    torch.testing.assert_close(out.residual, distance)


def test_permuting_splitting_and_duplicating_changes_nothing(teacher, poses):
    whole = teacher(poses)
    order = torch.tensor([3, 0, 7, 5, 1, 2, 6, 4])
    _close(teacher(poses[order]), _rows(whole, order))
    _close(teacher(poses[2:3]), _rows(whole, [2]))
    _close(teacher(poses[[1, 1, 1]]), _rows(whole, [1, 1, 1]))


def test_scale_and_translation_do_not_matter(teacher, poses):
    _close(teacher(poses), teacher(0.01 * poses - 7), atol=1e-4)


def test_mirroring_swaps_left_and_right(teacher, poses):
    out = teacher(poses)
    flipped = poses[:, FLIP] * poses.new_tensor((-1.0, 1.0))
    other = teacher(flipped)
    for name in FIELDS:
        difference = getattr(other, name)[:, FLIP] - getattr(out, name)
        assert difference.abs().median() < 5e-3, name
        assert difference.abs().quantile(0.95) < 0.1, name


def test_a_back_view_is_as_good_as_a_front_view(teacher):
    rest = torch.tensor(load_body().rest, dtype=torch.float64)
    front = 200 * torch.stack(
        [rotate_yaw(rest, a)[:, :2] for a in (0, 0.3, -0.3)]
    )
    back = 200 * torch.stack(
        [rotate_yaw(rest, math.pi + a)[:, :2] for a in (0, 0.3, -0.3)]
    )
    one, two = teacher(front), teacher(back)
    assert (two.status == CONVERGED).all()
    assert two.residual.median() < one.residual.median() + 0.01
    assert two.trust.median() > one.trust.median() - 0.1


def test_a_jump_costs_trust_and_the_fit_corrects_it(teacher, poses):
    good = teacher(poses)
    size = (poses.amax(1) - poses.amin(1)).amax(1)
    for joint in (7, 10, 13):
        wrong = poses.clone()
        wrong[:, joint, 0] += 0.3 * size
        bad = teacher(wrong, size=size)
        assert (bad.trust[:, joint] < 0.5 * good.trust[:, joint]).all()
        fitted = bad.joints_3d[:, joint, :2]
        distance = (fitted - poses[:, joint]).norm(dim=-1) / size
        assert (distance < 0.15).float().mean() >= 0.75


def test_float32_agrees_with_float64(teacher, poses):
    one, two = teacher(poses), teacher(poses.float())
    assert two.trust.dtype == torch.float32
    assert (one.trust - two.trust).abs().median() < 1e-3
    assert (one.trust - two.trust).abs().max() < 0.1


def test_degenerate_input_is_defined(teacher, poses):
    batch = poses[:1].repeat(6, 1, 1)
    weights = torch.ones(6, 17).double()
    batch[1] = 0
    batch[2] = torch.nan
    batch[3] = 250
    weights[4, 3:] = 0
    out = teacher(batch, weights)
    assert out.status.tolist() == [
        CONVERGED, DEGENERATE, DEGENERATE, DEGENERATE, DEGENERATE, CONVERGED,
    ]  # fmt: skip
    for name in (*FIELDS, 'energy', 'joints_3d'):
        value = getattr(out, name)
        assert value[1:5].isnan().all(), name
        assert value[[0, 5]].isfinite().all(), name
    _close(_rows(out, [0]), teacher(poses[:1]))


@pytest.mark.parametrize('size', [0.0, -1.0, math.nan, math.inf])
def test_a_size_that_is_not_positive_is_degenerate(teacher, poses, size):
    out = teacher(poses[:1], size=torch.tensor([size]))
    assert out.status.tolist() == [DEGENERATE]
    assert out.trust.isnan().all()


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_a_joint_that_is_not_finite_is_ignored(teacher, poses, value):
    wrong = poses.clone()
    wrong[:, 9, 1] = value
    hidden = torch.ones(8, 17)
    hidden[:, 9] = 0
    out = teacher(wrong)
    assert out.trust[:, 9].isnan().all()
    _close(out, teacher(poses, hidden))


def test_collapsed_joints_are_not_trusted(teacher, poses):
    wrong = poses.clone()
    wrong[:, 9] = wrong[:, 5]
    out = teacher(wrong)
    assert out.trust.isfinite().all()
    assert (out.trust[:, 9] < teacher(poses).trust[:, 9]).all()


def test_empty_batch(teacher):
    out = teacher(torch.zeros(0, 17, 2))
    assert out.trust.shape == (0, 17)
    assert out.joints_3d.shape == (0, 17, 3)


def test_wrong_shapes_are_named(teacher, poses):
    with pytest.raises(ValueError, match=r'\(B, 17, 2\)'):
        teacher(poses[..., :1])
    with pytest.raises(ValueError, match='weights'):
        teacher(poses, weights=torch.ones(8))
    with pytest.raises(ValueError, match='size'):
        teacher(poses, size=torch.ones(7))
    with pytest.raises(ValueError, match='center'):
        teacher(poses, center=torch.ones(8, 3))
    with pytest.raises(ValueError, match='int64'):
        teacher(poses.long())


def test_wrong_options_are_named():
    with pytest.raises(ValueError, match='alpha'):
        FreeJointTeacher(alpha=0)
    with pytest.raises(ValueError, match='fusion'):
        FreeJointTeacher(fusion='median')


def test_fusion_selects_its_score(poses):
    for name in ('solvability', 'identifiability'):
        out = FreeJointTeacher(fusion=name)(poses)
        torch.testing.assert_close(out.trust, getattr(out, name))


def test_alpha_is_an_exponent(poses):
    one, two = (
        FreeJointTeacher(alpha=5)(poses),
        FreeJointTeacher(alpha=10)(poses),
    )
    torch.testing.assert_close(one.trust**2, two.trust)


def test_more_starts_never_end_higher(poses):
    one = FreeJointTeacher(starts=1, tolerance=1e-6)(poses)
    many = FreeJointTeacher(starts=4, tolerance=1e-6)(poses)
    assert (many.energy <= one.energy + 1e-9).all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_cuda_agrees_with_the_cpu(teacher, poses):
    one, two = teacher(poses), teacher(poses.cuda())
    assert (one.trust - two.trust.cpu()).abs().max() < 1e-3
