"""Forward kinematics of the URDF human with analytic Jacobians.

``pytorch_kinematics`` reads the file; the chain is then evaluated level by
level for the whole batch, with bone scales and with Jacobians, which
``Chain.forward_kinematics`` does not offer. Without bone scales both give the
same joints.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...skeleton import JOINTS
from .body import DATA_ROOT


def import_pytorch_kinematics() -> Any:
    """Import the optional dependency.

    Raises:
        ImportError: ``pytorch_kinematics`` is not installed.
    """
    try:
        import pytorch_kinematics
    except ImportError as error:
        raise ImportError(
            'the kinematic-chain teacher reads its URDF file with '
            'pytorch_kinematics, which is not installed; run '
            '`pip install pytorch-kinematics` or use FreeJointTeacher'
        ) from error
    return pytorch_kinematics


@dataclass(frozen=True)
class Level:
    """Frames at one depth of the tree: positions in the frame list."""

    frames: slice
    parents: Tensor


@dataclass(frozen=True)
class HumanChain:
    """A kinematic tree as tensors; frames are sorted by depth.

    Attributes:
        names: Names of the revolute joints (Q) in the order of their angles.
        levels: Depth levels below the root frame, which is frame 0.
        offsets: Position of each frame in its parent (F, 3).
        rotations: Orientation of each frame in its parent (F, 3, 3).
        axes: Rotation axis of each frame (F, 3), zero for fixed frames.
        angle_of: Index of each frame's angle (F,), Q for fixed frames.
        frame_of: Frame of each angle (Q,).
        tips: Frame of each COCO joint (17,).
        above: (17, F) 1 where a frame lies on the way to a joint.
        scale_of: (F, G) 1 where a frame's offset belongs to a bone scale.
        scale_spreads: Standard deviation of each log bone scale (G,).
        low: Lower limits (Q,) in radians.
        high: Upper limits (Q,) in radians.
    """

    names: tuple[str, ...]
    levels: tuple[Level, ...]
    offsets: Tensor
    rotations: Tensor
    axes: Tensor
    angle_of: Tensor
    frame_of: Tensor
    tips: Tensor
    above: Tensor
    scale_of: Tensor
    scale_spreads: Tensor
    low: Tensor
    high: Tensor

    def to(self, device: torch.device, dtype: torch.dtype) -> HumanChain:
        """A copy on a device with floating tensors of one dtype."""

        def move(value: Any) -> Any:
            if isinstance(value, Tensor):
                kind = dtype if value.is_floating_point() else None
                return value.to(device=device, dtype=kind)
            return value

        fields = {k: move(v) for k, v in vars(self).items()}
        fields['levels'] = tuple(
            Level(level.frames, level.parents.to(device))
            for level in self.levels
        )
        return HumanChain(**fields)


def _frames(root: Any) -> tuple[list[Any], list[int], list[int]]:
    """Frames by depth, their parents, and the start of each level."""
    frames, parents, starts = [root], [-1], [0]
    first = 0
    while first < len(frames):
        starts.append(len(frames))
        last = len(frames)
        for parent in range(first, last):
            for child in frames[parent].children:
                frames.append(child)
                parents.append(parent)
        first = last
    return frames, parents, starts


def load_chain(urdf: str | Path | None = None) -> HumanChain:
    """Read the URDF human through ``pytorch_kinematics``.

    Args:
        urdf: URDF file; the package's own by default. The fixed joints
            ``{name}_tip`` end in the COCO joints.

    Returns:
        The chain in float64 on the CPU.

    Raises:
        ImportError: ``pytorch_kinematics`` is not installed.
    """
    kinematics = import_pytorch_kinematics()
    path = Path(urdf) if urdf else DATA_ROOT / 'human.urdf'
    chain = kinematics.build_chain_from_urdf(path.read_bytes())
    frames, parents, starts = _frames(chain._root)
    names = chain.get_joint_parameter_names()
    count = len(frames)
    offsets = torch.zeros(count, 3, dtype=torch.float64)
    rotations = torch.eye(3, dtype=torch.float64).repeat(count, 1, 1)
    axes = torch.zeros(count, 3, dtype=torch.float64)
    angle_of = torch.full((count,), len(names))
    for k, frame in enumerate(frames):
        joint = frame.joint
        if joint.offset is not None:
            matrix = joint.offset.get_matrix()[0].double()
            offsets[k], rotations[k] = matrix[:3, 3], matrix[:3, :3]
        if joint.joint_type == 'revolute':
            axes[k] = joint.axis.double()
            angle_of[k] = names.index(joint.name)
    joint_names = [frame.joint.name for frame in frames]
    tips = torch.tensor([joint_names.index(f'{n}_tip') for n in JOINTS])
    above = torch.zeros(17, count, dtype=torch.float64)
    for row, tip in enumerate(tips.tolist()):
        while tip >= 0:
            above[row, tip] = 1
            tip = parents[tip]
    scales = json.loads((DATA_ROOT / 'body.json').read_text())['scales']
    scale_of = torch.zeros(count, len(scales), dtype=torch.float64)
    for column, group in enumerate(scales.values()):
        for name in group['joints']:
            scale_of[joint_names.index(name), column] = 1
    low, high = chain.get_joint_limits()
    return HumanChain(
        names=tuple(names),
        levels=tuple(
            Level(slice(a, b), torch.tensor(parents[a:b]))
            for a, b in pairwise(starts[1:])
            if b > a
        ),
        offsets=offsets,
        rotations=rotations,
        axes=axes,
        angle_of=angle_of,
        frame_of=angle_of.argsort()[: len(names)],
        tips=tips,
        above=above,
        scale_of=scale_of,
        scale_spreads=torch.tensor(
            [group['spread'] for group in scales.values()],
            dtype=torch.float64,
        ),
        low=torch.as_tensor(low, dtype=torch.float64),
        high=torch.as_tensor(high, dtype=torch.float64),
    )


def _local_rotations(chain: HumanChain, angles: Tensor) -> Tensor:
    """Rotation of each frame in its parent (B, F, 3, 3), Rodrigues."""
    padded = torch.cat((angles, angles.new_zeros(len(angles), 1)), 1)
    angle = padded[:, chain.angle_of, None, None]
    x, y, z = chain.axes.unbind(1)
    zero = torch.zeros_like(x)
    cross = torch.stack((zero, -z, y, z, zero, -x, -y, x, zero), 1)
    cross = cross.view(-1, 3, 3)
    eye = torch.eye(3, dtype=angles.dtype, device=angles.device)
    turned = angle.sin() * cross + (1 - angle.cos()) * (cross @ cross)
    return chain.rotations @ (eye + turned)


@dataclass(frozen=True)
class ChainPose:
    """World frames of a chain.

    Attributes:
        joints: COCO joints (B, 17, 3).
        origins: Frame origins (B, F, 3).
        axes: Rotation axes in the world (B, F, 3).
        steps: Way from the parent's origin to the frame's (B, F, 3).
    """

    joints: Tensor
    origins: Tensor
    axes: Tensor
    steps: Tensor


def forward_kinematics(
    chain: HumanChain, angles: Tensor, log_scales: Tensor
) -> ChainPose:
    """Place the chain.

    Args:
        chain: The chain, on the device and in the dtype of the angles.
        angles: (B, Q) radians.
        log_scales: Log bone scales (B, G); 0 keeps the file's lengths.

    Returns:
        World positions as fractions of stature, the root at the origin.
    """
    local = _local_rotations(chain, angles)
    factor = (log_scales @ chain.scale_of.T).exp()
    offsets = (chain.offsets * factor[..., None])[..., None]
    rotations, origins = [local[:, :1]], [offsets[:, :1]]
    steps = [offsets[:, :1]]
    start = 0
    for level in chain.levels:
        parents = level.parents - start
        start = level.frames.start
        base = rotations[-1][:, parents]
        step = base @ offsets[:, level.frames]
        rotations.append(base @ local[:, level.frames])
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


def projected_curvature(
    chain: HumanChain, pose: ChainPose, force: Tensor
) -> Tensor:
    """Second derivative by each angle of ``Σ force · joint``.

    Args:
        chain: The chain.
        pose: Result of ``forward_kinematics``.
        force: Force on the x and y of each joint (B, 17, 2).

    Returns:
        (B, Q): ``force · (axis × (axis × (joint - origin)))`` summed over the
        joints that the angle moves.
    """
    mask = chain.above[:, chain.frame_of]
    axis = pose.axes[:, chain.frame_of]
    origin = pose.origins[:, chain.frame_of]
    total = mask.T @ force
    moment = mask.T @ (pose.joints[..., :2] * force).sum(-1, keepdim=True)
    outer = (force[..., None] * pose.joints[:, :, None]).flatten(2)
    outer = (mask.T @ outer).unflatten(2, (2, 3))
    outer = outer - total[..., None] * origin[:, :, None]
    along = (outer @ axis[..., None])[..., 0]
    radial = moment[..., 0] - (origin[..., :2] * total).sum(-1)
    return (along * axis[..., :2]).sum(-1) - radial


def projected_jacobian(
    chain: HumanChain, pose: ChainPose
) -> tuple[Tensor, Tensor]:
    """Derivatives of the joints' x and y.

    Args:
        chain: The chain.
        pose: Result of ``forward_kinematics``.

    Returns:
        By angle (B, 17, 2, Q): the x and y of ``axis × (joint - origin)`` for
        angles on the way to the joint; by log bone scale (B, 17, 2, G).
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
    by_scale = by_scale.unflatten(2, (17, -1)).transpose(1, 2)
    return by_angle, by_scale
