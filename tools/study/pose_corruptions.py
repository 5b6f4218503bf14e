"""Synthetic errors of the kinds that pose networks make, on 2-D poses."""

from collections.abc import Callable

import torch
from torch import Tensor

from self_verify_pose.skeleton import FLIP

PARENTS = (0, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14)
# Left limbs below the shoulder and the hip.
LIMBS = ((7, 9), (13, 15))
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
    if kind not in _MOVES:
        raise ValueError(f'expected kind in {KINDS}, found {kind!r}')
    rows = torch.arange(len(points))
    joint = torch.multinomial(labeled.float(), 1, generator=generator)[:, 0]
    moved, applies = _MOVES[kind](points, labeled, size, joint, generator)
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


def _jump(
    points: Tensor,
    labeled: Tensor,
    size: Tensor,
    joint: Tensor,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    count = len(points)
    angle = 2 * torch.pi * torch.rand(count, generator=generator)
    direction = torch.stack((angle.cos(), angle.sin()), 1).to(points)
    moved = points[torch.arange(count), joint] + (
        JUMP * size[:, None] * direction
    )
    return moved, torch.ones(count, dtype=torch.bool)


def _to_parent(
    points: Tensor,
    labeled: Tensor,
    size: Tensor,
    joint: Tensor,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    rows = torch.arange(len(points))
    parent = torch.tensor(PARENTS)[joint]
    return points[rows, parent], labeled[rows, parent] & (parent != joint)


def _to_other_person(
    points: Tensor,
    labeled: Tensor,
    size: Tensor,
    joint: Tensor,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    rows = torch.arange(len(points))
    other, other_labeled = points.roll(1, 0), labeled.roll(1, 0)
    scale = (size / size.roll(1))[:, None]
    offset = other[rows, joint] - _center(other, other_labeled)
    moved = _center(points, labeled) + scale * offset
    return moved, other_labeled[rows, joint]


def _center(points: Tensor, labeled: Tensor) -> Tensor:
    """Mean (B, 2) of the labeled joints."""
    total = (points * labeled[..., None]).sum(1)
    return total / labeled.sum(1, keepdim=True)


# New position (B, 2) of the sampled joint, and whether the kind applies (B,).
_Move = Callable[
    [Tensor, Tensor, Tensor, Tensor, torch.Generator], tuple[Tensor, Tensor]
]
_MOVES: dict[str, _Move] = {
    'jump': _jump,
    'on_parent': _to_parent,
    'other_person': _to_other_person,
}
KINDS = ('jump', 'limb_swap', 'on_parent', 'other_person')
