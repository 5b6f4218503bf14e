from __future__ import annotations

import torch
from torch.autograd.functional import jacobian

from self_verify_pose.models.kinematics.body import load_body
from self_verify_pose.models.teachers import terms as residuals

BODY = load_body()
BONES = torch.tensor(BODY.bones)
HINGES = torch.tensor(BODY.hinges)
LENGTHS = torch.tensor(BODY.lengths, dtype=torch.float64)
SMALLEST = torch.tensor(BODY.min_angles, dtype=torch.float64)


def _unknowns(count: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return 0.3 * torch.randn(
        count, 52, generator=generator, dtype=torch.float64
    )


def _autograd(function, unknowns: torch.Tensor) -> torch.Tensor:
    rows = [jacobian(lambda u: function(u[None])[0], u) for u in unknowns]
    return torch.stack(rows)


def test_length_jacobian_is_autograds():
    unknowns = _unknowns()

    def lengths(u):
        return residuals.relative_lengths(u, BONES, LENGTHS)[0]

    _, slope = residuals.relative_lengths(unknowns, BONES, LENGTHS)
    torch.testing.assert_close(slope, _autograd(lengths, unknowns))


def test_rest_body_has_its_expected_lengths():
    rest = torch.tensor(BODY.rest, dtype=torch.float64).flatten()
    unknowns = torch.cat((2 * rest, torch.tensor([2.0]).double().log()))[None]
    ratio, _ = residuals.relative_lengths(unknowns, BONES, LENGTHS)
    torch.testing.assert_close(
        ratio, torch.ones_like(ratio), rtol=0, atol=1e-3
    )


def test_hinge_jacobian_is_autograds_where_limits_bind():
    unknowns = _unknowns(20)
    limit = torch.full_like(SMALLEST, 2.0)

    def folded(u):
        return residuals.hinge_limits(u, HINGES, limit, 0.1)[0]

    value, slope = residuals.hinge_limits(unknowns, HINGES, limit, 0.1)
    assert (value > 0).any()
    assert (value == 0).any()
    torch.testing.assert_close(slope, _autograd(folded, unknowns))


def test_collapsed_bone_is_finite():
    ratio, slope = residuals.relative_lengths(
        torch.zeros(1, 52), BONES, LENGTHS.float()
    )
    assert ratio.isfinite().all()
    assert slope.isfinite().all()
