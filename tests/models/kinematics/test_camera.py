import math

import pytest
import torch

from self_verify_pose.models.kinematics.camera import default_size, rotate_yaw


def test_size_is_the_longer_side_of_the_joints_with_weight():
    points = torch.tensor([[[0.0, 0.0], [3.0, 4.0], [90.0, 90.0]]])
    assert default_size(points, torch.tensor([[1.0, 0.5, 0.0]])).item() == 4
    assert default_size(points, torch.zeros(1, 3)).item() == 0


def test_positive_yaw_turns_z_toward_x():
    point = torch.tensor([0.0, 5.0, 1.0])
    quarter = rotate_yaw(point, math.pi / 2)
    assert quarter.tolist() == pytest.approx([1.0, 5.0, 0.0], abs=1e-6)


def test_opposite_yaws_are_inverse():
    points = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    back = rotate_yaw(rotate_yaw(points, 0.7), -0.7)
    torch.testing.assert_close(back, points)
