import dataclasses

import pytest
import torch

from self_verify_pose.models.augmentations.strong import hard_view
from self_verify_pose.models.geometry.rotation import rotate_points
from self_verify_pose.models.options import (
    ConsistencyOptions,
    StrongAugmentationOptions,
    read_options,
)

SIZE = (192, 256)
PLAIN = StrongAugmentationOptions(
    max_deg=0,
    max_scale=1,
    occlude=0,
    paste=0,
    blur=0,
    low_resolution=0,
    noise=0,
    light=0,
)
INGREDIENTS = ['occlude', 'paste', 'blur', 'low_resolution', 'noise', 'light']
BLACK = torch.zeros(3)


def crops(batch=6):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(batch, 3, *SIZE[::-1], generator=generator)


def changed(one, other):
    """(B,) boolean, True where a crop differs."""
    return (one - other).abs().flatten(1).amax(1) > 1e-4


def test_without_ingredients_the_view_is_the_crop():
    views, placement = hard_view(crops(), PLAIN, BLACK)
    torch.testing.assert_close(views, crops(), atol=1e-4, rtol=0)
    assert (placement.angles == 0).all()
    assert (placement.scales == 1).all()


@pytest.mark.parametrize('name', INGREDIENTS)
def test_an_ingredient_changes_the_share_it_is_given(name):
    torch.manual_seed(0)
    options = dataclasses.replace(PLAIN, **{name: 1.0})
    all_changed = changed(hard_view(crops(), options, BLACK)[0], crops())
    assert all_changed.sum() >= 5  # a patch can miss a crop altogether
    half = dataclasses.replace(PLAIN, **{name: 0.5})
    assert 1 <= changed(hard_view(crops(), half, BLACK)[0], crops()).sum() <= 3


def test_what_the_crop_shows_is_where_the_placement_says():
    point = torch.tensor([[[120.0, 90.0]]]).expand(6, -1, -1)
    images = torch.zeros(6, 3, *SIZE[::-1])
    images[:, :, 88:93, 118:123] = 1
    torch.manual_seed(0)
    options = dataclasses.replace(PLAIN, max_deg=40, max_scale=1.3)
    views, (angles, scales) = hard_view(images, options, BLACK)
    expected = rotate_points(point, angles, SIZE, scales)[:, 0]
    weight = views[:, 0] / views[:, 0].sum((1, 2), keepdim=True)
    x = (weight.sum(1) * torch.arange(SIZE[0])).sum(-1)
    y = (weight.sum(2) * torch.arange(SIZE[1])).sum(-1)
    torch.testing.assert_close(
        torch.stack([x, y], -1), expected, atol=0.05, rtol=0
    )


def test_placements_stay_in_their_range_and_spread_over_it():
    torch.manual_seed(0)
    options = dataclasses.replace(PLAIN, max_deg=40, max_scale=1.3)
    tiny = torch.zeros(2000, 1, 2, 2)
    _, (angles, scales) = hard_view(tiny, options, torch.zeros(1))
    assert angles.rad2deg().abs().amax() <= 40
    assert scales.amax() <= 1.3 and scales.amin() >= 1 / 1.3
    assert angles.rad2deg().std() == pytest.approx(40 / 3**0.5, rel=0.05)
    assert scales.log().mean().abs() < 0.01


def test_the_same_seed_gives_the_same_views():
    torch.manual_seed(3)
    one, _ = hard_view(crops(), StrongAugmentationOptions(), BLACK)
    torch.manual_seed(3)
    other, _ = hard_view(crops(), StrongAugmentationOptions(), BLACK)
    assert torch.equal(one, other)


def test_points_scale_about_the_center_and_back():
    points = torch.rand(4, 17, 2, dtype=torch.float64) * 200
    angles = torch.linspace(-1, 1, 4, dtype=torch.float64)
    scales = torch.tensor([0.5, 1, 1.3, 2], dtype=torch.float64)
    there = rotate_points(points, angles, SIZE, scales)
    torch.testing.assert_close(
        torch.cdist(there, there),
        torch.cdist(points, points) * scales.view(-1, 1, 1),
    )
    torch.testing.assert_close(
        rotate_points(there, -angles, SIZE, 1 / scales), points
    )


@pytest.mark.parametrize(
    ('given', 'error', 'parts'),
    [
        ({'blurr': 1.0}, TypeError, ['hard_view', "'blurr'", 'blur']),
        ({'blur': 1.5}, ValueError, ['hard_view.blur', 'between 0 and 1']),
        ({'max_scale': 0.5}, ValueError, ['max_scale', 'at least 1']),
        ({'max_deg': '3'}, TypeError, ['hard_view.max_deg', 'a number']),
        ({'target': 'best'}, ValueError, ['target', "'agreement'", "'best'"]),
        (True, TypeError, ['hard_view', 'a dict']),
    ],
)
def test_bad_options_are_refused(given, error, parts):
    with pytest.raises(error) as caught:
        read_options(
            ConsistencyOptions, 'model.consistency_cfg', {'hard_view': given}
        )
    for part in parts:
        assert part in str(caught.value)


def test_an_empty_dict_takes_the_defaults_and_none_is_none():
    read = [
        read_options(ConsistencyOptions, 'c', {'hard_view': given}).hard_view
        for given in ({}, None)
    ]
    assert read == [StrongAugmentationOptions(), None]
