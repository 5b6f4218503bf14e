"""Checked and normalized input of a teacher."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ...skeleton import NUM_JOINTS
from ..kinematics.camera import default_size
from ..kinematics.rest_pose import load_rest

MIN_JOINTS = 4
# A pose whose box is smaller than this share of its size has no extent.
_MIN_EXTENT = 1e-3


@dataclass(frozen=True)
class TeacherInput:
    """Poses in units of person size about their origin.

    Samples that cannot be evaluated hold the rest body, so that every number
    is finite.

    Attributes:
        points: Keypoints (B, 17, 2) in units of person size.
        weights: Confidence in each keypoint (B, 17) in [0, 1].
        has_center: (B,) 1 where ``origin`` is the center of the person box,
            0 where it is the weighted mean of the keypoints.
        origin: Origin of ``points`` (B, 2) in the unit of the keypoints.
        size: Person size (B,) in the unit of the keypoints.
        usable: Samples that are not degenerate (B,) bool.
        evaluated: Joints that get a trust (B, 17) bool.
    """

    points: Tensor
    weights: Tensor
    has_center: Tensor
    origin: Tensor
    size: Tensor
    usable: Tensor
    evaluated: Tensor


def prepare_input(
    keypoints: Tensor,
    weights: Tensor | None,
    size: Tensor | None,
    center: Tensor | None,
) -> TeacherInput:
    """Check shapes, normalize, replace what is not usable.

    Args:
        keypoints: (B, 17, 2) in any one unit.
        weights: (B, 17), clamped to [0, 1]; None for 1.
        size: Person size (B,); None for ``default_size``.
        center: Center of the person box (B, 2), NaN where it is not known;
            None where no center is known.

    Returns:
        The normalized input.

    Raises:
        ValueError: A shape or dtype is wrong.

    Example:
        >>> given = prepare_input(torch.zeros(1, 17, 2), None, None, None)
        >>> given.usable
        tensor([False])
    """
    _check_keypoints(keypoints)
    _check_shapes(len(keypoints), weights=weights, size=size, center=center)
    finite = keypoints.isfinite().all(-1)
    if weights is None:
        weights = torch.ones_like(keypoints[..., 0])
    weights = weights.to(keypoints).nan_to_num(0.0).clamp(0, 1) * finite
    safe = torch.where(finite[..., None], keypoints, 0.0)
    extent = default_size(safe, weights)
    size = (extent if size is None else size).to(keypoints)
    enough = (weights > 0).sum(1) >= MIN_JOINTS
    usable = enough & size.isfinite() & (size > 0)
    usable = usable & (extent > _MIN_EXTENT * size)
    size = torch.where(usable, size, 1.0)
    origin, has_center = _origin(safe, weights, center)
    points = (safe - origin[:, None]) / size[:, None, None]
    rest = load_rest(points.device, points.dtype)[:, :2]
    points = torch.where(usable[:, None, None], points, rest)
    evaluated = usable[:, None] & (weights > 0)
    weights = torch.where(usable[:, None], weights, 1.0)
    points = points.masked_fill((weights <= 0)[..., None], 0.0)
    return TeacherInput(
        points, weights, has_center, origin, size, usable, evaluated
    )


def _origin(
    points: Tensor, weights: Tensor, center: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Box center where it is finite, else the mean; 1 or 0 accordingly."""
    mean = (points * weights[..., None]).sum(1)
    mean = mean / weights.sum(1, keepdim=True).clamp(min=1e-6)
    if center is None:
        return mean, torch.zeros_like(mean[:, 0])
    center = center.to(points)
    finite = center.isfinite().all(1)
    return torch.where(finite[:, None], center, mean), finite.to(points)


def _check_keypoints(keypoints: Tensor) -> None:
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


def _check_shapes(count: int, **values: Tensor | None) -> None:
    """Raise ValueError on a wrong shape."""
    expected = {
        'weights': (count, NUM_JOINTS),
        'size': (count,),
        'center': (count, 2),
    }
    for name, value in values.items():
        if value is not None and tuple(value.shape) != expected[name]:
            raise ValueError(
                f'expected {name} of shape {expected[name]}, found '
                f'{tuple(value.shape)}'
            )
