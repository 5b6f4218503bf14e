import math

import torch

from self_verify_pose.models.augmentations.similarity import random_angles
from self_verify_pose.models.geometry.rotation import rotate_points
from self_verify_pose.models.losses.rotation_consistency import (
    rotation_inconsistency,
)

INPUT_SIZE = (192, 256)


def upright():
    generator = torch.Generator().manual_seed(3)
    unit = torch.rand(4, 17, 2, generator=generator, dtype=torch.float64)
    return 60 + unit * 70


def test_a_prediction_that_turns_with_the_image_is_consistent():
    angles = torch.tensor([0.0, 0.5, -0.3, 3.0], dtype=torch.float64)
    rotated = rotate_points(upright(), angles, INPUT_SIZE)
    size = torch.full((4,), 200.0, dtype=torch.float64)
    distance, mask = rotation_inconsistency(
        upright(), rotated, angles, size, INPUT_SIZE
    )
    assert distance.max() < 1e-12
    assert mask.all()


def test_distance_is_in_units_of_person_size():
    zero = torch.zeros(4, dtype=torch.float64)
    size = torch.tensor([50.0, 100.0, 200.0, 400.0], dtype=torch.float64)
    moved = upright() + torch.tensor([3.0, 4.0], dtype=torch.float64)
    distance, _ = rotation_inconsistency(
        upright(), moved, zero, size, INPUT_SIZE
    )
    torch.testing.assert_close(distance, (5 / size)[:, None].expand(4, 17))


def test_joints_that_leave_the_crop_do_not_count():
    points = torch.tensor([[[5.0, 5.0], [95.0, 120.0]]])
    _, mask = rotation_inconsistency(
        points, points, torch.tensor([0.5]), torch.tensor([200.0]), INPUT_SIZE
    )
    assert mask.tolist() == [[False, True]]


def test_gradient_reaches_the_rotated_prediction():
    points = upright()[:1, :3].requires_grad_()
    turned = (upright()[:1, :3] + 5).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda u, r: rotation_inconsistency(
            u,
            r,
            torch.tensor([0.2], dtype=torch.float64),
            torch.tensor([150.0], dtype=torch.float64),
            INPUT_SIZE,
        )[0],
        (points, turned),
    )


def test_gradient_is_finite_where_the_prediction_is_exact():
    points = upright().requires_grad_()
    distance, _ = rotation_inconsistency(
        upright(),
        points,
        torch.zeros(4, dtype=torch.float64),
        torch.ones(4, dtype=torch.float64),
        INPUT_SIZE,
    )
    distance.sum().backward()
    assert points.grad.isfinite().all()


def test_angles_fill_their_range_evenly():
    angles = random_angles(20000, 30.0, torch.zeros(1)).rad2deg()
    assert angles.abs().max() <= 30.0 + 1e-4
    assert abs(angles.mean().item()) < 0.5
    assert abs(angles.std().item() - 60 / math.sqrt(12)) < 0.3
    assert random_angles(3, 0.0, torch.zeros(1)).abs().max() == 0
