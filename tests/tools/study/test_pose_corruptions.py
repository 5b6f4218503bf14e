from __future__ import annotations

import pytest
import torch

from self_verify_pose.skeleton import FLIP
from self_verify_pose.tools.study.pose_corruptions import (
    JUMP,
    KINDS,
    PARENTS,
    corrupt_poses,
)


def _batch():
    generator = torch.Generator().manual_seed(6)
    points = 100 * torch.rand(40, 17, 2, generator=generator)
    return (
        points,
        torch.ones(40, 17, dtype=torch.bool),
        torch.full((40,), 100.0),
    )


def _corrupt(kind: str):
    points, labeled, size = _batch()
    generator = torch.Generator().manual_seed(7)
    return points, corrupt_poses(points, labeled, size, kind, generator)


@pytest.mark.parametrize(
    'kind', [kind for kind in KINDS if kind != 'limb_swap']
)
def test_at_most_one_joint_moves(kind):
    points, wrong = _corrupt(kind)
    moved = (points != wrong).any(-1)
    assert (moved.sum(1) <= 1).all()
    assert moved.any(1).float().mean() > 0.7


def test_jumps_have_their_length():
    points, wrong = _corrupt('jump')
    distance = (points - wrong).norm(dim=-1).amax(1)
    torch.testing.assert_close(distance, torch.full((40,), 100 * JUMP))


def test_collapsed_joints_lie_on_their_parent():
    points, wrong = _corrupt('on_parent')
    moved = (points != wrong).any(-1).nonzero().tolist()
    assert moved
    for pose, joint in moved:
        torch.testing.assert_close(
            wrong[pose, joint], points[pose, PARENTS[joint]]
        )


def test_swapped_limbs_are_the_mirror_limb():
    points, wrong = _corrupt('limb_swap')
    moved = (points != wrong).any(-1)
    assert (moved.sum(1) == 4).all()
    expected = torch.where(moved[..., None], points[:, FLIP], points)
    torch.testing.assert_close(wrong, expected)


def test_unlabeled_joints_never_move():
    points, labeled, size = _batch()
    labeled[:, 5:] = False
    for kind in KINDS:
        generator = torch.Generator().manual_seed(8)
        wrong = corrupt_poses(points, labeled, size, kind, generator)
        assert (wrong[:, 5:] == points[:, 5:]).all()


def test_unknown_kind_is_named():
    points, labeled, size = _batch()
    with pytest.raises(ValueError, match="'melt'"):
        corrupt_poses(points, labeled, size, 'melt', torch.Generator())
