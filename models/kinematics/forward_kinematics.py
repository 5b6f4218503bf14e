"""Forward kinematics of the URDF human with analytic derivatives.

The chain is evaluated level by level for the whole batch, with bone scales
and with Jacobians, which ``pytorch_kinematics.Chain.forward_kinematics`` does
not offer. Without bone scales both give the same joints.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ...skeleton import NUM_JOINTS
from .chain import HumanChain


@dataclass(frozen=True)
class ChainPose:
    """World frames of a chain.

    Attributes:
        joints: COCO joints (B, 17, 3).
        origins: Frame origins (B, F, 3).
        axes: Rotation axes in the world (B, F, 3).
        steps: Vectors from the parent's origin to the frame's (B, F, 3).
    """

    joints: Tensor
    origins: Tensor
    axes: Tensor
    steps: Tensor


def forward_kinematics(
    chain: HumanChain, angles: Tensor, log_scales: Tensor
) -> ChainPose:
    """Compute the world positions of all frames.

    Convention: a positive angle is right-handed about its axis; the world is
    that of the rest pose (x to the person's left, y down, z backwards).

    Args:
        chain: The chain, on the device and in the dtype of the angles.
        angles: (B, Q) radians.
        log_scales: Log bone scales (B, G); 0 keeps the file's lengths.

    Returns:
        World positions as fractions of stature, the root at the origin.

    Example:
        >>> from self_verify_pose.models.kinematics.chain import load_chain
        >>> chain = load_chain()
        >>> straight = chain.low.new_zeros(1, len(chain.names))
        >>> lengths = chain.low.new_zeros(1, len(chain.scale_spreads))
        >>> forward_kinematics(chain, straight, lengths).joints.shape
        torch.Size([1, 17, 3])
    """
    local = _local_rotations(chain, angles)
    factor = (log_scales @ chain.scale_of.T).exp()
    offsets = (chain.offsets * factor[..., None])[..., None]
    rotations, origins = [local[:, :1]], [offsets[:, :1]]
    steps = [offsets[:, :1]]
    start = 0
    for level in chain.levels:
        parents = chain.parents[level] - start
        start = level.start
        base = rotations[-1][:, parents]
        step = base @ offsets[:, level]
        rotations.append(base @ local[:, level])
        origins.append(origins[-1][:, parents] + step)
        steps.append(step)
    rotation = torch.cat(rotations, 1)
    origin = torch.cat(origins, 1)[..., 0]
    return ChainPose(
        joints=origin[:, chain.tips],
        origins=origin,
        axes=(rotation @ chain.axes[..., None])[..., 0],
        steps=torch.cat(steps, 1)[..., 0],
    )


def projected_jacobian(
    chain: HumanChain, pose: ChainPose
) -> tuple[Tensor, Tensor]:
    """Differentiate the joints' x and y.

    Args:
        chain: The chain.
        pose: Result of ``forward_kinematics``.

    Returns:
        By angle (B, 17, 2, Q): the x and y of ``axis × (joint - origin)`` for
        angles between the root and the joint; by log bone scale
        (B, 17, 2, G).

    Example:
        >>> from self_verify_pose.models.kinematics.chain import load_chain
        >>> chain = load_chain()
        >>> straight = chain.low.new_zeros(1, len(chain.names))
        >>> lengths = chain.low.new_zeros(1, len(chain.scale_spreads))
        >>> pose = forward_kinematics(chain, straight, lengths)
        >>> [part.shape[:3] for part in projected_jacobian(chain, pose)]
        [torch.Size([1, 17, 2]), torch.Size([1, 17, 2])]
    """
    mask = chain.above[:, chain.frame_of]
    axis = pose.axes[:, chain.frame_of]
    origin = pose.origins[:, chain.frame_of]
    ax, ay, az = (v[:, None] * mask for v in axis.unbind(-1))
    dx, dy, dz = (
        joint[:, :, None] - base[:, None]
        for joint, base in zip(
            pose.joints.unbind(-1), origin.unbind(-1), strict=True
        )
    )
    by_angle = torch.stack((ay * dz - az * dy, az * dx - ax * dz), 2)
    paths = chain.above[:, :, None] * chain.scale_of
    paths = paths.permute(1, 0, 2).flatten(1)
    by_scale = pose.steps[..., :2].mT @ paths
    by_scale = torch.unflatten(by_scale, 2, (NUM_JOINTS, -1))
    return by_angle, by_scale.transpose(1, 2)


def projected_curvature(
    chain: HumanChain, pose: ChainPose, force: Tensor
) -> Tensor:
    """Second derivative of ``Σ force · joint`` by each angle.

    Args:
        chain: The chain.
        pose: Result of ``forward_kinematics``.
        force: Force on the x and y of each joint (B, 17, 2).

    Returns:
        (B, Q): ``force · (axis × (axis × (joint - origin)))`` summed over the
        joints that the angle moves.

    Example:
        >>> from self_verify_pose.models.kinematics.chain import load_chain
        >>> chain = load_chain()
        >>> straight = chain.low.new_zeros(1, len(chain.names))
        >>> lengths = chain.low.new_zeros(1, len(chain.scale_spreads))
        >>> pose = forward_kinematics(chain, straight, lengths)
        >>> force = torch.zeros_like(pose.joints[..., :2])
        >>> bool(projected_curvature(chain, pose, force).any())
        False
    """
    mask = chain.above[:, chain.frame_of]
    axis = pose.axes[:, chain.frame_of]
    origin = pose.origins[:, chain.frame_of]
    total = mask.T @ force
    moment = mask.T @ (pose.joints[..., :2] * force).sum(-1, keepdim=True)
    outer = (force[..., None] * pose.joints[:, :, None]).flatten(2)
    outer = torch.unflatten(mask.T @ outer, 2, (2, 3))
    outer = outer - total[..., None] * origin[:, :, None]
    along = (outer @ axis[..., None])[..., 0]
    radial = moment[..., 0] - (origin[..., :2] * total).sum(-1)
    curvature: Tensor = (along * axis[..., :2]).sum(-1) - radial
    return curvature


def _local_rotations(chain: HumanChain, angles: Tensor) -> Tensor:
    """Rotation of each frame in its parent (B, F, 3, 3), Rodrigues."""
    padded = torch.cat((angles, angles.new_zeros(len(angles), 1)), 1)
    angle = padded[:, chain.angle_of, None, None]
    x, y, z = chain.axes.unbind(1)
    zero = torch.zeros_like(x)
    cross = torch.stack((zero, -z, y, z, zero, -x, -y, x, zero), 1)
    cross = cross.view(-1, 3, 3)
    eye = torch.eye(3, dtype=angles.dtype, device=angles.device)
    rotation = angle.sin() * cross + (1 - angle.cos()) * (cross @ cross)
    return chain.rotations @ (eye + rotation)
