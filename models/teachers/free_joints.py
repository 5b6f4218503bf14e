"""A teacher whose unknowns are the 3-D joints themselves."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from ..kinematics.body import load_body
from .base import Teacher
from .initialization import PoseInit
from .solver import NormalEquations
from .terms import DataTerm, hinge_limits, relative_lengths, split


class FreeBody:
    """Seventeen free joints; bones, symmetry and hinges are soft.

    The unknowns are the joints (x, y, z) in units of person size and
    log(stature / person size), 52 in all.
    """

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        """Read the body description into tensors."""
        body = load_body()

        def real(values: object) -> Tensor:
            return torch.tensor(values, device=device, dtype=dtype)

        def index(values: object) -> Tensor:
            return torch.tensor(values, device=device)

        self.bones = index(body.bones)
        self.hinges = index(body.hinges)
        self.lengths = real(body.lengths)
        self.smallest, self.soft = real(body.smallest), body.soft
        edges = len(body.bones)
        twins = torch.zeros(len(body.twins), edges, dtype=torch.float64)
        row = torch.arange(len(body.twins))
        pair = torch.tensor(body.twins)
        twins[row, pair[:, 0]] = 1 / body.soft['symmetry']
        twins[row, pair[:, 1]] = -1 / body.soft['symmetry']
        spreads = torch.tensor(body.spreads, dtype=torch.float64)
        precision = torch.diag(spreads**-2) + twins.T @ twins
        # Both constraints as one square root of their precision.
        self.mixing = torch.linalg.cholesky(precision).T.to(device, dtype)
        ends = torch.zeros(edges, 17, device=device, dtype=dtype)
        row = torch.arange(edges, device=device)
        ends[row, self.bones[:, 0]], ends[row, self.bones[:, 1]] = 1, -1
        self.laplacian = (ends[:, :, None] * ends[:, None]).flatten(1)
        eye = torch.eye(52, device=device, dtype=dtype)
        self.projection = eye[:51].view(17, 3, 52)[:, :2].flatten(0, 1)
        self.stiffness = torch.zeros(52, device=device, dtype=dtype)
        self.stiffness[2:51:3] = body.soft['depth'] ** -2
        self.stiffness[51] = body.scale_spread**-2
        self.middle = torch.zeros(52, device=device, dtype=dtype)
        self.middle[51] = body.scale_mean

    def _residuals(self, unknowns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Bones, symmetry and hinges, their Jacobian, and the bones' pull.

        The pull (B, E) is dE/d(length²) per bone: the curvature of the energy
        in depth that Gauss–Newton leaves out.
        """
        ratio, slope = relative_lengths(unknowns, self.bones, self.lengths)
        length = (ratio - 1) @ self.mixing.T
        folded, bend = hinge_limits(
            unknowns, self.hinges, self.smallest, self.soft['hinge']
        )
        unit = torch.exp(-unknowns[:, 51:]) / self.lengths
        pull = (length @ self.mixing) * unit.square() / ratio
        return (
            torch.cat((length, folded), 1),
            torch.cat((self.mixing @ slope, bend), 1),
            pull,
        )

    def project(self, unknowns: Tensor) -> tuple[Tensor, Tensor]:
        """Projected joints (B, 17, 2) and their Jacobian (B, 34, 52)."""
        jacobian = self.projection.expand(len(unknowns), -1, -1)
        return split(unknowns)[0][..., :2], jacobian

    def expand(
        self, unknowns: Tensor, attract: Callable[[Tensor], DataTerm]
    ) -> NormalEquations:
        """Pull on the joints and weigh the soft constraints."""
        residuals, slopes, pull = self._residuals(unknowns)
        away = unknowns - self.middle
        linear = self.stiffness * away
        outside = attract(split(unknowns)[0][..., :2])
        gradient = linear + (slopes.mT @ residuals[..., None])[..., 0]
        gradient[:, :51].unflatten(1, (17, 3))[..., :2] += outside.force
        hessian = slopes.mT @ slopes
        diagonal = hessian.diagonal(dim1=1, dim2=2)
        diagonal += self.stiffness
        flat = diagonal[:, :51].unflatten(1, (17, 3))[..., :2]
        flat += outside.stiffness
        curve = (pull.clamp(min=0) @ self.laplacian).view(-1, 17, 17)
        hessian[:, 2:51:3, 2:51:3] += curve
        energy = residuals.square().sum(1) + (linear * away).sum(1)
        return NormalEquations(energy + outside.energy, gradient, hessian)

    def start(self, facing: PoseInit, points: Tensor) -> Tensor:
        """Begin at the guessed positions with the depths of the rest body."""
        shape = facing.joints.shape
        flat = points[:, None].expand(*shape[:3], 2)
        joints = torch.cat((flat, facing.joints[..., 2:]), -1)
        return torch.cat(
            (joints.flatten(2), facing.scale.log()[..., None]), -1
        )

    def joints(self, unknowns: Tensor) -> Tensor:
        """Joints (B, 17, 3) in units of person size."""
        return split(unknowns)[0]


class FreeJointTeacher(Teacher):
    """Fits free 3-D joints; see ``Teacher`` for arguments and result."""

    def __init__(self, **options: object) -> None:
        """See ``Teacher``."""
        super().__init__(**options)
        self._bodies = lru_cache(maxsize=8)(FreeBody)

    def body_for(self, points: Tensor) -> FreeBody:
        """The body on the device and in the dtype of the points."""
        return self._bodies(points.device, points.dtype)
