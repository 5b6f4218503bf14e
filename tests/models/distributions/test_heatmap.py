import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from mmpose.models.heads import HeatmapHead
from mmpose.models.utils.tta import flip_heatmaps

from self_verify_pose.models.distributions import read_head
from self_verify_pose.models.distributions.heatmap import HeatmapReader
from self_verify_pose.models.distributions.mass import MASS_RADII
from self_verify_pose.skeleton import FLIP

INPUT_SIZE, HEATMAP_SIZE = (192, 256), (48, 64)
CODECS = {
    'msra': {'type': 'MSRAHeatmap', 'sigma': 2},
    'dark': {'type': 'MSRAHeatmap', 'sigma': 2, 'unbiased': True},
    'udp': {'type': 'UDPHeatmap', 'sigma': 2},
    'udp_combined': {'type': 'UDPHeatmap', 'heatmap_type': 'combined'},
    'megvii': {'type': 'MegviiHeatmap', 'kernel_size': 11},
}
SIZES = torch.tensor([200.0, 120.0])
all_codecs = pytest.mark.parametrize('codec', CODECS)


def make_head(codec):
    sizes = {'input_size': INPUT_SIZE, 'heatmap_size': HEATMAP_SIZE}
    maps = 51 if codec == 'udp_combined' else 17
    return HeatmapHead(8, maps, decoder={**CODECS[codec], **sizes})


def make_example(codec, noise=0.0):
    """Heatmaps of two persons as the head is trained to give them."""
    head = make_head(codec)
    generator = np.random.default_rng(0)
    points = generator.uniform(12, 180, (2, 1, 17, 2)).astype(np.float32)
    maps = np.stack(
        [
            head.decoder.encode(p, np.ones((1, 17), np.float32))['heatmaps']
            for p in points
        ]
    )
    maps = maps + noise * maps.max() * generator.normal(size=maps.shape)
    distribution = read_head(head).read(torch.tensor(maps).float(), SIZES)
    return head, distribution, torch.tensor(points[:, 0])


@all_codecs
@pytest.mark.parametrize('noise', [0.001, 0.02])
def test_hard_decode_and_scores_are_those_of_the_codec(codec, noise):
    head, distribution, _ = make_example(codec, noise)
    found = head.decode(distribution.output.clone())
    points = np.concatenate([one.keypoints for one in found])
    scores = np.concatenate([one.keypoint_scores for one in found])
    difference = np.abs(distribution.hard_decode().numpy() - points)
    # the sign of two equal neighbors depends on rounding
    assert np.quantile(difference, 0.98) < 1e-3
    assert difference.max() <= 2.0
    np.testing.assert_allclose(distribution.raw_scores(), scores, rtol=1e-5)


@pytest.mark.parametrize('codec', ['msra', 'dark', 'megvii'])
def test_empty_maps_are_decoded_as_the_codec_does(codec):
    head, distribution, _ = make_example(codec)
    empty = replace(distribution, maps=torch.zeros_like(distribution.maps))
    expected = head.decode(empty.output.clone())[0].keypoints[0]
    if codec == 'megvii':  # it divides by the largest value, which is zero
        expected = np.full((17, 2), -4.0)
    np.testing.assert_allclose(empty.hard_decode()[0], expected)
    for scores in empty.scores().values():
        assert scores.isfinite().all()
    assert empty.statistics().isfinite().all()
    assert empty.expected_correctness().max() == 0
    assert empty.soft_decode().isfinite().all()


@all_codecs
def test_both_decodings_find_the_true_positions(codec):
    _, distribution, points = make_example(codec)
    # targets of msra and megvii are centered on cells of four pixels
    for decoded in (distribution.hard_decode(), distribution.soft_decode()):
        assert (decoded - points).abs().max() < 3.5
        assert (decoded - points).abs().mean() < 1.5


@all_codecs
def test_soft_decode_has_the_gradient_of_finite_differences(codec):
    head = make_head(codec)
    generator = torch.Generator().manual_seed(0)
    maps = torch.rand(
        1, 51 if codec == 'udp_combined' else 17, 6, 5,
        generator=generator, dtype=torch.float64,
    )  # fmt: skip
    maps = (maps - 0.3).requires_grad_()
    reader = read_head(head)
    size = torch.tensor([100.0], dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda m: reader.read(m, size).soft_decode()[:, :2], maps
    )


@all_codecs
@pytest.mark.parametrize('shift', [False, True])
def test_flip_test_is_the_one_of_mmpose_bit_for_bit(codec, shift):
    _, one, _ = make_example(codec, 0.1)
    other = replace(one, maps=one.maps.roll(3, -1))
    mode = 'udp_combined' if codec == 'udp_combined' else 'heatmap'
    options = {'shift_heatmap': shift}
    expected = flip_heatmaps(other.maps.clone(), FLIP, mode, shift)
    expected = (one.maps + expected) * 0.5
    found = one.averaged(other.mirrored(FLIP, options))
    assert torch.equal(found.output, expected)


