"""What every teacher shares: input, prior, starts, fit, trust."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Protocol

import torch
from torch import Tensor

from ...skeleton import NUM_JOINTS
from ..geometry.precision import full_precision
from ..kinematics.body import load_body
from ..kinematics.camera import default_size
from ..kinematics.pose_prior import PosePrior
from . import solver as solver
from .initialization import PoseInit, initial_poses
from .leave_one_out import leave_one_out
from .pseudo_trust import ALPHA, FUSIONS, decay, fuse
from .solver import Body, Fit
from .terms import Targets, data_term, robust_weights

# Samples fitted together: what suits a CPU's cache, what fills a GPU.
CPU_CHUNK, GPU_CHUNK = 512, 16384
FEWEST_JOINTS = 4


@dataclass(frozen=True)
class TeacherResult:
    """What a teacher says about a batch of poses.

    NaN marks joints that were ignored and samples that are degenerate.

    Attributes:
        residual: Distance between keypoint and fitted joint (B, 17) in units
            of person size.
        solvability: ``exp(-alpha · deleted residual)`` (B, 17).
        identifiability: ``exp(-alpha · deleted spread)`` (B, 17).
        trust: Both fused (B, 17).
        energy: Objective at the fit (B,).
        expected: Where the other joints put each joint (B, 17, 2), in the
            unit of the keypoints.
        joints_3d: Fitted body (B, 17, 3) in the unit of the keypoints. x and
            y are image positions, z points away from the camera.
        status: ``CONVERGED``, ``ITERATION_LIMIT`` or ``DEGENERATE`` (B,).
        history: Objective after each iteration (B, iterations).
    """

    residual: Tensor
    solvability: Tensor
    identifiability: Tensor
    trust: Tensor
    energy: Tensor
    expected: Tensor
    joints_3d: Tensor
    status: Tensor
    history: Tensor


class TeacherBody(Body, Protocol):
    """A body that a teacher can start and read out."""

    def start(self, facing: PoseInit, points: Tensor) -> Tensor:
        """θ (B, S, N) for the placed rest body and a first guess of P."""
        ...

    def joints(self, unknowns: Tensor) -> Tensor:
        """Joints (B, 17, 3) in units of person size."""
        ...


@dataclass(frozen=True)
class _Input:
    """Checked input in units of person size."""

    points: Tensor
    visible: Tensor
    known: Tensor
    origin: Tensor
    size: Tensor
    usable: Tensor
    judged: Tensor


def _check(keypoints: Tensor, **others: Tensor | None) -> None:
    """Raise ValueError on a wrong shape or dtype."""
    shape = tuple(keypoints.shape)
    if keypoints.ndim != 3 or shape[1:] != (NUM_JOINTS, 2):
        raise ValueError(
            f'expected keypoints of shape (B, {NUM_JOINTS}, 2), found {shape}'
        )
    if keypoints.dtype not in (torch.float32, torch.float64):
        raise ValueError(
            'expected keypoints in float32 or float64, found '
            f'{keypoints.dtype}; convert them first'
        )
    wanted = {
        'visible': shape[:2],
        'size': shape[:1],
        'center': (shape[0], 2),
    }
    for name, value in others.items():
        if value is not None and tuple(value.shape) != wanted[name]:
            raise ValueError(
                f'expected {name} of shape {wanted[name]}, found '
                f'{tuple(value.shape)}'
            )


@lru_cache(maxsize=8)
def _rest(device: torch.device, dtype: torch.dtype) -> Tensor:
    """Rest body (17, 3), kept where it is needed: a copy makes a GPU wait."""
    rest = torch.tensor(load_body().rest, dtype=torch.float64)
    return rest.to(device, dtype)


def _prepare(
    keypoints: Tensor,
    visible: Tensor | None,
    size: Tensor | None,
    center: Tensor | None,
) -> _Input:
    """Normalize; replace what is not usable by harmless numbers."""
    finite = keypoints.isfinite().all(-1)
    if visible is None:
        visible = torch.ones_like(keypoints[..., 0])
    visible = visible.to(keypoints).nan_to_num(0.0).clamp(0, 1) * finite
    safe = torch.where(finite[..., None], keypoints, 0.0)
    extent = default_size(safe, visible)
    if size is None:
        size = extent
    size = size.to(keypoints)
    enough = (visible > 0).sum(1) >= FEWEST_JOINTS
    usable = enough & size.isfinite() & (size > 0) & (extent > 1e-3 * size)
    size = torch.where(usable, size, 1.0)
    mean = (safe * visible[..., None]).sum(1)
    mean = mean / visible.sum(1, keepdim=True).clamp(min=1e-6)
    known = torch.zeros_like(size)
    if center is not None:
        center = center.to(keypoints)
        inside = center.isfinite().all(1)
        mean = torch.where(inside[:, None], center, mean)
        known = inside.to(keypoints)
    points = (safe - mean[:, None]) / size[:, None, None]
    rest = _rest(points.device, points.dtype)[:, :2]
    points = torch.where(usable[:, None, None], points, rest)
    judged = usable[:, None] & (visible > 0)
    visible = torch.where(usable[:, None], visible, 1.0)
    hidden = (visible <= 0)[..., None]
    points = points.masked_fill(hidden, 0.0)
    return _Input(points, visible, known, mean, size, usable, judged)


class Teacher:
    """Base of the teachers: everything but the body.

    Args:
        alpha: Steepness of solvability and identifiability.
        fusion: How trust combines them, see ``trust.fuse``.
        iterations: Iteration limit.
        starts: PoseInit directions that are fitted; the lowest energy wins.
        noise: Standard deviation of a good keypoint, in units of size.
        width: Width of the Geman–McClure loss, in units of size.
        prior_weight: Weight of the pose prior; 1 takes its spread at its
            word.
        tolerance: Relative change of energy at which a sample has converged.

    Raises:
        ValueError: A number is out of range or ``fusion`` is unknown.
    """

    body: TeacherBody

    def __init__(
        self,
        alpha: float = ALPHA,
        fusion: str = 'min',
        iterations: int = 50,
        starts: int = 1,
        noise: float = 0.02,
        width: float = 0.05,
        prior_weight: float = 1.0,
        tolerance: float = 5e-3,
    ) -> None:
        """Check and keep the options; read the prior."""
        positive = {
            'alpha': alpha,
            'iterations': iterations,
            'starts': starts,
            'noise': noise,
            'width': width,
            'prior_weight': prior_weight,
            'tolerance': tolerance,
        }
        for name, value in positive.items():
            if not value > 0:
                raise ValueError(f'expected {name} > 0, found {value}')
        if fusion not in FUSIONS:
            raise ValueError(
                f'expected fusion to be one of {FUSIONS}, found {fusion!r}'
            )
        self.alpha, self.fusion = alpha, fusion
        self.iterations, self.starts = iterations, starts
        self.noise, self.width = noise, width
        self.prior_weight, self.tolerance = prior_weight, tolerance
        self.prior = PosePrior()

    def body_for(self, points: Tensor) -> TeacherBody:
        """The body on the device and in the dtype of the points."""
        raise NotImplementedError

    @torch.no_grad()
    def __call__(
        self,
        keypoints: Tensor,
        visible: Tensor | None = None,
        size: Tensor | None = None,
        center: Tensor | None = None,
    ) -> TeacherResult:
        """Fit a body to every pose and judge every joint.

        Args:
            keypoints: (B, 17, 2) in pixels or any one unit, COCO order.
                Joints that are not finite are ignored.
            visible: Weights (B, 17), clamped to [0, 1]; 0 ignores a joint,
                values in between are degrees of belief. Default 1.
            size: Person size (B,) in the same unit. Default the longer side
                of the box around the visible joints.
            center: Center (B, 2) of the person box, where it is known; it
                tells the prior where in the box a joint lies.

        Returns:
            See ``TeacherResult``. Fewer than four visible joints, a body
            without extent and a size that is not positive are degenerate.

        Raises:
            ValueError: A shape or dtype is wrong.
        """
        _check(keypoints, visible=visible, size=size, center=center)
        with full_precision(keypoints):
            return self._judge_all(_prepare(keypoints, visible, size, center))

    def _judge_all(self, given: _Input) -> TeacherResult:
        """Judge chunk by chunk."""
        count, device = len(given.points), given.points.device
        if not count:
            return self._judge(given)
        chunk = CPU_CHUNK if device.type == 'cpu' else GPU_CHUNK
        parts = [
            self._judge(
                _Input(
                    *(
                        getattr(given, f.name)[first : first + chunk]
                        for f in fields(_Input)
                    )
                )
            )
            for first in range(0, count, chunk)
        ]
        return TeacherResult(
            *(
                torch.cat([getattr(part, f.name) for part in parts])
                for f in fields(TeacherResult)
            )
        )

    def targets(
        self, points: Tensor, visible: Tensor, known: Tensor
    ) -> Targets:
        """Ask the prior; points (B, 17, 2) in units of size."""
        mean, spread = self.prior(points, visible, known)
        precision = self.prior_weight / spread.square()
        return Targets(points, visible / self.noise**2, mean, precision)

    def solve(self, targets: Targets) -> tuple[TeacherBody, Fit]:
        """Fit the body from the best facing directions."""
        body = self.body_for(targets.points)
        error = targets.points - targets.prior_mean
        belief = robust_weights(error.square().sum(-1), self.width)
        belief = belief * (targets.weights > 0)
        guess = targets.prior_mean + belief[..., None] * error
        facing = initial_poses(
            guess,
            torch.ones_like(belief),
            _rest(guess.device, guess.dtype),
            self.starts,
        )
        begin = body.start(facing, guess)
        count = len(begin)
        rows = torch.arange(count, device=begin.device)
        found = solver.fit(
            body,
            begin.flatten(0, 1),
            targets.take(rows.repeat_interleave(self.starts)),
            self.width,
            self.iterations,
            self.tolerance,
        )
        best = found.energy.view(count, self.starts).argmin(1)
        best = best + rows * self.starts
        return body, Fit(*(getattr(found, f.name)[best] for f in fields(Fit)))

    def _judge(self, given: _Input) -> TeacherResult:
        """Fit one chunk and read trust from it."""
        targets = self.targets(given.points, given.visible, given.known)
        body, found = self.solve(targets)
        points, jacobian = body.project(found.unknowns)
        error = points - targets.points
        squared = error.square().sum(-1)
        weights = targets.weights * robust_weights(squared, self.width)
        pull = data_term(targets, self.width)
        hessian = body.expand(found.unknowns, pull).hessian
        deleted = leave_one_out(hessian, jacobian, error, weights)
        solvability = decay(deleted.residual, self.alpha)
        identifiability = decay(deleted.spread, self.alpha)
        trust = fuse(solvability, identifiability, self.fusion)
        status = torch.where(
            found.converged, solver.CONVERGED, solver.ITERATION_LIMIT
        )
        expected = targets.points + deleted.error
        expected = expected * given.size[:, None, None] + given.origin[:, None]
        joints = body.joints(found.unknowns) * given.size[:, None, None]
        shift = torch.nn.functional.pad(given.origin, (0, 1))
        unusable = ~given.usable
        hide = ~given.judged
        return TeacherResult(
            residual=squared.sqrt().masked_fill(hide, torch.nan),
            solvability=solvability.masked_fill(hide, torch.nan),
            identifiability=identifiability.masked_fill(hide, torch.nan),
            trust=trust.masked_fill(hide, torch.nan),
            energy=found.energy.masked_fill(unusable, torch.nan),
            expected=expected.masked_fill(hide[..., None], torch.nan),
            joints_3d=(joints + shift[:, None]).masked_fill(
                unusable[:, None, None], torch.nan
            ),
            status=status.masked_fill(unusable, solver.DEGENERATE),
            history=found.history.masked_fill(unusable[:, None], torch.nan),
        )
