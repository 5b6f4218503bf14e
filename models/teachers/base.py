"""Base of the teachers: pose prior, starts, fit and trust."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from ..geometry.precision import full_precision
from ..kinematics.pose_prior import load_pose_prior
from ..kinematics.rest_pose import load_rest
from . import solver
from .batches import concatenate, take
from .initialization import initial_poses
from .inputs import TeacherInput, prepare_input
from .leave_one_out import LeaveOneOut, leave_one_out
from .options import TeacherOptions
from .parametric_body import ParametricBody
from .pseudo_trust import decay, fuse
from .solver import Fit
from .terms import FitTargets, data_term, robust_weights

# Samples that are fitted together: they fit the cache of a CPU, fill a GPU.
CPU_CHUNK, GPU_CHUNK = 4096, 16384


@dataclass(frozen=True)
class TeacherResult:
    """Fit and trust of a batch of poses.

    NaN marks joints that were ignored and samples that are degenerate.

    Attributes:
        residual: Distance between keypoint and fitted joint (B, 17) in units
            of person size.
        solvability: ``exp(-alpha · deleted residual)`` (B, 17).
        identifiability: ``exp(-alpha · deleted spread)`` (B, 17).
        trust: Both fused (B, 17).
        energy: Objective at the fit (B,).
        expected: Position of each joint predicted from the other keypoints
            (B, 17, 2), in the unit of the keypoints.
        joints_3d: Fitted body (B, 17, 3) in the unit of the keypoints. x and
            y are image positions, z points away from the camera.
        status: ``CONVERGED``, ``ITERATION_LIMIT`` or ``DEGENERATE`` (B,).
    """

    residual: Tensor
    solvability: Tensor
    identifiability: Tensor
    trust: Tensor
    energy: Tensor
    expected: Tensor
    joints_3d: Tensor
    status: Tensor


class Teacher(TeacherOptions, ABC):
    """Base of the teachers: everything but the body.

    Args, Raises: See ``TeacherOptions``.
    """

    @abstractmethod
    def body_for(self, points: Tensor) -> ParametricBody:
        """Make the body that is fitted.

        Args:
            points: Any tensor on the device and in the dtype of the fit.

        Returns:
            The body on that device and in that dtype.
        """

    @torch.no_grad()
    def __call__(
        self,
        keypoints: Tensor,
        weights: Tensor | None = None,
        size: Tensor | None = None,
        center: Tensor | None = None,
    ) -> TeacherResult:
        """Fit a body to every pose and evaluate every joint.

        Args:
            keypoints: (B, 17, 2) in pixels or any one unit, COCO order.
                Joints that are not finite are ignored.
            weights: Confidence in each keypoint (B, 17), clamped to [0, 1];
                0 ignores a joint. Default 1.
            size: Person size (B,) in the same unit. Default the longer side
                of the box around the joints with a positive weight.
            center: Center (B, 2) of the person box, NaN where it is not
                known; the pose prior then also uses the position in the box.

        Returns:
            See ``TeacherResult``. Fewer than four joints, a pose without
            extent and a size that is not positive are degenerate.

        Raises:
            ValueError: A shape or dtype is wrong.
        """
        chunk = CPU_CHUNK if keypoints.device.type == 'cpu' else GPU_CHUNK
        with full_precision(keypoints):
            prepared = prepare_input(keypoints, weights, size, center)
            results = [
                self._evaluate(take(prepared, slice(first, first + chunk)))
                for first in range(0, max(len(keypoints), 1), chunk)
            ]
        return concatenate(results)

    def fit_targets(
        self, points: Tensor, weights: Tensor, has_center: Tensor
    ) -> FitTargets:
        """Evaluate the pose prior.

        Args:
            points: Keypoints (B, 17, 2) in units of person size.
            weights: Confidence in each keypoint (B, 17) in [0, 1].
            has_center: (B,) 1 where the origin is the center of the person
                box, else 0.

        Returns:
            Keypoints and prior with their precisions.
        """
        mean, spread = load_pose_prior()(points, weights, has_center)
        precision = self.prior_weight / spread.square()
        return FitTargets(points, weights / self.noise**2, mean, precision)

    def solve(self, targets: FitTargets) -> tuple[ParametricBody, Fit]:
        """Fit the body from the best facing directions.

        Args:
            targets: Keypoints and prior of B samples.

        Returns:
            The body and, for each sample, the fit with the lowest energy.
        """
        body = self.body_for(targets.points)
        error = targets.points - targets.prior_mean
        inlier = robust_weights(error.square().sum(-1), self.width)
        inlier = inlier * (targets.weights > 0)
        guess = targets.prior_mean + inlier[..., None] * error
        rest = load_rest(guess.device, guess.dtype)
        poses = initial_poses(
            guess, torch.ones_like(inlier), rest, self.starts
        )
        start = body.initialize(poses, guess)
        count = len(start)
        rows = torch.arange(count, device=start.device)
        fits = solver.fit(
            body,
            start.flatten(0, 1),
            take(targets, rows.repeat_interleave(self.starts)),
            self.width,
            self.iterations,
            self.tolerance,
        )
        best = fits.energy.view(count, self.starts).argmin(1)
        return body, take(fits, best + rows * self.starts)

    def delete_keypoints(
        self, body: ParametricBody, targets: FitTargets, unknowns: Tensor
    ) -> LeaveOneOut:
        """Delete each keypoint from a fit, see ``leave_one_out``.

        Args:
            body: The fitted body.
            targets: Keypoints and prior of B samples.
            unknowns: θ at the fit (B, N).

        Returns:
            Deleted residuals and spreads in units of person size.
        """
        points, jacobian = body.project(unknowns)
        error = points - targets.points
        robust = robust_weights(error.square().sum(-1), self.width)
        expand = data_term(targets, self.width)
        hessian = body.linearize(unknowns, expand).hessian
        return leave_one_out(
            hessian, jacobian, error, targets.weights * robust
        )

    def _evaluate(self, given: TeacherInput) -> TeacherResult:
        """Fit one chunk and compute its trust."""
        targets = self.fit_targets(
            given.points, given.weights, given.has_center
        )
        body, fit = self.solve(targets)
        deleted = self.delete_keypoints(body, targets, fit.unknowns)
        joints = body.joints(fit.unknowns)
        error = joints[..., :2] - targets.points
        solvability = decay(deleted.residual, self.alpha)
        identifiability = decay(deleted.spread, self.alpha)
        trust = fuse(solvability, identifiability, self.fusion)
        size, origin = given.size[:, None, None], given.origin[:, None]
        expected = (targets.points + deleted.error) * size + origin
        joints_3d = joints * size + torch.nn.functional.pad(origin, (0, 1))
        status = torch.where(
            fit.converged, solver.CONVERGED, solver.ITERATION_LIMIT
        )
        ignored, unusable = ~given.evaluated, ~given.usable
        return TeacherResult(
            residual=_hide(error.square().sum(-1).sqrt(), ignored),
            solvability=_hide(solvability, ignored),
            identifiability=_hide(identifiability, ignored),
            trust=_hide(trust, ignored),
            energy=_hide(fit.energy, unusable),
            expected=_hide(expected, ignored),
            joints_3d=_hide(joints_3d, unusable),
            status=status.masked_fill(unusable, solver.DEGENERATE),
        )


def _hide(values: Tensor, where: Tensor) -> Tensor:
    """NaN for samples (B,) or joints (B, 17), in all further dimensions."""
    where = where.view(*where.shape, *[1] * (values.ndim - where.ndim))
    return values.masked_fill(where, torch.nan)
