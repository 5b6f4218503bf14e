import dataclasses

import pytest
import torch

from self_verify_pose.models.augmentations.strong import strong_view
from self_verify_pose.models.options import StrongAugmentationOptions

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
AUGMENTATIONS = [
    'occlude',
    'paste',
    'blur',
    'low_resolution',
    'noise',
    'light',
]
BLACK = torch.zeros(3)


def crops(batch=6):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(batch, 3, *SIZE[::-1], generator=generator)


def changed(one, other):
    """(B,) boolean, True where a crop differs."""
    return (one - other).abs().flatten(1).amax(1) > 1e-4


def test_without_augmentations_the_view_is_the_crop():
    views, transform = strong_view(crops(), PLAIN, BLACK)
    torch.testing.assert_close(views, crops(), atol=1e-4, rtol=0)
    assert (transform.angles == 0).all()
    assert (transform.scales == 1).all()


@pytest.mark.parametrize('name', AUGMENTATIONS)
def test_an_augmentation_changes_its_share_of_the_batch(name):
    torch.manual_seed(0)
    options = dataclasses.replace(PLAIN, **{name: 1.0})
    all_changed = changed(strong_view(crops(), options, BLACK)[0], crops())
    assert all_changed.sum() >= 5  # a patch can miss a crop altogether
    half = dataclasses.replace(PLAIN, **{name: 0.5})
    assert (
        1 <= changed(strong_view(crops(), half, BLACK)[0], crops()).sum() <= 3
    )


def test_image_content_moves_as_the_transform_moves_points():
    point = torch.tensor([[[120.0, 90.0]]]).expand(6, -1, -1)
    images = torch.zeros(6, 3, *SIZE[::-1])
    images[:, :, 88:93, 118:123] = 1
    torch.manual_seed(0)
    options = dataclasses.replace(PLAIN, max_deg=40, max_scale=1.3)
    views, transform = strong_view(images, options, BLACK)
    expected = transform.apply_to_points(point, SIZE)[:, 0]
    weight = views[:, 0] / views[:, 0].sum((1, 2), keepdim=True)
    x = (weight.sum(1) * torch.arange(SIZE[0])).sum(-1)
    y = (weight.sum(2) * torch.arange(SIZE[1])).sum(-1)
    torch.testing.assert_close(
        torch.stack([x, y], -1), expected, atol=0.05, rtol=0
    )


def test_transforms_are_uniform_over_their_range():
    torch.manual_seed(0)
    options = dataclasses.replace(PLAIN, max_deg=40, max_scale=1.3)
    tiny = torch.zeros(2000, 1, 2, 2)
    _, (angles, scales) = strong_view(tiny, options, torch.zeros(1))
    assert angles.rad2deg().abs().amax() <= 40
    assert scales.amax() <= 1.3 and scales.amin() >= 1 / 1.3
    assert angles.rad2deg().std() == pytest.approx(40 / 3**0.5, rel=0.05)
    assert scales.log().mean().abs() < 0.01


def test_the_same_seed_gives_the_same_views():
    torch.manual_seed(3)
    one, _ = strong_view(crops(), StrongAugmentationOptions(), BLACK)
    torch.manual_seed(3)
    other, _ = strong_view(crops(), StrongAugmentationOptions(), BLACK)
    assert torch.equal(one, other)


def test_a_pasted_patch_is_of_one_other_person():
    torch.manual_seed(0)
    images = torch.arange(1.0, 5.0).view(4, 1, 1, 1).expand(4, 3, 64, 48)
    options = dataclasses.replace(PLAIN, paste=1.0)
    views, _ = strong_view(images, options, BLACK)
    seen = [set(view.round().unique().int().tolist()) for view in views]
    assert all(
        own in values and len(values) <= 2
        for own, values in enumerate(seen, start=1)
    )
    assert any(len(values) == 2 for values in seen)


def test_pixels_outside_the_crop_take_the_fill_color():
    torch.manual_seed(0)
    options = dataclasses.replace(PLAIN, max_deg=40)
    fill = torch.tensor([-1.0, -2.0, -3.0])
    views, transform = strong_view(torch.ones(6, 3, 64, 48), options, fill)
    rotated = transform.angles.abs().rad2deg() > 10
    assert rotated.any()
    for view in views[rotated]:
        torch.testing.assert_close(view[:, 0, 0], fill)
