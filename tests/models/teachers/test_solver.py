from __future__ import annotations

import pytest
import torch

from self_verify_pose.models.kinematics.pose_prior import PosePrior
from self_verify_pose.models.teachers import solver, terms
from self_verify_pose.models.teachers.free_joints import FreeJointBody


def _targets(points: torch.Tensor) -> terms.FitTargets:
    ones = torch.ones_like(points[..., 0])
    mean, spread = PosePrior()(points, ones, torch.zeros_like(ones[:, 0]))
    return terms.FitTargets(points, ones * 2500, mean, spread**-2)


def _bodies():
    cpu, double = torch.device('cpu'), torch.float64
    yield FreeJointBody(cpu, double), 52
    chain = pytest.importorskip('pytorch_kinematics') and __import__(
        'self_verify_pose.models.teachers.kinematic_chain', fromlist=['x']
    )
    yield chain.KinematicChainBody(cpu, double), 36


@pytest.fixture(scope='module', params=[0, 1], ids=['free', 'chain'])
def body(request):
    return list(_bodies())[request.param]


@pytest.fixture(scope='module')
def points(request):
    poses = request.getfixturevalue('poses')
    return (poses - poses.mean(1, keepdim=True)) / 200


def _unknowns(count: int, size: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    return 0.3 * torch.randn(count, size, generator=generator).double()


def test_gradient_is_autograds(body, points):
    body, size = body
    unknowns = _unknowns(len(points), size).requires_grad_()
    normal = body.linearize(unknowns, terms.data_term(_targets(points), 0.2))
    (slope,) = torch.autograd.grad(normal.energy.sum(), unknowns)
    torch.testing.assert_close(2 * normal.gradient, slope)


def test_jacobian_is_autograds(body, points):
    body, size = body
    unknowns = _unknowns(1, size)
    slope = torch.autograd.functional.jacobian(
        lambda u: body.project(u)[0].flatten(), unknowns
    )
    torch.testing.assert_close(body.project(unknowns)[1][0], slope[:, 0])


def test_hessian_bounds_gauss_newton_from_above(body, points):
    """Only positive curvature is added: the Hessian stays definite."""
    body, size = body
    normal = body.linearize(
        _unknowns(len(points), size), terms.data_term(_targets(points), 0.2)
    )
    assert (torch.linalg.eigvalsh(normal.hessian) > 0).all()
    torch.testing.assert_close(normal.hessian, normal.hessian.mT)


@pytest.mark.parametrize('damping', [1e-6, 1.0, 1e6])
def test_damped_step_solves_the_dense_equations(body, points, damping):
    body, size = body
    normal = body.linearize(
        _unknowns(len(points), size), terms.data_term(_targets(points), 0.2)
    )
    diagonal = normal.hessian.diagonal(dim1=1, dim2=2).clamp(min=1e-3)
    dense = normal.hessian + damping * torch.diag_embed(diagonal)
    expected = -torch.linalg.solve(dense, normal.gradient[..., None])[..., 0]
    step = normal.damped_step(torch.full_like(normal.energy, damping))
    torch.testing.assert_close(step, expected, rtol=1e-7, atol=1e-10)
    single = type(normal)(*(value.float() for value in normal))
    step = single.damped_step(torch.full_like(single.energy, damping))
    error = (step - expected).norm(dim=1) / expected.norm(dim=1)
    assert error.max() < 1e-3


def test_product_with_the_hessian_is_the_dense_one(body, points):
    body, size = body
    unknowns = _unknowns(len(points), size)
    normal = body.linearize(unknowns, terms.data_term(_targets(points), 0.2))
    torch.testing.assert_close(
        normal.times_hessian(unknowns),
        (normal.hessian @ unknowns[..., None])[..., 0],
    )


def test_a_step_without_definite_hessian_is_nan(body, points):
    body, size = body
    normal = body.linearize(
        _unknowns(2, size), terms.data_term(_targets(points[:2]), 0.2)
    )
    index = normal._fields.index('hessian' if size == 36 else 'diagonal')
    values = [value.clone() for value in normal]
    values[index][0] = -values[index][0] - 1e6
    step = type(normal)(*values).damped_step(torch.zeros(2).double())
    assert step[0].isnan().all()
    assert step[1].isfinite().all()


def test_reaches_a_stationary_point(body, points):
    body, size = body
    targets = _targets(points)
    found = solver.fit(
        body, _unknowns(len(points), size), targets, 0.2, 500, 1e-14
    )
    normal = body.linearize(found.unknowns, terms.data_term(targets, 0.2))
    assert found.converged.all()
    assert normal.gradient.abs().max() < 1e-2 * found.energy.max()
    torch.testing.assert_close(normal.energy, found.energy)


def test_more_iterations_never_raise_the_energy(body, points):
    body, size = body
    start, targets = _unknowns(len(points), size), _targets(points)
    energies = [
        solver.fit(body, start, targets, 0.2, iterations, 1e-3).energy
        for iterations in range(1, 31)
    ]
    assert (torch.stack(energies).diff(dim=0) <= 0).all()


def test_robust_weight_is_the_derivative_of_the_loss():
    squared = torch.linspace(0, 1, 11).double().requires_grad_()
    loss = 0.2**2 * squared / (0.2**2 + squared)
    (slope,) = torch.autograd.grad(loss.sum(), squared)
    torch.testing.assert_close(terms.robust_weights(squared, 0.2), slope)


def test_a_fit_that_never_waits_is_the_same(body, points, monkeypatch):
    """As on a GPU: no sample leaves the loop, nothing is read back."""
    body, size = body
    start = 0.1 * _unknowns(len(points), size)
    watched = solver.fit(body, start, _targets(points), 0.05, 20, 5e-3)
    monkeypatch.setattr(solver, '_may_wait', lambda start: False)
    alone = solver.fit(body, start, _targets(points), 0.05, 20, 5e-3)
    for name in ('unknowns', 'energy'):
        torch.testing.assert_close(
            getattr(alone, name), getattr(watched, name)
        )
    assert torch.equal(alone.converged, watched.converged)
    assert watched.converged.any()


def test_selecting_rows_is_the_same_on_every_device():
    better = torch.tensor([True, False, True])
    new, old = torch.rand(2, 3, 4, 5)
    expected = torch.where(better[:, None, None], new, old)
    (found,) = solver._select_rows(better, [(new.clone(), old)])
    assert torch.equal(found, expected)
    (shape,) = solver._select_rows(better.to('meta'), [(new.to('meta'),) * 2])
    assert shape.shape == new.shape
