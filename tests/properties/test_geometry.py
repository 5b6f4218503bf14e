"""Laws of similarity transforms, for any angle, scale and point."""

import math

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from self_verify_pose.models.augmentations.similarity import (
    SimilarityTransform,
)
from self_verify_pose.models.geometry.coordinates import mirror_points
from self_verify_pose.models.geometry.rotation import (
    rotate_images,
    rotate_points,
    rotation_matrices,
)

SIZE = (192, 256)
CENTER = torch.tensor([95.5, 127.5], dtype=torch.float64)
SPECIAL = (0.0, math.pi, -math.pi, math.pi / 2, 1e-9, -1e-9, 7 * math.pi)
angles = st.one_of(st.sampled_from(SPECIAL), st.floats(-10, 10))
scales = st.one_of(st.just(1.0), st.floats(0.05, 20))
coordinates = st.floats(-1000, 1000)
points = st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=5)
property_of = settings(max_examples=25, deadline=None)


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def transform(angle, scale=1.0):
    return SimilarityTransform(tensor([angle]), tensor([scale]))


def close(found, expected, atol=1e-8):
    torch.testing.assert_close(found, expected, atol=atol, rtol=1e-9)


@property_of
@given(angles, scales, points)
def test_the_inverse_undoes_a_transform(angle, scale, given_points):
    one, given_points = transform(angle, scale), tensor([given_points])
    moved = one.apply_to_points(given_points, SIZE)
    close(one.inverse().apply_to_points(moved, SIZE), given_points)
    close(
        one.apply_to_points(
            one.inverse().apply_to_points(given_points, SIZE), SIZE
        ),
        given_points,
    )


@property_of
@given(angles, angles, scales, scales, points)
def test_two_transforms_are_one(first, second, scale, factor, given_points):
    given_points = tensor([given_points])
    moved = transform(first, scale).apply_to_points(given_points, SIZE)
    moved = transform(second, factor).apply_to_points(moved, SIZE)
    both = transform(first + second, scale * factor)
    close(both.apply_to_points(given_points, SIZE), moved, atol=1e-5)


@property_of
@given(angles, scales, points)
def test_distances_are_scaled_and_the_center_stays(angle, scale, given_points):
    given_points = tensor([[CENTER.tolist(), *given_points]])
    moved = transform(angle, scale).apply_to_points(given_points, SIZE)
    close(moved[0, 0], CENTER)
    close(torch.cdist(moved, moved), scale * torch.cdist(*2 * [given_points]))


@property_of
@given(points)
def test_zero_half_and_whole_turns(given_points):
    given_points = tensor([given_points])
    for angle, expected in (
        (0.0, given_points),
        (math.pi, 2 * CENTER - given_points),
        (-math.pi, 2 * CENTER - given_points),
        (2 * math.pi, given_points),
    ):
        found = rotate_points(given_points, tensor([angle]), SIZE)
        close(found, expected)


@property_of
@given(st.floats(-1e-6, 1e-6), points)
def test_tiny_angles_are_linear(angle, given_points):
    given_points = tensor([given_points])
    x, y = (given_points - CENTER).unbind(-1)
    expected = given_points + angle * torch.stack([-y, x], -1)
    close(rotate_points(given_points, tensor([angle]), SIZE), expected)


@property_of
@given(angles, angles)
def test_matrices_are_rotations(first, second):
    one, two, both = rotation_matrices(tensor([first, second, first + second]))
    close(one @ one.T, torch.eye(2, dtype=torch.float64))
    close(torch.linalg.det(one), tensor(1.0))
    close(two @ one, both)


@property_of
@given(angles, points)
def test_a_mirror_turns_the_other_way(angle, given_points):
    given_points = tensor([given_points])
    order = list(range(given_points.shape[1]))
    turned = rotate_points(given_points, tensor([angle]), SIZE)
    mirrored = mirror_points(given_points, SIZE, order)
    close(
        rotate_points(mirrored, tensor([-angle]), SIZE),
        mirror_points(turned, SIZE, order),
    )


@settings(max_examples=10, deadline=None)
@given(angles)
@example(math.pi)
def test_an_image_turns_as_its_points(angle):
    """A bright spot stands where its center is turned to."""
    spot = tensor([[[30.0, 21.0]]])
    grid = torch.stack(
        torch.meshgrid(torch.arange(48.0), torch.arange(48.0), indexing='xy'),
        -1,
    ).double()
    image = torch.exp(-(grid - spot[0, 0]).square().sum(-1) / 8)[None, None]
    turned = rotate_images(image, tensor([angle]), torch.zeros(1))[0, 0]
    found = (turned[..., None] * grid).sum((0, 1)) / turned.sum()
    expected = rotate_points(spot, tensor([angle]), (48, 48))[0, 0]
    assert found.tolist() == pytest.approx(expected.tolist(), abs=0.05)
