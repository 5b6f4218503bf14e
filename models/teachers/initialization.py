"""Initial poses of a fit: the rest body in the best facing directions."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..kinematics.camera import rotate_yaw


@dataclass(frozen=True)
class PoseInit:
    """The rotated rest body placed on a pose, S candidates per sample.

    Attributes:
        yaw: Angle about the body's vertical axis (B, S), radians; 0 faces the
            camera.
        roll: Angle in the image (B, S), radians, x toward y.
        scale: Stature in units of person size (B, S).
        shift: Image position of the pelvis (B, S, 2).
        joints: The placed body (B, S, 17, 3).
    """

    yaw: Tensor
    roll: Tensor
    scale: Tensor
    shift: Tensor
    joints: Tensor


def initial_poses(
    points: Tensor,
    weights: Tensor,
    rest: Tensor,
    count: int,
    directions: int = 8,
) -> PoseInit:
    """Place the rest body by least squares for every facing direction.

    For a given yaw the scale, the roll and the shift that bring the rotated
    rest body nearest to the pose are linear in complex numbers.

    Args:
        points: Poses (B, 17, 2) in units of person size.
        weights: (B, 17), at least one positive per sample.
        rest: Rest body (17, 3).
        count: Number S of directions kept, the best first.
        directions: Number of directions tried, evenly spaced.

    Returns:
        The S best candidates per sample.

    Example:
        >>> from self_verify_pose.models.kinematics.rest_pose import load_rest
        >>> rest = load_rest(torch.device('cpu'), torch.float32)
        >>> one = torch.ones(1, 17)
        >>> found = initial_poses(rest[None, :, :2], one, rest, count=1)
        >>> found.yaw, found.scale.round(decimals=3)
        (tensor([[0.]]), tensor([[1.]]))
    """
    step = 2 * math.pi / directions
    bodies = torch.stack(
        [rotate_yaw(rest, step * k) for k in range(directions)]
    )
    body = torch.complex(bodies[..., 0], bodies[..., 1])
    pose = torch.complex(points[..., 0], points[..., 1])
    share = (weights / weights.sum(1, keepdim=True)).to(pose)
    body_center = share @ body.T
    pose_center = (share * pose).sum(1)
    centered = pose - pose_center[:, None]
    cross = (share * centered) @ body.conj().T
    power = (share @ body.abs().square().to(pose).T).real
    power = (power - body_center.abs().square()).clamp(min=1e-6)
    similarity = cross / power
    cost = (share.real * centered.abs().square()).sum(1, keepdim=True)
    cost = cost - cross.abs().square() / power
    best = cost.topk(count, dim=1, largest=False).indices
    similarity = similarity.gather(1, best)
    scale, roll = similarity.abs().clamp(min=1e-2), similarity.angle()
    shift = pose_center[:, None] - similarity * body_center.gather(1, best)
    placed = similarity[..., None] * body[best] + shift[..., None]
    depth = scale[..., None] * bodies[best][..., 2]
    return PoseInit(
        yaw=(best.double() * step).to(points),
        roll=roll,
        scale=scale,
        shift=torch.view_as_real(shift),
        joints=torch.stack((placed.real, placed.imag, depth), -1),
    )