@all_codecs
def test_expected_correctness_equals_sums_over_the_cells(codec):
    _, distribution, _ = make_example(codec, 0.05)
    encoding = distribution.encoding
    found = distribution.expected_correctness()
    centers = distribution.hard_decode()
    maps = distribution.maps
    if codec == 'udp_combined':
        maps = maps[:, ::3]
    for b, k in ((0, 0), (0, 9), (1, 16)):
        radius = 0.05 * SIZES[b].item() / encoding.stride[0]
        mass = 0.0
        for j in range(64):
            for i in range(48):
                x, y = (
                    (c + encoding.shift) * s - p
                    for c, s, p in zip(
                        (i, j), encoding.stride, centers[b, k].tolist(),
                        strict=True,
                    )
                )  # fmt: skip
                distance = math.hypot(x, y) / encoding.stride[0]
                share = min(max(radius + 0.5 - distance, 0), 1)
                mass += share * max(maps[b, k, j, i].item(), 0)
        whole = encoding.kernel_mass[round(10 * radius)] * encoding.unit
        expected = min(mass / whole, 1)
        assert found[b, k].item() == pytest.approx(expected, abs=1e-4)


@all_codecs
def test_mass_of_a_target_is_one_at_its_center_and_zero_far_away(codec):
    _, distribution, points = make_example(codec)
    for radius in (0.03, 0.05, 0.2):
        assert (distribution.mass_within(points, radius) > 0.75).all()
    far = points + torch.tensor([100.0, 100.0])
    assert (distribution.mass_within(far, 0.05) < 1e-3).all()


@all_codecs
def test_peak_within_is_the_score_near_and_less_elsewhere(codec):
    _, distribution, points = make_example(codec)
    unit = distribution.encoding.unit
    near = distribution.peak_within(points, 0.05) / unit
    assert (near > 0.9).all()
    for distance in (100, 1000):  # the second is outside the crop
        far = distribution.peak_within(points + distance, 0.05) / unit
        assert (far < 0.01).all()
        assert (far >= 0).all()


def test_second_mode_and_entropy_tell_two_peaks_from_one():
    _, one, _ = make_example('dark')
    other = replace(one, maps=one.maps.roll(24, -1))
    both = replace(one, maps=one.maps + 0.5 * other.maps)
    assert (one.second_mode() < 0.5).all()
    torch.testing.assert_close(
        both.second_mode(), torch.full((2, 17), 0.5), atol=0.05, rtol=0
    )
    assert (both.entropy() > one.entropy()).all()
    flat = replace(one, maps=torch.ones_like(one.maps))
    torch.testing.assert_close(flat.entropy(), torch.ones(2, 17))


@all_codecs
def test_statistics_are_those_of_their_names(codec):
    _, distribution, _ = make_example(codec, 0.02)
    found = distribution.statistics()
    names = distribution.statistic_names
    assert found.shape == (2, 17, len(names))
    column = dict(zip(names, found.unbind(-1), strict=True))
    torch.testing.assert_close(column['entropy'], distribution.entropy())
    maps = distribution.maps
    if codec == 'udp_combined':
        maps = maps[:, ::3]
    maps = maps.clamp_min(0) / distribution.encoding.unit
    torch.testing.assert_close(column['log_peak'].exp(), maps.amax((-2, -1)))
    total = maps.sum((-2, -1))
    modes = distribution._modes
    for radius in MASS_RADII[2:]:
        for b in range(2):
            reach = radius * SIZES[b].item() / distribution.encoding.stride[0]
            x, y = modes[b, 5].tolist()
            window = sum(
                maps[b, 5, j, i].item()
                for j in range(64)
                for i in range(48)
                if abs(i - x) <= reach and abs(j - y) <= reach
            )
            share = torch.tensor(window / total[b, 5].item())
            expected = share.clamp(1e-4, 1 - 1e-4).logit()
            assert column[f'mass_{radius}'][b, 5].item() == pytest.approx(
                expected.item(), abs=0.02
            )


