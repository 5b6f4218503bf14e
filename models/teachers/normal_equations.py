"""Second-order expansions of the objective, and their damped steps.

An expansion at θ has the energy E, half the gradient g and half the
Gauss–Newton Hessian H. The damped step of Levenberg and Marquardt is

    s = -(H + λ diag H)⁻¹ g

with damping λ.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from .terms import DEPTHS

_MIN_DIAGONAL = 1e-3


class NormalEquations(NamedTuple):
    """The objective at θ, expanded to second order.

    Attributes:
        energy: E (B,).
        gradient: Half the gradient (B, N).
        hessian: Half the Gauss–Newton Hessian (B, N, N); curvature beyond it
            enters only where it is positive.
    """

    energy: Tensor
    gradient: Tensor
    hessian: Tensor

    def times_hessian(self, step: Tensor) -> Tensor:
        """Multiply a step by half the Hessian.

        Args:
            step: s (B, N).

        Returns:
            H s (B, N).
        """
        return (self.hessian @ step[..., None])[..., 0]

    def damped_step(self, damping: Tensor) -> Tensor:
        """Solve for the damped Gauss–Newton step.

        Args:
            damping: λ (B,).

        Returns:
            s (B, N); NaN where the damped Hessian is not positive definite.
        """
        hessian = self.hessian.clone()
        diagonal = hessian.diagonal(dim1=1, dim2=2)
        diagonal.add_(_damp(diagonal, damping))
        factor, failed = torch.linalg.cholesky_ex(hessian)
        gradient = self.gradient[..., None]
        step = -torch.cholesky_solve(gradient, factor)[..., 0]
        return step.masked_fill((failed > 0)[:, None], torch.nan)


class FreeJointEquations(NamedTuple):
    """The same of free joints, H = D + Z + JᵀJ without its dense sum.

    D is diagonal, Z couples the depths alone and J has few rows, so a step
    needs the Cholesky factors of a 17 × 17 and of an R × R matrix in place
    of one of 52 × 52.

    Source: Woodbury, Inverting modified matrices, Princeton University
    (1950).

    Attributes:
        energy: E (B,).
        gradient: Half the gradient (B, 52).
        diagonal: D (B, 52), positive but for depths.
        depths: Z (B, 17, 17), positive semidefinite.
        jacobian: J (B, R, 52).
    """

    energy: Tensor
    gradient: Tensor
    diagonal: Tensor
    depths: Tensor
    jacobian: Tensor

    @property
    def hessian(self) -> Tensor:
        """Half the Gauss–Newton Hessian (B, 52, 52)."""
        hessian = self.jacobian.mT @ self.jacobian
        diagonal = hessian.diagonal(dim1=1, dim2=2)
        diagonal += self.diagonal
        hessian[:, DEPTHS, DEPTHS] += self.depths
        return hessian

    def times_hessian(self, step: Tensor) -> Tensor:
        """Multiply a step by half the Hessian.

        Args:
            step: s (B, 52).

        Returns:
            H s (B, 52).
        """
        # a row times a matrix takes a tenth of a matrix times a column
        row = step[:, None]
        product = row @ self.jacobian.mT @ self.jacobian
        product += self.diagonal[:, None] * row
        product[..., DEPTHS] += row[..., DEPTHS] @ self.depths
        return product[:, 0]

    def damped_step(self, damping: Tensor) -> Tensor:
        """Solve for the damped Gauss–Newton step.

        With A = D + Z + λ diag H = L Lᵀ and M = J L⁻ᵀ the inverse of the
        damped Hessian is ``L⁻ᵀ (I - Mᵀ (I + M Mᵀ)⁻¹ M) L⁻¹``. Where damping
        is small this difference loses digits, so the step is refined once by
        its residual (Higham, Accuracy and Stability of Numerical Algorithms,
        2002, ch. 12).

        Args:
            damping: λ (B,).

        Returns:
            s (B, 52); NaN where the damped Hessian is not positive definite.
        """
        diagonal = self.diagonal + self.jacobian.square().sum(1)
        diagonal[:, DEPTHS] += self.depths.diagonal(dim1=1, dim2=2)
        added = _damp(diagonal, damping)
        solver = _DampedSolver(self, self.diagonal + added)
        step = -solver(self.gradient)
        residual = self.times_hessian(step) + added * step + self.gradient
        step -= solver(residual)
        return step.masked_fill(solver.failed[:, None], torch.nan)


class _DampedSolver:
    """Solve A + JᵀJ for vectors, see :class:`FreeJointEquations`.

    Args:
        equations: The expansion.
        diagonal: Its diagonal D with the damping (B, 52).
    """

    def __init__(
        self, equations: FreeJointEquations, diagonal: Tensor
    ) -> None:
        depths = equations.depths.clone()
        depths.diagonal(dim1=1, dim2=2).add_(diagonal[:, DEPTHS])
        self.factor, failed = torch.linalg.cholesky_ex(depths)
        self.root = diagonal.sqrt()
        self.rows = self._scaled(equations.jacobian)  # M
        inner = self.rows @ self.rows.mT
        inner.diagonal(dim1=1, dim2=2).add_(1)
        self.inner_factor, inner_failed = torch.linalg.cholesky_ex(inner)
        self.failed = (failed > 0) | (inner_failed > 0)

    def __call__(self, vector: Tensor) -> Tensor:
        """Multiply a vector (B, 52) by the inverse."""
        half = self._scaled(vector[:, None])
        dual = torch.cholesky_solve(self.rows @ half.mT, self.inner_factor)
        half = (half - dual.mT @ self.rows)[:, 0]
        solution = half / self.root
        solution[:, DEPTHS] = torch.linalg.solve_triangular(
            self.factor.mT, half[:, DEPTHS, None], upper=True
        )[..., 0]
        return solution

    def _scaled(self, rows: Tensor) -> Tensor:
        """Multiply rows (B, R, 52) by L⁻ᵀ."""
        scaled = rows / self.root[:, None]
        scaled[..., DEPTHS] = torch.linalg.solve_triangular(
            self.factor, rows[..., DEPTHS].mT, upper=False
        ).mT
        return scaled


Equations = NormalEquations | FreeJointEquations


def _damp(diagonal: Tensor, damping: Tensor) -> Tensor:
    """What damping (B,) adds to the diagonal (B, N) of a Hessian."""
    return damping[:, None] * diagonal.clamp(min=_MIN_DIAGONAL)
