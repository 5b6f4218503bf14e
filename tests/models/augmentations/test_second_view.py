import torch

from self_verify_pose.models.augmentations.second_view import second_view
from self_verify_pose.models.augmentations.similarity import (
    SimilarityTransform,
)
from self_verify_pose.models.augmentations.strong import strong_view
from self_verify_pose.models.options import (
    ConsistencyOptions,
    StrongAugmentationOptions,
)

SIZES = torch.full((4,), 150.0)
FILL = torch.tensor([-1.0, -2.0, -3.0])


def crops():
    generator = torch.Generator().manual_seed(0)
    return torch.rand(4, 3, 64, 48, generator=generator)


def test_the_second_view_is_rotated_without_hard_view():
    options = ConsistencyOptions(max_deg=20.0)
    torch.manual_seed(0)
    views, transform = second_view(crops(), SIZES, options, FILL)
    torch.manual_seed(0)
    expected = SimilarityTransform.random_rotation(SIZES, 20.0)
    assert torch.equal(transform.angles, expected.angles)
    assert (transform.scales == 1).all()
    assert torch.equal(views, expected.apply_to_images(crops(), FILL))
    assert transform.angles.abs().rad2deg().max() > 1


def test_the_second_view_is_strongly_augmented_with_hard_view():
    strong = StrongAugmentationOptions(noise=1.0)
    options = ConsistencyOptions(hard_view=strong)
    torch.manual_seed(0)
    views, transform = second_view(crops(), SIZES, options, FILL)
    torch.manual_seed(0)
    expected, transform_alone = strong_view(crops(), strong, FILL)
    assert torch.equal(views, expected)
    assert torch.equal(transform.angles, transform_alone.angles)
    assert torch.equal(transform.scales, transform_alone.scales)
