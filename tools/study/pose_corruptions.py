"""Synthetic errors of the kinds that pose networks make, on 2-D poses."""

import torch
from torch import Tensor

from self_verify_pose.skeleton import FLIP

PARENTS = (0, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14)
# Left limbs below the shoulder and the hip.
LIMBS = ((7, 9), (13, 15))
KINDS = ('jump', 'limb_swap', 'on_parent', 'other_person')
# Length of a jump in units of person size.
JUMP = 0.2


def corrupt_poses(
    points: Tensor,
    labeled: Tensor,
    size: Tensor,
    kind: str,
    generator: torch.Generator,
) -> Tensor:
    """Make one joint (one limb for ``limb_swap``) of every pose wrong.

    Args:
        points: Poses (B, 17, 2), any unit.
        labeled: (B, 17) bool; at least one joint per pose.
        size: Person sizes (B,) in the same unit.
        kind: One of ``KINDS``: a displacement by 0.2 sizes in a random
            direction, a limb exchanged with its mirror limb, a joint on its
            parent, the same joint of the next pose about the pose's center.
        generator: Source of randomness.

    Returns:
        Corrupted copies (B, 17, 2); a pose stays as it was where the kind
        does not apply to the sampled joint.

    Raises:
        ValueError: Unknown ``kind``.
    """
    if kind == 'limb_swap':
        return _swap_limbs(points, labeled, generator)
    if kind not in KINDS:
        raise ValueError(f'expected kind in {KINDS}, found {kind!r}')
    rows = torch.arange(len(points))
    joint = torch.multinomial(labeled.float(), 1, generator=generator)[:, 0]
    if kind == 'jump':
        moved = points[rows, joint] + _random_step(size, generator)
        applies = torch.ones(len(points), dtype=torch.bool)
    elif kind == 'on_parent':
        parent = torch.tensor(PARENTS)[joint]
        moved = points[rows, parent]
        applies = labeled[rows, parent] & (parent != joint)
    else:
        moved = _like_next_pose(points, labeled, size)[rows, joint]
        applies = labeled.roll(1, 0)[rows, joint]
    wrong = points.clone()
    wrong[rows, joint] = torch.where(
        applies[:, None], moved, points[rows, joint]
    )
    return wrong


def _swap_limbs(
    points: Tensor, labeled: Tensor, generator: torch.Generator
) -> Tensor:
    """Exchange a limb with its mirror limb where both are labeled."""
    wrong = points.clone()
    chosen = torch.randint(len(LIMBS), (len(points),), generator=generator)
    for index, limb in enumerate(LIMBS):
        joints = [*limb, *(FLIP[joint] for joint in limb)]
        applies = (chosen == index) & labeled[:, joints].all(1)
        swapped = points[:, [FLIP[joint] for joint in joints]]
        wrong[:, joints] = torch.where(
            applies[:, None, None], swapped, wrong[:, joints]
        )
    return wrong


def _random_step(size: Tensor, generator: torch.Generator) -> Tensor:
    """Displacements (B, 2) by ``JUMP`` sizes in a random direction."""
    angle = 2 * torch.pi * torch.rand(len(size), generator=generator)
    direction = torch.stack((angle.cos(), angle.sin()), 1).to(size)
    return JUMP * size[:, None] * direction


def _like_next_pose(points: Tensor, labeled: Tensor, size: Tensor) -> Tensor:
    """The next pose (B, 17, 2) of the batch, with this center and size."""
    other = points.roll(1, 0)
    offset = other - labeled_center(other, labeled.roll(1, 0))[:, None]
    scale = (size / size.roll(1))[:, None, None]
    return labeled_center(points, labeled)[:, None] + scale * offset


def labeled_center(points: Tensor, labeled: Tensor) -> Tensor:
    """Return the mean of the labeled joints.

    Args:
        points: Poses (B, 17, 2), any unit.
        labeled: (B, 17) bool; at least one joint per pose.

    Returns:
        Points (B, 2) in the same unit.
    """
    total = (points * labeled[..., None]).sum(1)
    return total / labeled.sum(1, keepdim=True)
