import math

import pytest
import torch

from self_verify_pose.models.augmentations.similarity import (
    SimilarityTransform,
)

SIZE = (192, 256)


def transform_of(angles, scales, dtype=torch.float64):
    return SimilarityTransform(
        torch.tensor(angles, dtype=dtype), torch.tensor(scales, dtype=dtype)
    )


def test_identity_changes_neither_points_nor_images():
    transform = SimilarityTransform.identity(torch.full((2,), 150.0))
    assert transform.angles.dtype == torch.float32
    points = torch.rand(2, 17, 2) * 190
    torch.testing.assert_close(transform.apply_to_points(points, SIZE), points)
    images = torch.rand(2, 3, 64, 48)
    torch.testing.assert_close(
        transform.apply_to_images(images, torch.zeros(3)),
        images,
        atol=1e-4,
        rtol=0,
    )


def test_random_angles_are_uniform_over_their_range():
    torch.manual_seed(0)
    transform = SimilarityTransform.random_rotation(torch.ones(20000), 30.0)
    angles = transform.angles.rad2deg()
    assert angles.abs().max() <= 30.0 + 1e-4
    assert abs(angles.mean().item()) < 0.5
    assert abs(angles.std().item() - 60 / math.sqrt(12)) < 0.3
    assert (transform.scales == 1).all()
    still = SimilarityTransform.random_rotation(torch.ones(3), 0.0)
    assert still.angles.abs().max() == 0


def test_points_scale_about_the_center_and_back():
    generator = torch.Generator().manual_seed(0)
    points = 200 * torch.rand(
        4, 17, 2, generator=generator, dtype=torch.float64
    )
    transform = transform_of([-1.0, -0.3, 0.3, 1.0], [0.5, 1.0, 1.3, 2.0])
    there = transform.apply_to_points(points, SIZE)
    torch.testing.assert_close(
        torch.cdist(there, there),
        torch.cdist(points, points) * transform.scales.view(-1, 1, 1),
    )
    inverse = SimilarityTransform(-transform.angles, 1 / transform.scales)
    torch.testing.assert_close(inverse.apply_to_points(there, SIZE), points)
    center = torch.tensor([95.5, 127.5], dtype=torch.float64).expand(4, 1, 2)
    torch.testing.assert_close(transform.apply_to_points(center, SIZE), center)


def test_a_positive_angle_turns_x_toward_y():
    point = torch.tensor([[[105.5, 127.5]]], dtype=torch.float64)
    moved = transform_of([math.pi / 2], [2.0]).apply_to_points(point, SIZE)
    expected = torch.tensor([[[95.5, 147.5]]], dtype=torch.float64)
    torch.testing.assert_close(moved, expected)


def test_gradient_of_transformed_points():
    points = torch.rand(2, 3, 2, dtype=torch.float64) * 100
    transform = transform_of([0.3, -0.2], [0.8, 1.3])
    assert torch.autograd.gradcheck(
        lambda p: transform.apply_to_points(p, SIZE),
        points.requires_grad_(),
    )


@pytest.mark.parametrize(('angle', 'scale'), [(0.4, 1.0), (-0.7, 1.3)])
def test_images_move_as_points_do(angle, scale):
    transform = transform_of([angle], [scale], torch.float32)
    mark = torch.tensor([[[70.0, 150.0]]])
    rows, columns = torch.meshgrid(
        torch.arange(256.0), torch.arange(192.0), indexing='ij'
    )
    square = (columns - mark[0, 0, 0]) ** 2 + (rows - mark[0, 0, 1]) ** 2
    blob = (-square / 8).exp().expand(1, 3, -1, -1)
    moved = transform.apply_to_images(blob, torch.zeros(3))[0, 0]
    row, column = divmod(int(moved.argmax()), 192)
    expected = transform.apply_to_points(mark, SIZE)[0, 0]
    assert (expected - torch.tensor([column, row])).abs().max() < 1


def test_the_inverse_leads_back():
    transform = SimilarityTransform(
        torch.tensor([0.4, -1.2]), torch.tensor([0.8, 1.3])
    )
    points = torch.rand(2, 17, 2) * 200
    there = transform.apply_to_points(points, (192, 256))
    back = transform.inverse().apply_to_points(there, (192, 256))
    torch.testing.assert_close(back, points, atol=1e-3, rtol=0)
