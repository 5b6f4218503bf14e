import pytest
import torch
from helpers import build_estimator
from mmpose.models import PoseDataPreprocessor

from self_verify_pose.models.geometry.rotation import rotate_images
from self_verify_pose.models.pose_estimators.inspection import (
    feature_maps,
    normalized_fill,
)


def test_black_corners_are_black_before_normalization():
    preprocessor = build_estimator().data_preprocessor
    crop = rotate_images(
        torch.zeros(1, 3, 256, 192),
        torch.tensor([0.5]),
        normalized_fill(preprocessor),
    )
    mean, std = preprocessor.mean, preprocessor.std
    assert (crop[0, :, 0, 0] * std.flatten() + mean.flatten()).abs().max() < (
        1e-3
    )


def test_black_is_zero_where_nothing_is_normalized():
    assert normalized_fill(PoseDataPreprocessor()).tolist() == [0]


ONE, OTHER = torch.zeros(2, 4, 8, 6), torch.zeros(2, 7, 4, 3)
POOLED = torch.zeros(2, 7)


@pytest.mark.parametrize(
    ('features', 'expected'),
    [
        (ONE, [ONE]),
        ((ONE, OTHER), [ONE, OTHER]),
        ([[OTHER], [ONE, OTHER]], [ONE, OTHER]),  # stages
        (POOLED, [ONE]),
        ((POOLED,), [ONE]),
    ],
)
def test_maps_are_those_of_the_last_stage_before_pooling(features, expected):
    found = feature_maps(features, [ONE])
    assert len(found) == len(expected)
    assert all(a is b for a, b in zip(found, expected, strict=True))
