"""A teacher whose unknowns are the joint angles of a URDF human."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from ..kinematics.body import load_body
from ..kinematics.chain import (
    ChainPose,
    HumanChain,
    forward_kinematics,
    load_chain,
    projected_curvature,
    projected_jacobian,
)
from .base import Teacher
from .initialization import PoseInit
from .solver import NormalEquations
from .terms import DataTerm

ROOT_ROLL, ROOT_YAW = 'root_z', 'root_y'


class ChainBody:
    """The URDF human under a scaled-orthographic camera.

    The unknowns are the joint angles in radians, the log bone scales,
    log(stature / person size) and the image position of the pelvis.
    """

    def __init__(
        self, chain: HumanChain, device: torch.device, dtype: torch.dtype
    ) -> None:
        """Move the chain and collect what is constant."""
        self.chain = chain = chain.to(device, dtype)
        skeleton = load_body()
        self.angles = len(chain.names)
        self.scales = len(chain.scale_spreads)
        self.soft = skeleton.soft
        self.scale_mean = skeleton.scale_mean
        self.eye = torch.eye(2, device=device, dtype=dtype)
        bounded = [
            index
            for index, name in enumerate(chain.names)
            if not name.startswith('root_')
        ]
        self.bounded = torch.tensor(bounded, device=device)
        self.sized = slice(self.angles, self.angles + self.scales + 1)
        size = torch.full_like(chain.scale_spreads[:1], skeleton.scale_spread)
        self.loose = 1 / torch.cat((chain.scale_spreads, size))

    def _split(self, unknowns: Tensor) -> tuple[Tensor, ...]:
        """Angles, log bone scales, log scale and shift."""
        return unknowns.split((self.angles, self.scales, 1, 2), 1)

    def _postures(self, angles: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Pull toward rest and, beyond a limit, back to the limit.

        Returns:
            Energy (B,), half its gradient and half its second derivative by
            the bounded angles.
        """
        angle = angles[:, self.bounded]
        low, high = self.chain.low[self.bounded], self.chain.high[self.bounded]
        excess = (angle - high).clamp(min=0) - (low - angle).clamp(min=0)
        posture = self.soft['posture'] ** -2
        limit = self.soft['limit'] ** -2
        energy = posture * angle.square() + limit * excess.square()
        return (
            energy.sum(1),
            posture * angle + limit * excess,
            posture + limit * (excess != 0),
        )

    def _place(self, unknowns: Tensor) -> tuple[ChainPose, Tensor, Tensor]:
        """Chain, projected joints (B, 17, 2), their Jacobian (B, 34, N)."""
        angles, scales, log_scale, shift = self._split(unknowns)
        pose = forward_kinematics(self.chain, angles, scales)
        by_angle, by_scale = projected_jacobian(self.chain, pose)
        factor = log_scale.exp()
        local = pose.joints[..., :2] * factor[..., None]
        jacobian = unknowns.new_empty(len(unknowns), 17, 2, unknowns.shape[1])
        factor = factor[..., None, None]
        jacobian[..., : self.angles] = by_angle * factor
        jacobian[..., self.angles : -3] = by_scale * factor
        jacobian[..., -3] = local
        jacobian[..., -2:] = self.eye
        return pose, local + shift[:, None], jacobian.flatten(1, 2)

    def project(self, unknowns: Tensor) -> tuple[Tensor, Tensor]:
        """Projected joints (B, 17, 2) and their Jacobian (B, 34, N)."""
        _, points, jacobian = self._place(unknowns)
        return points, jacobian

    def expand(
        self, unknowns: Tensor, attract: Callable[[Tensor], DataTerm]
    ) -> NormalEquations:
        """Pull on the projected joints, weigh limits and bone scales."""
        pose, points, jacobian = self._place(unknowns)
        angles, scales, log_scale, _ = self._split(unknowns)
        energy, bend, stiff_bend = self._postures(angles)
        loose = torch.cat((scales, log_scale - self.scale_mean), 1)
        loose = loose * self.loose
        outside = attract(points)
        force = outside.force.flatten(1)[..., None]
        gradient = (jacobian.mT @ force)[..., 0]
        gradient[:, self.bounded] += bend
        gradient[:, self.sized] += loose * self.loose
        stiff = outside.stiffness.flatten(1)[..., None] * jacobian
        hessian = jacobian.mT @ stiff
        curve = projected_curvature(self.chain, pose, outside.force)
        curve = (curve * log_scale.exp()).clamp(min=0)
        diagonal = hessian.diagonal(dim1=1, dim2=2)
        diagonal[:, : self.angles] += curve
        diagonal[:, self.bounded] += stiff_bend
        diagonal[:, self.sized] += self.loose.square()
        energy = energy + loose.square().sum(1) + outside.energy
        return NormalEquations(energy, gradient, hessian)

    def start(self, facing: PoseInit, points: Tensor) -> Tensor:
        """Begin at rest, turned and placed."""
        shape = (*facing.yaw.shape, self.angles + self.scales + 3)
        start = points.new_zeros(shape)
        start[..., self.chain.names.index(ROOT_YAW)] = facing.yaw
        start[..., self.chain.names.index(ROOT_ROLL)] = facing.roll
        start[..., -3] = facing.scale.log()
        start[..., -2:] = facing.shift
        return start

    def joints(self, unknowns: Tensor) -> Tensor:
        """Joints (B, 17, 3) in units of person size."""
        angles, scales, log_scale, shift = self._split(unknowns)
        pose = forward_kinematics(self.chain, angles, scales)
        joints = pose.joints * log_scale.exp()[..., None]
        return joints + torch.nn.functional.pad(shift, (0, 1))[:, None]


class KinematicChainTeacher(Teacher):
    """Fits a URDF human; see ``Teacher`` for arguments and result.

    Raises:
        ImportError: ``pytorch_kinematics`` is not installed.
    """

    def __init__(self, **options: object) -> None:
        """See ``Teacher``."""
        super().__init__(**options)
        chain = load_chain()
        self._bodies = lru_cache(maxsize=8)(
            lambda device, dtype: ChainBody(chain, device, dtype)
        )

    def body_for(self, points: Tensor) -> ChainBody:
        """The body on the device and in the dtype of the points."""
        return self._bodies(points.device, points.dtype)
