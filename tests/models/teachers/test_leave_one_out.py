from __future__ import annotations

import dataclasses

import pytest
import torch

from self_verify_pose.models.teachers import solver
from self_verify_pose.models.teachers.free_joints import FreeJointTeacher
from self_verify_pose.models.teachers.leave_one_out import leave_one_out


def _linear_problem():
    """A linear body: closed form and refits must agree exactly."""
    generator = torch.Generator().manual_seed(4)
    jacobian = torch.randn(2, 34, 20, generator=generator).double()
    target = torch.randn(2, 17, 2, generator=generator).double()
    weights = torch.rand(2, 17, generator=generator).double() + 0.1
    ridge = torch.eye(20).double()
    return jacobian, target, weights, ridge


def _solve(jacobian, target, weights, ridge):
    stiff = weights.repeat_interleave(2, 1)[..., None]
    hessian = jacobian.mT @ (stiff * jacobian) + ridge
    right = jacobian.mT @ (stiff * target.flatten(1)[..., None])
    points = jacobian @ torch.linalg.solve(hessian, right)
    return hessian, points[..., 0].unflatten(1, (17, 2))


def test_deleted_residual_and_spread_are_those_of_refits():
    jacobian, target, weights, ridge = _linear_problem()
    hessian, points = _solve(jacobian, target, weights, ridge)
    found = leave_one_out(hessian, jacobian, points - target, weights)
    for joint in range(17):
        without = weights.clone()
        without[:, joint] = 0
        left, refit = _solve(jacobian, target, without, ridge)
        residual = (refit - target)[:, joint].norm(dim=-1)
        own = jacobian[:, 2 * joint : 2 * joint + 2]
        covariance = own @ torch.linalg.solve(left, own.mT)
        spread = covariance.diagonal(dim1=1, dim2=2).sum(1).sqrt()
        torch.testing.assert_close(found.residual[:, joint], residual)
        torch.testing.assert_close(found.spread[:, joint], spread)


def test_leverage_is_the_derivative_of_the_solution():
    jacobian, target, weights, ridge = _linear_problem()
    hessian, points = _solve(jacobian, target, weights, ridge)
    found = leave_one_out(hessian, jacobian, points - target, weights)
    moved = target.clone()
    moved[:, 3, 0] += 1.0
    _, other = _solve(jacobian, moved, weights, ridge)
    torch.testing.assert_close(
        found.leverage[:, 3, :, 0], (other - points)[:, 3]
    )


def _exact(teacher, points):
    """A teacher's problem solved to the bottom, prior held."""
    ones = torch.ones_like(points[..., 0])
    targets = teacher.fit_targets(points, ones, torch.zeros_like(ones[:, 0]))
    body, found = teacher.solve(targets)
    return body, targets, found.unknowns


def _normalized(request):
    points = request.getfixturevalue('poses')
    return (points - points.mean(1, keepdim=True)) / 200


@pytest.fixture(scope='module')
def solved(request):
    """The teacher as shipped."""
    teacher = FreeJointTeacher(iterations=300, tolerance=1e-13)
    return teacher, *_exact(teacher, _normalized(request))


@pytest.fixture(scope='module')
def nearly_quadratic(request):
    """A wide robust loss, whose weights hardly change with the input."""
    teacher = FreeJointTeacher(iterations=300, tolerance=1e-13, width=0.5)
    return teacher, *_exact(teacher, _normalized(request))


def _resolve(teacher, body, targets, start):
    found = solver.fit(body, start, targets, teacher.width, 300, 1e-15)
    return body.project(found.unknowns)[0]


def _closed(teacher, body, targets, unknowns):
    return teacher.delete_keypoints(body, targets, unknowns)


def test_leverage_matches_central_differences_of_resolves(nearly_quadratic):
    teacher, body, targets, unknowns = nearly_quadratic
    closed = _closed(*nearly_quadratic).leverage
    differences = []
    for joint in range(17):
        for axis in (0, 1):
            sides = []
            for sign in (1, -1):
                points = targets.points.clone()
                points[:, joint, axis] += sign * 1e-3
                moved = dataclasses.replace(targets, points=points)
                sides.append(_resolve(teacher, body, moved, unknowns))
            slope = (sides[0] - sides[1])[:, joint] / 2e-3
            differences.append((closed[:, joint, :, axis] - slope).abs())
    difference = torch.stack(differences)
    assert difference.median() < 0.01
    assert difference.quantile(0.95) < 0.05


def test_deleted_residual_matches_refits_of_the_body(solved):
    teacher, body, targets, unknowns = solved
    closed = _closed(*solved).residual
    real = torch.empty_like(closed)
    for joint in range(17):
        weights = targets.weights.clone()
        weights[:, joint] = 0
        without = dataclasses.replace(targets, weights=weights)
        points = _resolve(teacher, body, without, unknowns)
        real[:, joint] = (points - targets.points)[:, joint].norm(dim=-1)
    difference = (closed - real).abs()
    assert difference.median() < 0.001
    assert difference.quantile(0.95) < 0.02
    ranks = [v.ravel().argsort().argsort().double() for v in (closed, real)]
    assert torch.corrcoef(torch.stack(ranks))[0, 1] > 0.95


def test_indefinite_hessian_gives_nan():
    found = leave_one_out(
        -torch.eye(20)[None],
        torch.ones(1, 34, 20),
        torch.zeros(1, 17, 2),
        torch.ones(1, 17),
    )
    assert found.residual.isnan().all()
    assert found.spread.isnan().all()
