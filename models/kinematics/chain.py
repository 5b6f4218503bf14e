"""The URDF human as tensors, read with ``pytorch_kinematics``."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from ...skeleton import JOINTS, NUM_JOINTS
from .body import DATA_ROOT, read_body_json


def import_pytorch_kinematics() -> Any:
    """Import the optional dependency.

    Returns:
        The module ``pytorch_kinematics``.

    Raises:
        ImportError: ``pytorch_kinematics`` is not installed.

    Example:
        >>> import_pytorch_kinematics().__name__
        'pytorch_kinematics'
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
class HumanChain:
    """A kinematic tree as tensors; its F frames are sorted by depth.

    Attributes:
        names: Names of the revolute joints (Q) in the order of their angles.
        levels: Range of the frames at each depth below the root frame, which
            is frame 0.
        parents: Index of each frame's parent (F,), -1 for the root.
        offsets: Position of each frame in its parent (F, 3), fractions of
            stature.
        rotations: Orientation of each frame in its parent (F, 3, 3).
        axes: Rotation axis of each frame (F, 3), zero for fixed frames.
        angle_of: Index of each frame's angle (F,), Q for fixed frames.
        frame_of: Frame of each angle (Q,).
        tips: Frame of each COCO joint (17,).
        above: (17, F) 1 where a frame lies between the root and a joint.
        scale_of: (F, G) 1 where a frame's offset belongs to a bone scale.
        scale_spreads: Standard deviation of each log bone scale (G,).
        low: Lower limits (Q,) in radians.
        high: Upper limits (Q,) in radians.
    """

    names: tuple[str, ...]
    levels: tuple[slice, ...]
    parents: Tensor
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

    def to(self, device: torch.device, dtype: torch.dtype) -> 'HumanChain':
        """Copy the chain to a device.

        Args:
            device: Device of all tensors.
            dtype: Type of the floating-point tensors.

        Returns:
            The copy.
        """

        def move(value: Any) -> Any:
            if isinstance(value, Tensor):
                kind = dtype if value.is_floating_point() else None
                return value.to(device=device, dtype=kind)
            return value

        return HumanChain(**{k: move(v) for k, v in vars(self).items()})


def load_chain() -> HumanChain:
    """Read ``data/human.urdf``, whose fixed ``{name}_tip`` end in COCO joints.

    Returns:
        The chain in float64 on the CPU.

    Raises:
        ImportError: ``pytorch_kinematics`` is not installed.

    Example:
        >>> chain = load_chain()
        >>> len(chain.names), len(chain.tips)
        (25, 17)
    """
    kinematics = import_pytorch_kinematics()
    urdf = (DATA_ROOT / 'human.urdf').read_bytes()
    chain = kinematics.build_chain_from_urdf(urdf)
    frames, parents, starts = _sort_frames(chain._root)
    names = chain.get_joint_parameter_names()
    joint_names = [frame.joint.name for frame in frames]
    tips = [joint_names.index(f'{name}_tip') for name in JOINTS]
    angle_of = torch.tensor(
        [names.index(n) if n in names else len(names) for n in joint_names]
    )
    low, high = chain.get_joint_limits()
    return HumanChain(
        names=tuple(names),
        levels=tuple(slice(*ends) for ends in pairwise(starts[1:])),
        parents=torch.tensor(parents),
        **_joint_geometry(frames),
        angle_of=angle_of,
        frame_of=angle_of.argsort()[: len(names)],
        tips=torch.tensor(tips),
        above=_frames_above(tips, parents),
        **_bone_scales(joint_names),
        low=torch.as_tensor(low, dtype=torch.float64),
        high=torch.as_tensor(high, dtype=torch.float64),
    )


def _sort_frames(root: Any) -> tuple[list[Any], list[int], list[int]]:
    """Frames by depth, their parents, and the start of each level."""
    frames, parents, starts = [root], [-1], [0]
    while starts[-1] < len(frames):
        level = range(starts[-1], len(frames))
        starts.append(len(frames))
        for parent in level:
            frames += frames[parent].children
            parents += [parent] * len(frames[parent].children)
    return frames, parents, starts


def _joint_geometry(frames: list[Any]) -> dict[str, Tensor]:
    """Offset, rotation and axis of each frame's joint."""
    count = len(frames)
    offsets = torch.zeros(count, 3, dtype=torch.float64)
    rotations = torch.eye(3, dtype=torch.float64).repeat(count, 1, 1)
    axes = torch.zeros(count, 3, dtype=torch.float64)
    for index, frame in enumerate(frames):
        if frame.joint.offset is not None:
            matrix = frame.joint.offset.get_matrix()[0].double()
            offsets[index] = matrix[:3, 3]
            rotations[index] = matrix[:3, :3]
        if frame.joint.joint_type == 'revolute':
            axes[index] = frame.joint.axis.double()
    return {'offsets': offsets, 'rotations': rotations, 'axes': axes}


def _frames_above(tips: list[int], parents: list[int]) -> Tensor:
    """(17, F) 1 where a frame lies between the root and a joint."""
    above = torch.zeros(NUM_JOINTS, len(parents), dtype=torch.float64)
    for joint, frame in enumerate(tips):
        while frame >= 0:
            above[joint, frame] = 1
            frame = parents[frame]
    return above


def _bone_scales(joint_names: list[str]) -> dict[str, Tensor]:
    """Bone scale of each frame's offset, and the scales' spreads."""
    groups = read_body_json()['scales'].values()
    scale_of = torch.zeros(len(joint_names), len(groups), dtype=torch.float64)
    for column, group in enumerate(groups):
        for name in group['joints']:
            scale_of[joint_names.index(name), column] = 1
    spreads = [group['spread'] for group in groups]
    return {
        'scale_of': scale_of,
        'scale_spreads': torch.tensor(spreads, dtype=torch.float64),
    }
