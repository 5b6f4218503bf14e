import math

import cv2
import numpy as np
import pytest
import torch

from self_verify_pose.models.geometry.rotation import (
    rotate_images,
    rotate_points,
    rotation_matrices,
)

INPUT_SIZE = (192, 256)
ANGLES = torch.tensor([0.0, 30.0, -75.0, 90.0, 180.0, 1e-4]).deg2rad()


def points(batch=6, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    unit = torch.rand(batch, 9, 2, generator=generator, dtype=dtype)
    return unit * torch.tensor(INPUT_SIZE, dtype=dtype)


def test_a_positive_angle_turns_x_towards_y():
    matrix = rotation_matrices(torch.tensor([math.pi / 2]))[0]
    torch.testing.assert_close(
        matrix @ torch.tensor([1.0, 0.0]),
        torch.tensor([0.0, 1.0]),
        atol=1e-6,
        rtol=0,
    )


def test_points_agree_with_complex_multiplication():
    turned = rotate_points(points(), ANGLES.double(), INPUT_SIZE)
    center = complex(95.5, 127.5)
    for sample, angle, row in zip(
        points(), ANGLES.double(), turned, strict=True
    ):
        for (x, y), result in zip(sample.tolist(), row.tolist(), strict=True):
            factor = complex(math.cos(angle), math.sin(angle))
            expected = (complex(x, y) - center) * factor + center
            assert complex(*result) == pytest.approx(expected, abs=1e-9)


def test_a_rotation_keeps_lengths_unlike_a_shear():
    turned = rotate_points(points(), ANGLES.double(), INPUT_SIZE)
    torch.testing.assert_close(
        torch.cdist(turned, turned), torch.cdist(points(), points())
    )


def test_rotations_compose_and_invert():
    one = rotate_points(points(), ANGLES.double(), INPUT_SIZE)
    back = rotate_points(one, -ANGLES.double(), INPUT_SIZE)
    torch.testing.assert_close(back, points())
    twice = rotate_points(one, ANGLES.double(), INPUT_SIZE)
    torch.testing.assert_close(
        twice, rotate_points(points(), 2 * ANGLES.double(), INPUT_SIZE)
    )


def test_half_a_turn_flips_both_axes_of_an_image_exactly():
    image = torch.randn(1, 3, 16, 12, dtype=torch.float64)
    turned = rotate_images(
        image, torch.tensor([math.pi], dtype=torch.float64), torch.zeros(3)
    )
    torch.testing.assert_close(turned, image.flip(-1, -2))


@pytest.mark.parametrize('degrees', [30.0, -75.0, 120.0])
def test_images_agree_with_opencv(degrees):
    width, height = INPUT_SIZE
    noise = np.random.default_rng(0).random((height, width, 3))
    image = cv2.GaussianBlur(noise.astype(np.float32), (0, 0), 3)
    center = ((width - 1) / 2, (height - 1) / 2)
    # opencv's positive angle turns y toward x
    matrix = cv2.getRotationMatrix2D(center, -degrees, 1)
    expected = cv2.warpAffine(image, matrix, INPUT_SIZE)
    turned = rotate_images(
        torch.from_numpy(image).permute(2, 0, 1)[None],
        torch.tensor([degrees]).deg2rad(),
        torch.zeros(3),
    )
    difference = turned[0].permute(1, 2, 0).numpy() - expected
    # opencv rounds coordinates to 1/32 pixel; the border pixels blend
    assert np.quantile(np.abs(difference), 0.98) < 0.01


def test_a_mark_moves_to_where_its_point_moves():
    width, height = INPUT_SIZE
    angles = torch.tensor([25.0, -60.0]).deg2rad()
    marks = torch.tensor([[[60.0, 100.0]], [[120.0, 90.0]]])
    ys, xs = torch.meshgrid(
        torch.arange(height), torch.arange(width), indexing='ij'
    )
    grid = torch.stack([xs, ys], -1).float()
    blobs = (-(grid - marks[:, :, None]).square().sum(-1) / 18).exp()
    turned = rotate_images(blobs[:, None], angles, torch.zeros(1))[:, 0]
    found = (turned[..., None] * grid).sum((1, 2)) / turned.sum((1, 2))[
        :, None
    ]
    expected = rotate_points(marks, angles, INPUT_SIZE)[:, 0]
    torch.testing.assert_close(found, expected, atol=0.02, rtol=0)


def test_corners_take_the_fill_color():
    fill = torch.tensor([-2.1, -2.0, -1.8])
    image = torch.randn(1, 3, 64, 48)
    turned = rotate_images(image, torch.tensor([math.pi / 4]), fill)
    torch.testing.assert_close(turned[0, :, 0, 0], fill)


def test_gradients_of_points_and_images():
    angles = torch.tensor([0.3], dtype=torch.float64, requires_grad=True)
    sample = points(1).requires_grad_()
    image = torch.randn(1, 2, 6, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda p, a: rotate_points(p, a, INPUT_SIZE), (sample, angles)
    )
    assert torch.autograd.gradcheck(
        lambda i: rotate_images(i, angles.detach(), torch.zeros(2)), (image,)
    )
