"""A teacher whose unknowns are the joint angles of a URDF human."""

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from ...skeleton import NUM_JOINTS
from ..kinematics.body import load_body
from ..kinematics.chain import import_pytorch_kinematics, load_chain
from ..kinematics.forward_kinematics import (
    ChainPose,
    forward_kinematics,
    projected_curvature,
    projected_jacobian,
)
from .base import Teacher
from .initialization import PoseInit
from .normal_equations import NormalEquations
from .terms import DataTerm

ROOT_ROLL, ROOT_YAW = 'root_z', 'root_y'
# The unknowns end with the log scale and the shift (x, y).
_LOG_SCALE, _SHIFT = -3, slice(-2, None)


class KinematicChainBody:
    """The URDF human under a scaled-orthographic camera.

    The unknowns are the joint angles in radians, the log bone scales,
    log(stature / person size) and the image position of the pelvis.

    Args:
        device: Device of the fits.
        dtype: Type of the fits.

    Attributes:
        num_scales: Number G of bone scales.
    """

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        """Read the chain and collect what is constant."""
        self._chain = chain = load_chain().to(device, dtype)
        body = load_body()
        self._num_angles = len(chain.names)
        self.num_scales = len(chain.scale_spreads)
        self._posture_precision = body.tolerances['posture'] ** -2
        self._limit_precision = body.tolerances['limit'] ** -2
        self._scale_mean = body.scale_mean
        self._eye = torch.eye(2, device=device, dtype=dtype)
        # the angles of the root come first and have no limits
        roots = sum(name.startswith('root_') for name in chain.names)
        self._bounded = slice(roots, self._num_angles)
        self._low, self._high = chain.low[roots:], chain.high[roots:]
        self._scales = slice(self._num_angles, _SHIFT.start)
        spread = torch.full_like(chain.scale_spreads[:1], body.scale_spread)
        self._scale_root = 1 / torch.cat((chain.scale_spreads, spread))

    def initialize(self, pose: PoseInit, points: Tensor) -> Tensor:
        """Start at the rest angles, rotated and placed.

        Args:
            pose: S placed rest bodies per sample.
            points: First guess (B, 17, 2) of the projected joints; only its
                dtype and device are used.

        Returns:
            θ (B, S, N).
        """
        size = self._num_angles + self.num_scales + 3
        start = points.new_zeros((*pose.yaw.shape, size))
        start[..., self._chain.names.index(ROOT_YAW)] = pose.yaw
        start[..., self._chain.names.index(ROOT_ROLL)] = pose.roll
        start[..., _LOG_SCALE] = pose.scale.log()
        start[..., _SHIFT] = pose.shift
        return start

    def joints(self, unknowns: Tensor) -> Tensor:
        """Compute the 3-D joints.

        Args:
            unknowns: θ (B, N).

        Returns:
            Joints (B, 17, 3) in units of person size.
        """
        angles, scales, log_scale, shift = self._split(unknowns)
        pose = forward_kinematics(self._chain, angles, scales)
        joints = pose.joints * log_scale.exp()[..., None]
        return joints + torch.nn.functional.pad(shift, (0, 1))[:, None]

    def project(self, unknowns: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the projected joints.

        Args:
            unknowns: θ (B, N).

        Returns:
            P (B, 17, 2) and dP/dθ (B, 34, N).
        """
        _, points, jacobian = self._project(unknowns)
        return points, jacobian

    def linearize(
        self, unknowns: Tensor, data_term: Callable[[Tensor], DataTerm]
    ) -> NormalEquations:
        """Expand the data term, limits, postures and bone scales.

        Args:
            unknowns: θ (B, N).
            data_term: Result of ``terms.data_term``.

        Returns:
            Energy, half gradient and half Hessian.
        """
        pose, points, jacobian = self._project(unknowns)
        angles, scales, log_scale, _ = self._split(unknowns)
        posture, posture_gradient, posture_curvature = self._postures(angles)
        scale_residuals = self._scale_residuals(scales, log_scale)
        data = data_term(points)
        force = data.gradient.flatten(1)[..., None]
        gradient = (jacobian.mT @ force)[..., 0]
        gradient[:, self._bounded] += posture_gradient
        gradient[:, self._scales] += scale_residuals * self._scale_root
        weighted = data.curvature.flatten(1)[..., None] * jacobian
        hessian = jacobian.mT @ weighted
        curvature = projected_curvature(self._chain, pose, data.gradient)
        curvature = (curvature * log_scale.exp()).clamp(min=0)
        diagonal = hessian.diagonal(dim1=1, dim2=2)
        diagonal[:, : self._num_angles] += curvature
        diagonal[:, self._bounded] += posture_curvature
        diagonal[:, self._scales] += self._scale_root.square()
        energy = posture + scale_residuals.square().sum(1) + data.energy
        return NormalEquations(energy, gradient, hessian)

    def prior_energy(
        self, angles: Tensor, scales: Tensor, log_scale: Tensor
    ) -> Tensor:
        """The body's own part of the energy.

        Args:
            angles: Joint angles (B, Q) in radians.
            scales: Log bone scales (B, G).
            log_scale: log(stature / person size) (B, 1).

        Returns:
            |r(θ)|² (B,) of postures, limits and scales.
        """
        residuals = self._scale_residuals(scales, log_scale)
        return self._postures(angles)[0] + residuals.square().sum(1)

    def _split(self, unknowns: Tensor) -> tuple[Tensor, ...]:
        """Angles, log bone scales, log scale and shift."""
        sizes = [self._num_angles, self.num_scales, 1, 2]
        return torch.split(unknowns, sizes, 1)

    def _scale_residuals(self, scales: Tensor, log_scale: Tensor) -> Tensor:
        """Log scales in standard deviations (B, G + 1)."""
        deviation = torch.cat((scales, log_scale - self._scale_mean), 1)
        return deviation * self._scale_root

    def _postures(self, angles: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Distance from rest and from the joint limits.

        Returns:
            Energy (B,), half its gradient and half its second derivative by
            the bounded angles.
        """
        angle = angles[:, self._bounded]
        low, high = self._low, self._high
        excess = (angle - high).clamp(min=0) - (low - angle).clamp(min=0)
        posture, limit = self._posture_precision, self._limit_precision
        energy = posture * angle.square() + limit * excess.square()
        return (
            energy.sum(1),
            posture * angle + limit * excess,
            posture + limit * (excess != 0),
        )

    def _project(self, unknowns: Tensor) -> tuple[ChainPose, Tensor, Tensor]:
        """Chain, projected joints (B, 17, 2), their Jacobian (B, 34, N)."""
        angles, scales, log_scale, shift = self._split(unknowns)
        pose = forward_kinematics(self._chain, angles, scales)
        by_angle, by_scale = projected_jacobian(self._chain, pose)
        factor = log_scale.exp()
        local = pose.joints[..., :2] * factor[..., None]
        count, size = unknowns.shape
        jacobian = unknowns.new_empty(count, NUM_JOINTS, 2, size)
        factor = factor[..., None, None]
        jacobian[..., : self._num_angles] = by_angle * factor
        jacobian[..., self._num_angles : _LOG_SCALE] = by_scale * factor
        jacobian[..., _LOG_SCALE] = local
        jacobian[..., _SHIFT] = self._eye
        return pose, local + shift[:, None], jacobian.flatten(1, 2)


_load_chain_body = lru_cache(maxsize=8)(KinematicChainBody)


class KinematicChainTeacher(Teacher):
    """Fits a URDF human; see ``TeacherOptions`` for the arguments.

    Raises:
        ImportError: ``pytorch_kinematics`` is not installed.
    """

    def __post_init__(self) -> None:
        """Check the options and the optional dependency."""
        super().__post_init__()
        import_pytorch_kinematics()

    def body_for(self, points: Tensor) -> KinematicChainBody:
        """Make the body that is fitted.

        Args:
            points: Any tensor on the device and in the dtype of the fit.

        Returns:
            The body on that device and in that dtype.
        """
        return _load_chain_body(points.device, points.dtype)
