import pytest
import torch
from helpers import build_estimator
from mmpose.models import PoseDataPreprocessor
from torch import nn

from self_verify_pose.models.geometry.rotation import rotate_images
from self_verify_pose.models.pose_estimators.inspection import (
    infer_channels,
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


@pytest.mark.parametrize('training', [True, False])
def test_channels_are_those_of_each_feature_map(training):
    class Backbone(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm2d(3)
            self.convs = nn.ModuleList(
                [nn.Conv2d(3, 4, 1), nn.Conv2d(3, 7, 1)]
            )

        def forward(self, images):
            images = self.norm(images)
            return tuple(conv(images) for conv in self.convs)

    backbone = Backbone().train(training)
    assert infer_channels(backbone) == [4, 7]
    assert backbone.training == training
    assert backbone.norm.num_batches_tracked == 0
