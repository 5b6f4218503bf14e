from types import SimpleNamespace

import pytest
import torch
from helpers import SOLVABILITY, build_estimator
from mmpose.models import PoseDataPreprocessor

from self_verify_pose.models.geometry.rotation import rotate_images
from self_verify_pose.models.pose_estimators.inspection import (
    feature_maps,
    keypoint_names,
    normalized_fill,
    num_keypoints,
)
from self_verify_pose.skeleton import JOINTS


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


CROWDPOSE = {'from_file': 'configs/_base_/datasets/crowdpose.py'}


def test_the_number_of_keypoints_is_that_of_the_head():
    assert num_keypoints(SimpleNamespace(out_channels=26)) == 26
    assert num_keypoints(SimpleNamespace(num_joints=14)) == 14  # regression
    assert num_keypoints(SimpleNamespace()) is None


def test_seventeen_keypoints_without_names_are_those_of_coco():
    assert keypoint_names(None, SimpleNamespace(out_channels=17)) == JOINTS


@pytest.mark.parametrize(
    ('metainfo', 'count', 'match'),
    [
        (None, 14, 'names of 14 keypoints, .* found none; set it'),
        (CROWDPOSE, 16, 'names of 16 keypoints, .* found 14; set it'),
    ],
)
def test_a_teacher_needs_the_names_of_all_keypoints(metainfo, count, match):
    with pytest.raises(ValueError, match=rf'model\.metainfo: .*{match}'):
        build_estimator(
            SOLVABILITY, metainfo=metainfo, head__out_channels=count
        )


def test_without_a_teacher_no_names_are_needed():
    assert build_estimator(head__out_channels=5).teacher is None


def test_a_hand_has_no_teacher():
    hand = {'from_file': 'configs/_base_/datasets/panoptic_hand2d.py'}
    with pytest.raises(ValueError, match='expected both hips'):
        build_estimator(SOLVABILITY, metainfo=hand, head__out_channels=21)
