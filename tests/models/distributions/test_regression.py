import math

import numpy as np
import pytest
import torch
from mmpose.models.heads import RLEHead
from mmpose.models.utils.tta import flip_coordinates

from self_verify_pose.models.distributions import read_head
from self_verify_pose.models.distributions.regression import RegressionReader
from self_verify_pose.skeleton import FLIP

INPUT_SIZE = (192, 256)
SIZES = torch.tensor([200.0, 120.0])
CODEC = {'type': 'RegressionLabel', 'input_size': INPUT_SIZE}


def make_head():
    return RLEHead(8, 17, decoder=CODEC)


def make_output(dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    output = torch.rand(2, 17, 4, generator=generator, dtype=dtype)
    output[..., 2:] = output[..., 2:] * 4 - 6  # scales of 0.2 to 12 %
    return output


def make_distribution():
    return read_head(make_head()).read(make_output(), SIZES)


def test_reader_is_that_of_regression():
    reader = read_head(make_head())
    assert isinstance(reader, RegressionReader)
    assert reader.input_size == INPUT_SIZE


def test_hard_decode_and_scores_are_those_of_the_codec():
    distribution = make_distribution()
    found = make_head().decode(distribution.output)
    points = np.concatenate([one.keypoints for one in found])
    scores = np.concatenate([one.keypoint_scores for one in found])
    np.testing.assert_allclose(distribution.hard_decode(), points, rtol=1e-6)
    np.testing.assert_array_equal(distribution.raw_scores(), scores)


@pytest.mark.parametrize('shift', [False, True])
def test_flip_test_is_the_one_of_mmpose_bit_for_bit(shift):
    reader, one = read_head(make_head()), make_output()
    other = one.roll(1, 0)
    flipped = flip_coordinates(other.clone(), FLIP, shift, INPUT_SIZE)
    expected = one.clone()
    for values in (expected, flipped):
        values[..., 2:] = values[..., 2:].sigmoid()
    expected = ((expected + flipped) * 0.5)[:, None]
    read, other = reader.read(one, SIZES), reader.read(other, SIZES)
    found = read.averaged(other.mirrored(FLIP, {'shift_coords': shift}))
    assert torch.equal(found.output, expected)


def test_soft_decode_has_the_gradient_of_finite_differences():
    reader = read_head(make_head())
    output = make_output(torch.float64)[:1, :3].requires_grad_()
    assert torch.autograd.gradcheck(
        lambda o: reader.read(o, SIZES[:1].double()).soft_decode(), output
    )


def test_mass_equals_a_sum_over_a_fine_grid():
    distribution = make_distribution()
    points = distribution.hard_decode() + torch.tensor([3.0, -5.0])
    found = distribution.mass_within(points, 0.05)
    grid = (np.arange(4000) + 0.5) / 4000 * 2 - 1
    for b, k in ((0, 0), (0, 8), (1, 3)):
        radius = 0.05 * SIZES[b].item()
        x, y = np.meshgrid(grid * radius, grid * radius)
        inside = np.hypot(x, y) <= radius
        scale = distribution.scale[b, k].numpy() * INPUT_SIZE
        density = np.exp(
            -np.abs(x + 3.0) / scale[0] - np.abs(y - 5.0) / scale[1]
        ) / (4 * scale[0] * scale[1])
        expected = (density * inside).sum() * (2 * radius / 4000) ** 2
        assert found[b, k].item() == pytest.approx(expected, abs=3e-3)


def test_mass_of_a_point_is_all_or_nothing():
    output = make_output()
    output[..., 2:] = -80
    exact = read_head(make_head()).read(output, SIZES)
    points = exact.hard_decode()
    torch.testing.assert_close(
        exact.mass_within(points, 0.05), torch.ones(2, 17)
    )
    far = exact.mass_within(points + 30, 0.05)
    torch.testing.assert_close(far, torch.zeros(2, 17))
    assert exact.statistics().isfinite().all()


def test_peak_within_falls_with_the_distance():
    distribution = make_distribution()
    points = distribution.hard_decode()
    raw = distribution.raw_scores()
    torch.testing.assert_close(distribution.peak_within(points, 0.05), raw)
    away = torch.tensor([25.0, 0.0])
    scale = distribution.scale[..., 0] * INPUT_SIZE[0]
    beyond = (25.0 - 0.05 * SIZES[:, None]).clamp_min(0)
    torch.testing.assert_close(
        distribution.peak_within(points + away, 0.05),
        raw * torch.exp(-beyond / scale),
    )


def test_entropy_is_that_of_two_laplace_distributions():
    distribution = make_distribution()
    scale = distribution.scale[1, 4].numpy() * INPUT_SIZE
    expected = np.log(2 * math.e * scale).sum() / math.log(192 * 256)
    assert distribution.entropy()[1, 4].item() == pytest.approx(expected)
    assert distribution.second_mode().abs().max() == 0


def test_statistics_have_the_columns_of_their_names():
    distribution = make_distribution()
    found = distribution.statistics()
    assert found.shape == (2, 17, len(distribution.statistic_names))
    torch.testing.assert_close(found[..., 0], distribution.raw_scores())
    expected = distribution.expected_correctness()
    torch.testing.assert_close(
        found[..., 3].sigmoid(), expected, atol=2e-4, rtol=0
    )


def test_targets_are_the_true_positions():
    labels = make_output()[..., :2]
    read = read_head(make_head()).read_targets(
        {'keypoint_labels': labels}, SIZES
    )
    torch.testing.assert_close(
        read.hard_decode(), labels * torch.tensor(INPUT_SIZE)
    )


def test_half_precision_output_gives_float_positions():
    reader = read_head(make_head())
    half = reader.read(make_output().bfloat16(), SIZES)
    assert half.soft_decode().dtype == torch.float32
    assert half.statistics().dtype == torch.float32


@pytest.mark.parametrize(
    'codec', [None, {'type': 'MSRAHeatmap', 'sigma': 2,
                     'input_size': (192, 256), 'heatmap_size': (48, 64)}]
)  # fmt: skip
def test_a_head_without_its_codec_is_refused(codec):
    with pytest.raises(ValueError, match=r'model\.head: expected .*RLEHead'):
        read_head(RLEHead(8, 17, decoder=codec))


def test_the_free_score_is_the_expected_correctness():
    distribution = make_distribution()
    free = distribution.free_score()
    assert torch.equal(free, distribution.expected_correctness())
    assert free.std() > 0
