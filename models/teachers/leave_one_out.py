"""Leave-one-out residuals and covariances of a fit, in closed form.

With H the Gauss–Newton Hessian at the fit, J_j = dP_j/dθ and ω_j the weight
of joint j's own keypoint, C_j = J_j H⁻¹ J_jᵀ is a 2 × 2 block and the
implicit function theorem gives dP_j/dp_j = ω_j C_j, the leverage of the
keypoint on its own reconstruction. Deleting the keypoint changes the Hessian
by a rank-2 term, so (Sherman–Morrison–Woodbury) without a second fit

    deleted residual    e_j' = (I - ω_j C_j)⁻¹ e_j
    deleted covariance  C_j' = (I - ω_j C_j)⁻¹ C_j

e_j' is the distance from the keypoint to the position that the other joints
predict, and C_j' is the covariance of that position.

Source: Cook and Weisberg, Residuals and Influence in Regression (1982), ch. 2.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ...skeleton import NUM_JOINTS


@dataclass(frozen=True)
class LeaveOneOut:
    """Prediction of each joint without its own keypoint.

    Attributes:
        error: From the keypoint to the predicted position (B, 17, 2), in
            units of person size.
        residual: Its length, the deleted residual (B, 17).
        spread: Root of the trace of the deleted covariance (B, 17), in units
            of person size.
        leverage: dP_j/dp_j (B, 17, 2, 2): derivative of the fitted joint by
            its own keypoint.
    """

    error: Tensor
    residual: Tensor
    spread: Tensor
    leverage: Tensor


def leave_one_out(
    hessian: Tensor, jacobian: Tensor, error: Tensor, weights: Tensor
) -> LeaveOneOut:
    """Delete each keypoint in turn, in closed form.

    Args:
        hessian: Half the Gauss–Newton Hessian of the fit (B, N, N).
        jacobian: dP/dθ (B, 34, N).
        error: P - p (B, 17, 2) in units of person size.
        weights: Weight of each keypoint in the fit (B, 17), robust weight
            included.

    Returns:
        Residuals, spreads and leverages; NaN where the Hessian is not
        positive definite.

    Example:
        >>> hessian, jacobian = torch.eye(34)[None], torch.eye(34)[None]
        >>> error = torch.full((1, 17, 2), 0.03)
        >>> left_out = leave_one_out(
        ...     hessian, jacobian, error, torch.full((1, 17), 0.5)
        ... )
        >>> left_out.error[0, 0]
        tensor([0.0600, 0.0600])
    """
    factor, failed = torch.linalg.cholesky_ex(hessian)
    half = torch.linalg.solve_triangular(factor, jacobian.mT, upper=False)
    half = torch.unflatten(half, 2, (NUM_JOINTS, 2)).permute(0, 2, 3, 1)
    failed = (failed > 0)[:, None, None, None]
    covariance = (half @ half.mT).masked_fill(failed, torch.nan)
    leverage = weights[..., None, None] * covariance
    inverse = _inverse_complement(leverage)
    deleted = (inverse @ error[..., None])[..., 0]
    trace = (inverse @ covariance).diagonal(dim1=-2, dim2=-1).sum(-1)
    spread = trace.clamp(min=0).sqrt()
    return LeaveOneOut(deleted, deleted.norm(dim=-1), spread, leverage)


def _inverse_complement(matrix: Tensor) -> Tensor:
    """(I - A)⁻¹ of 2 × 2 matrices A (…, 2, 2), finite where I - A vanishes."""
    a, b = 1 - matrix[..., 0, 0], -matrix[..., 0, 1]
    c, d = -matrix[..., 1, 0], 1 - matrix[..., 1, 1]
    smallest = torch.finfo(matrix.dtype).eps
    inverse = torch.stack((d, -b, -c, a), -1)
    inverse = torch.unflatten(inverse, -1, (2, 2))
    return inverse / (a * d - b * c).clamp(min=smallest)[..., None, None]
