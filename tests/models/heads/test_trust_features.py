import pytest
import torch
from training_steps import random_distribution

from self_verify_pose.models.geometry.coordinates import sample_features
from self_verify_pose.models.heads.trust_features import (
    PLACE_NAMES,
    TrustFeatures,
    coarsest,
    domain_features,
    scalar_names,
)

CHANNELS = (4, 8)
FREE = torch.linspace(0, 1, 34).view(2, 17)


def levels(batch=2):
    generator = torch.Generator().manual_seed(1)
    return [
        torch.rand(batch, c, h, w, generator=generator)
        for c, h, w in zip(CHANNELS, (32, 16), (24, 12), strict=True)
    ]


def collected():
    distribution = random_distribution()
    return TrustFeatures.collect(
        levels(), distribution, distribution.hard_decode()
    )


def test_joint_features_are_sampled_at_the_keypoints_of_all_levels():
    points = random_distribution().hard_decode()
    parts = collected().joint_features.split(CHANNELS, -1)
    for part, level in zip(parts, levels(), strict=True):
        expected = sample_features(level, points, (192, 256))
        assert torch.equal(part, expected)


def test_scalar_features_are_statistics_and_place_by_name():
    distribution = random_distribution()
    names = scalar_names(distribution.statistic_names)
    scalars = collected().scalar_features
    assert scalars.shape == (2, 17, len(names))
    assert names[-len(PLACE_NAMES) :] == PLACE_NAMES
    count = len(distribution.statistic_names)
    assert torch.equal(scalars[..., :count], distribution.statistics())
    points, sizes = distribution.hard_decode(), distribution.sizes
    for b in range(2):
        mean = points[b].mean(0)
        for k in range(17):
            x, y = points[b, k].tolist()
            expected = {
                'x_from_center': (x - 95.5) / sizes[b].item(),
                'y_from_center': (y - 127.5) / sizes[b].item(),
                'x_from_mean': (x - mean[0].item()) / sizes[b].item(),
                'y_from_mean': (y - mean[1].item()) / sizes[b].item(),
                'log_size': (sizes[b] / 256).log().item(),
            }
            for name, value in expected.items():
                column = scalars[b, k, names.index(name)].item()
                assert column == pytest.approx(value, abs=1e-5), name


def test_unpacked_undoes_packed():
    features = collected()
    rows = features.packed(FREE)
    assert rows.shape == (2, 17 * (12 + 27 + 1))
    again, free_scores = TrustFeatures.unpacked(rows, 12, 17, 27)
    for one, other in zip(again, features, strict=True):
        assert torch.equal(one, other)
    torch.testing.assert_close(free_scores, FREE.clamp(1e-4, 0.9999))


def test_unpacked_rows_are_single_precision():
    rows = collected().packed(FREE).half()
    again, free_scores = TrustFeatures.unpacked(rows, 12, 17, 27)
    assert {part.dtype for part in (*again, free_scores)} == {torch.float32}


def test_half_precision_tells_free_scores_near_one_apart():
    free = 1 - torch.logspace(-3.9, -0.3, 34).view(2, 17)
    rows = collected().packed(free).half()
    _, found = TrustFeatures.unpacked(rows, 12, 17, 27)
    torch.testing.assert_close(found.logit(), free.logit(), atol=0.01, rtol=0)


def test_rows_of_another_network_are_refused():
    rows = collected().packed(FREE)
    with pytest.raises(ValueError) as caught:
        TrustFeatures.unpacked(rows, 16, 17, 27)
    for part in (str(17 * 44), '16 channels', f'found {17 * 40}', 'make'):
        assert part in str(caught.value)


def test_a_keypoint_that_is_not_finite_counts_as_the_center():
    distribution = random_distribution()
    points = distribution.hard_decode()
    centered = points.clone()
    points[0, 3] = torch.tensor([torch.nan, torch.inf])
    centered[0, 3] = torch.tensor([95.5, 127.5])
    found, expected = (
        TrustFeatures.collect(levels(), distribution, one)
        for one in (points, centered)
    )
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


def test_the_data_set_is_told_by_the_coarsest_map_at_the_keypoints():
    maps = levels()
    assert coarsest(maps) == 1
    assert coarsest(maps[::-1]) == 0
    assert coarsest([maps[1], maps[0], maps[1]]) == 2
    points = random_distribution().hard_decode()
    expected = sample_features(maps[1], points, (192, 256)).mean(1)
    assert torch.equal(domain_features(maps, points, (192, 256)), expected)
    points[0, 3] = torch.nan
    found = domain_features(maps, points, (192, 256))
    points[0, 3] = torch.tensor([95.5, 127.5])
    expected = sample_features(maps[1], points, (192, 256)).mean(1)
    assert torch.equal(found, expected)