@all_codecs
@pytest.mark.parametrize('sizes', [(200.0, 120.0), (333.0, 51.2)])
def test_statistics_equal_sums_over_the_cells(codec, sizes):
    _, distribution, _ = make_example(codec, 0.05)
    sizes = torch.tensor(sizes)
    distribution = replace(distribution, sizes=sizes)
    found = distribution.statistics().double()
    column = dict(
        zip(distribution.statistic_names, found.unbind(-1), strict=True)
    )
    raw = distribution.maps[:, :: 3 if codec == 'udp_combined' else 1]
    maps = raw.double().clamp_min(0) / distribution.encoding.unit
    share = maps / maps.sum((-2, -1), keepdim=True)
    entropy = torch.distributions.Categorical(share.flatten(2)).entropy()
    rows, columns = torch.meshgrid(
        torch.arange(64.0), torch.arange(48.0), indexing='ij'
    )
    decoded = distribution._decoded_maps.double()
    x, y = distribution._modes[..., None, None].unbind(2)
    stride = torch.tensor(distribution.encoding.stride)
    distance = torch.hypot((columns - x) * stride[0], (rows - y) * stride[1])
    far = distance > 0.1 * sizes.view(-1, 1, 1, 1) + 1e-4
    second = (decoded * far).amax((-2, -1)) / decoded.amax((-2, -1))
    expected = {
        'entropy': entropy / math.log(64 * 48),
        'second_mode': second,
    }
    for name, cells, mode, last in (
        ('x', columns, x, 47),
        ('y', rows, y, 63),
    ):
        mean = (share * cells).sum((-2, -1), keepdim=True)
        variance = (share * (cells - mean).square()).sum((-2, -1))
        expected[f'{name}_spread'] = variance.sqrt() / last
        distance = (mean - mode)[..., 0, 0].abs()
        expected[f'{name}_mean_to_peak'] = distance / last
    for radius in MASS_RADII:
        reach = radius * sizes.view(-1, 1, 1, 1) / stride[0] + 1e-5
        inside = ((columns - x).abs() <= reach) & ((rows - y).abs() <= reach)
        expected[f'mass_{radius}'] = (share * inside).sum((-2, -1))
        column[f'mass_{radius}'] = column[f'mass_{radius}'].sigmoid()
    for name, values in expected.items():
        values = values.double()
        if name.startswith('mass'):
            values = values.clamp(1e-4, 1 - 1e-4)
        torch.testing.assert_close(
            column[name], values, atol=1e-5, rtol=1e-5, msg=name
        )


@all_codecs
def test_detached_from_no_graph_it_is_the_same_object(codec):
    _, distribution, _ = make_example(codec)
    assert distribution.detach() is distribution
    graph = replace(distribution, maps=distribution.maps.requires_grad_())
    assert not graph.detach().statistics().requires_grad
    graph.statistics().sum().backward()
    assert graph.maps.grad.isfinite().all()


def test_half_precision_maps_give_float_statistics():
    _, distribution, _ = make_example('msra')
    half = replace(distribution, maps=distribution.maps.half())
    assert half.statistics().dtype == torch.float32
    assert half.hard_decode().dtype == torch.float32
    torch.testing.assert_close(
        half.expected_correctness(),
        distribution.expected_correctness(),
        atol=1e-2,
        rtol=0,
    )


def test_the_last_stage_is_read():
    reader = read_head(make_head('msra'))
    assert isinstance(reader, HeatmapReader)
    stages = [torch.zeros(2, 17, 64, 48), torch.ones(2, 17, 64, 48)]
    assert reader.read(stages, SIZES).output is stages[-1]


def test_targets_are_read_as_predictions():
    head, distribution, _ = make_example('udp')
    targets = {'heatmaps': distribution.maps}
    read = read_head(head).read_targets(targets, SIZES)
    assert torch.equal(read.hard_decode(), distribution.hard_decode())


@all_codecs
def test_a_flip_mode_of_another_codec_is_refused(codec):
    reader = read_head(make_head(codec))
    combined = codec == 'udp_combined'
    good, bad = ('udp_combined', 'heatmap')[:: 1 if combined else -1]
    reader.check_test_cfg({'flip_test': True, 'flip_mode': good})
    reader.check_test_cfg({'flip_test': False, 'flip_mode': bad})
    for mode in (bad, 'offset', 'unknown'):
        options = {'flip_test': True, 'flip_mode': mode}
        with pytest.raises(ValueError, match=f"expected '{good}', .*'{mode}'"):
            reader.check_test_cfg(options)


@all_codecs
def test_keypoints_are_counted_not_maps(codec):
    head = make_head(codec)
    assert read_head(head).num_keypoints(head) == 17


def test_a_combined_head_has_three_maps_for_each_keypoint():
    head = make_head('udp_combined')
    head.out_channels = 17
    with pytest.raises(
        ValueError, match=r'out_channels: expected three .* 17'
    ):
        read_head(head)


def test_a_map_of_one_cell_has_finite_statistics():
    _, distribution, _ = make_example('msra')
    one = replace(distribution, maps=distribution.maps[..., :1, :1])
    assert one.statistics().isfinite().all()


@all_codecs
@pytest.mark.parametrize('factor', [0.5, 2.0])
def test_the_free_score_is_the_bounded_score_of_the_pose_head(codec, factor):
    _, distribution, _ = make_example(codec, 0.02)
    scaled = replace(distribution, maps=distribution.maps * factor)
    free = scaled.free_score()
    assert free.dtype == torch.float32
    raw = scaled.raw_scores().flatten().tolist()
    expected = [min(max(score, 0.0), 1.0) for score in raw]
    assert free.flatten().tolist() == pytest.approx(expected)


@all_codecs
def test_a_constant_map_gives_finite_scores(codec):
    _, distribution, _ = make_example(codec)
    maps = torch.full_like(distribution.maps, 0.3)
    constant = replace(distribution, maps=maps)
    assert constant.expected_correctness().isfinite().all()
    assert constant.free_score().isfinite().all()
    assert constant.statistics().isfinite().all()
    nowhere = torch.full((2, 17, 2), torch.nan)
    assert constant.mass_within(nowhere, 0.05).isfinite().all()
