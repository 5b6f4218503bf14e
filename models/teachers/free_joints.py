"""A teacher whose unknowns are the 3-D joints themselves."""

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from ...skeleton import NUM_JOINTS
from ..kinematics.body import BodyDescription, load_body
from .base import Teacher
from .initialization import PoseInit
from .normal_equations import FreeJointEquations
from .terms import (
    DEPTHS,
    LOG_SCALE,
    NUM_COORDINATES,
    NUM_UNKNOWNS,
    DataTerm,
    coordinates,
    hinge_limits,
    relative_lengths,
)


class FreeJointBody:
    """Seventeen free joints; bones, symmetry and hinges are soft constraints.

    The unknowns are the joints (x, y, z) in units of person size and
    log(stature / person size), see ``terms``.

    Args:
        device: Device of the fits.
        dtype: Type of the fits.
    """

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        """Read the body description into tensors."""
        body = load_body()
        self._bones = torch.tensor(body.bones, device=device)
        self._hinges = torch.tensor(body.hinges, device=device)
        self._hinge_spread = body.tolerances['hinge']

        def real(values: Tensor | tuple[float, ...]) -> Tensor:
            return torch.as_tensor(values, device=device, dtype=dtype)

        self._lengths = real(body.lengths)
        self._min_angles = real(body.min_angles)
        self._length_root = real(_length_precision_root(body))
        self._laplacian = real(_bone_laplacian(body))
        eye = torch.eye(NUM_UNKNOWNS)[:NUM_COORDINATES]
        eye = eye.view(NUM_JOINTS, 3, NUM_UNKNOWNS)
        self._projection = real(eye[:, :2].flatten(0, 1))
        precision = torch.zeros(NUM_UNKNOWNS, dtype=torch.float64)
        precision[DEPTHS] = body.tolerances['depth'] ** -2
        precision[LOG_SCALE] = body.scale_spread**-2
        mean = torch.zeros(NUM_UNKNOWNS, dtype=torch.float64)
        mean[LOG_SCALE] = body.scale_mean
        self._precision, self._mean = real(precision), real(mean)

    def initialize(self, pose: PoseInit, points: Tensor) -> Tensor:
        """Start at the guessed points with the depths of the rest body.

        Args:
            pose: S placed rest bodies per sample.
            points: First guess (B, 17, 2) of the projected joints.

        Returns:
            θ (B, S, 52).
        """
        shape = pose.joints.shape
        flat = points[:, None].expand(*shape[:3], 2)
        joints = torch.cat((flat, pose.joints[..., 2:]), -1)
        return torch.cat((joints.flatten(2), pose.scale.log()[..., None]), -1)

    def joints(self, unknowns: Tensor) -> Tensor:
        """Compute the 3-D joints.

        Args:
            unknowns: θ (B, 52).

        Returns:
            Joints (B, 17, 3) in units of person size.
        """
        return coordinates(unknowns)

    def project(self, unknowns: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the projected joints.

        Args:
            unknowns: θ (B, 52).

        Returns:
            P (B, 17, 2) and dP/dθ (B, 34, 52).
        """
        jacobian = self._projection.expand(len(unknowns), -1, -1)
        return coordinates(unknowns)[..., :2], jacobian

    def linearize(
        self, unknowns: Tensor, data_term: Callable[[Tensor], DataTerm]
    ) -> FreeJointEquations:
        """Expand the data term and the soft constraints.

        Args:
            unknowns: θ (B, 52).
            data_term: Result of ``terms.data_term``.

        Returns:
            Energy, half gradient and half Hessian.
        """
        residuals, jacobian, bone_slope = self._residuals(unknowns)
        deviation = unknowns - self._mean
        linear = self._precision * deviation
        data = data_term(coordinates(unknowns)[..., :2])
        gradient = linear + (residuals[:, None] @ jacobian)[:, 0]
        coordinates(gradient)[..., :2] += data.gradient
        diagonal = self._precision.repeat(len(unknowns), 1)
        coordinates(diagonal)[..., :2] += data.curvature
        depths = bone_slope.clamp(min=0) @ self._laplacian
        depths = depths.view(-1, NUM_JOINTS, NUM_JOINTS)
        energy = residuals.square().sum(1) + (linear * deviation).sum(1)
        return FreeJointEquations(
            energy + data.energy, gradient, diagonal, depths, jacobian
        )

    def _residuals(self, unknowns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Bones, symmetry and hinges, their Jacobian, and the bones' slope.

        The slope (B, E) is dE/d(length²) per bone: the curvature of the
        energy in depth that Gauss–Newton leaves out.
        """
        ratio, slope = relative_lengths(unknowns, self._bones, self._lengths)
        length = (ratio - 1) @ self._length_root.T
        excess, excess_slope = hinge_limits(
            unknowns, self._hinges, self._min_angles, self._hinge_spread
        )
        unit = torch.exp(-unknowns[:, LOG_SCALE:]) / self._lengths
        bone_slope = (length @ self._length_root) * unit.square() / ratio
        return (
            torch.cat((length, excess), 1),
            torch.cat((self._length_root @ slope, excess_slope), 1),
            bone_slope,
        )


def _length_precision_root(body: BodyDescription) -> Tensor:
    """Square root (E, E) of the precision of lengths and symmetry."""
    count = len(body.mirror_pairs)
    difference = torch.zeros(count, len(body.bones), dtype=torch.float64)
    row = torch.arange(count)
    pair = torch.tensor(body.mirror_pairs)
    difference[row, pair[:, 0]] = 1 / body.tolerances['symmetry']
    difference[row, pair[:, 1]] = -1 / body.tolerances['symmetry']
    spreads = torch.tensor(body.spreads, dtype=torch.float64)
    precision = torch.diag(spreads**-2) + difference.T @ difference
    root: Tensor = torch.linalg.cholesky(precision).T
    return root


def _bone_laplacian(body: BodyDescription) -> Tensor:
    """Graph Laplacian of each bone (E, 17 · 17)."""
    bones = torch.tensor(body.bones)
    ends = torch.zeros(len(bones), NUM_JOINTS)
    row = torch.arange(len(bones))
    ends[row, bones[:, 0]], ends[row, bones[:, 1]] = 1, -1
    return (ends[:, :, None] * ends[:, None]).flatten(1)


_load_free_body = lru_cache(maxsize=8)(FreeJointBody)


class FreeJointTeacher(Teacher):
    """Fits free 3-D joints; see ``TeacherOptions`` for the arguments."""

    def body_for(self, points: Tensor) -> FreeJointBody:
        """Make the body that is fitted.

        Args:
            points: Any tensor on the device and in the dtype of the fit.

        Returns:
            The body on that device and in that dtype.
        """
        return _load_free_body(points.device, points.dtype)
