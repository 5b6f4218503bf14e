import pytest
import torch

from self_verify_pose.models.geometry.coordinates import (
    crop_center,
    inside_crop,
    mirror_points,
    sample_features,
)

INPUT_SIZE = (192, 256)


def test_center_is_between_the_two_middle_pixels():
    center = crop_center(torch.zeros(1, dtype=torch.float64), INPUT_SIZE)
    assert center.tolist() == [95.5, 127.5]
    assert center.dtype == torch.float64


def test_border_pixels_are_inside():
    points = torch.tensor(
        [[0.0, 0.0], [191.0, 255.0], [-0.1, 5.0], [5.0, 255.1], [192.0, 0.0]]
    )
    inside = inside_crop(points, INPUT_SIZE).tolist()
    assert inside == [True, True, False, False, False]


def test_not_a_number_is_outside():
    assert not inside_crop(torch.tensor([float('nan'), 3.0]), INPUT_SIZE)


def test_sampling_at_the_middle_of_a_cell_returns_the_cell():
    features = torch.randn(2, 5, 8, 6)
    stride = 32
    rows, columns = torch.tensor([0, 3, 7]), torch.tensor([5, 2, 0])
    points = torch.stack([columns, rows], -1) * stride + (stride - 1) / 2
    sampled = sample_features(features, points.expand(2, -1, -1), INPUT_SIZE)
    expected = features[:, :, rows, columns].transpose(1, 2)
    torch.testing.assert_close(sampled, expected)


def test_sampling_a_ramp_is_linear_and_clamped_at_the_border():
    ramp = torch.arange(6.0).expand(1, 1, 8, 6)
    x = torch.tensor([47.5, 63.5, 95.5, -50.0, 400.0])
    points = torch.stack([x, torch.full_like(x, 100.0)], -1)[None]
    sampled = sample_features(ramp, points, INPUT_SIZE)[0, :, 0]
    torch.testing.assert_close(
        sampled, torch.tensor([1.0, 1.5, 2.5, 0.0, 5.0])
    )


def test_sampling_is_differentiable():
    features = torch.randn(1, 2, 4, 3, dtype=torch.float64)
    points = torch.rand(1, 3, 2, dtype=torch.float64) * 40 + 20.3
    assert torch.autograd.gradcheck(
        lambda f, p: sample_features(f, p, (96, 128)),
        (features.requires_grad_(), points.requires_grad_()),
    )


@pytest.mark.parametrize('shape', [(8, 6), (32, 24), (1, 1)])
@pytest.mark.parametrize(
    'layout', [torch.contiguous_format, torch.channels_last]
)
def test_sampling_agrees_with_grid_sample(shape, layout):
    features = torch.randn(2, 5, *shape).to(memory_format=layout)
    points = torch.rand(2, 17, 2) * 320 - 32
    grid = (2 * points + 1) / torch.tensor(INPUT_SIZE) - 1
    expected = torch.nn.functional.grid_sample(
        features,
        grid.unsqueeze(2),
        padding_mode='border',
        align_corners=False,
    )
    torch.testing.assert_close(
        sample_features(features, points, INPUT_SIZE),
        expected.squeeze(-1).transpose(1, 2),
        atol=1e-5,
        rtol=0,
    )


def test_half_precision_is_sampled_in_single():
    features = torch.randn(1, 4, 8, 6).bfloat16()
    points = torch.rand(1, 17, 2) * 150
    with torch.autocast('cpu', torch.bfloat16):
        found = sample_features(features, points, INPUT_SIZE)
    expected = sample_features(features.float(), points, INPUT_SIZE)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


def test_mirrored_points_change_sides_and_names():
    points = torch.tensor([[[10.0, 5.0], [20.0, 6.0], [30.0, 7.0]]])
    mirrored = mirror_points(points, INPUT_SIZE, [0, 2, 1])
    expected = [[[181.0, 5.0], [161.0, 7.0], [171.0, 6.0]]]
    assert mirrored.tolist() == expected
    assert torch.equal(mirror_points(mirrored, INPUT_SIZE, [0, 2, 1]), points)
