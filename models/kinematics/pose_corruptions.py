"""Synthetic errors of the kinds that pose networks make."""

from __future__ import annotations

import torch
from torch import Tensor

from ...skeleton import FLIP

KINDS = ('jump', 'limb_swap', 'on_parent', 'other_person')
PARENTS = (0, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14)
LIMBS = ((7, 9), (13, 15))
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
        points: Poses (B, 17, 2).
        labeled: (B, 17) bool; at least one joint per pose.
        size: Person sizes (B,).
        kind: One of ``KINDS``: a displacement by 0.2 sizes in a random
            direction, a limb exchanged with its mirror limb, a joint on its
            parent, the same joint of the next pose about the pose's center.
        generator: Source of randomness.

    Returns:
        Corrupted copies (B, 17, 2); a pose stays as it was where the kind
        does not apply to the drawn joint.

    Raises:
        ValueError: Unknown ``kind``.
    """
    count, rows = len(points), torch.arange(len(points))
    if kind == 'limb_swap':
        wrong = points.clone()
        which = torch.randint(len(LIMBS), (count,), generator=generator)
        for k, limb in enumerate(LIMBS):
            joints = [*limb, *(FLIP[joint] for joint in limb)]
            use = (which == k) & labeled[:, joints].all(1)
            swapped = points[:, [FLIP[joint] for joint in joints]]
            wrong[:, joints] = torch.where(
                use[:, None, None], swapped, wrong[:, joints]
            )
        return wrong
    joint = torch.multinomial(labeled.float(), 1, generator=generator)[:, 0]
    here = points[rows, joint]
    if kind == 'jump':
        angle = 2 * torch.pi * torch.rand(count, generator=generator)
        way = torch.stack((angle.cos(), angle.sin()), 1).to(points)
        new, use = here + JUMP * size[:, None] * way, rows >= 0
    elif kind == 'on_parent':
        parent = torch.tensor(PARENTS)[joint]
        new = points[rows, parent]
        use = labeled[rows, parent] & (parent != joint)
    elif kind == 'other_person':
        other, seen = points.roll(1, 0), labeled.roll(1, 0)
        scale = (size / size.roll(1))[:, None]
        center = _center(points, labeled)
        new = center + scale * (other[rows, joint] - _center(other, seen))
        use = seen[rows, joint]
    else:
        raise ValueError(f'expected kind in {KINDS}, found {kind!r}')
    wrong = points.clone()
    wrong[rows, joint] = torch.where(use[:, None], new, here)
    return wrong


def _center(points: Tensor, labeled: Tensor) -> Tensor:
    """Mean (B, 2) of the labeled joints."""
    total = (points * labeled[..., None]).sum(1)
    return total / labeled.sum(1, keepdim=True)
