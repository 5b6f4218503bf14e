import math

import pytest
import torch

from self_verify_pose.models.augmentations.verification import (
    DEFAULT_VIEWS,
    VerificationView,
    read_views,
)
from self_verify_pose.skeleton import FLIP

INPUT_SIZE = (48, 64)
VIEWS = (
    VerificationView(),
    VerificationView(mirrored=True),
    VerificationView(angle=20.0),
    VerificationView(angle=-15.0, scale=1.2),
    VerificationView(mirrored=True, angle=10.0, scale=0.8),
)


@pytest.mark.parametrize('view', VIEWS)
def test_points_lie_where_the_image_shows_them(view):
    x, y = torch.meshgrid(
        torch.arange(48.0), torch.arange(64.0), indexing='xy'
    )
    points = torch.tensor([[[20.0, 30.0], [28.0, 37.0], [18.0, 25.0]]])
    order = [0, 2, 1]
    blobs = torch.stack(
        [(-((x - p[0]) ** 2 + (y - p[1]) ** 2) / 8).exp() for p in points[0]]
    )
    shown = view.apply_to_images(blobs[None], torch.zeros(3))[0]
    found = view.apply_to_points(points, INPUT_SIZE, order)[0]
    # the network predicts keypoint k of a mirrored view where order[k] is
    channels = order if view.mirrored else [0, 1, 2]
    for k, channel in enumerate(channels):
        index = shown[channel].argmax().item()
        position = torch.tensor([index % 48, index // 48]).float()
        assert (position - found[k]).norm() < 1.0


def test_the_mirror_is_an_involution_and_no_copy_of_a_turn():
    view = VerificationView(mirrored=True)
    points = torch.rand(2, 17, 2) * 40
    twice = view.apply_to_points(
        view.apply_to_points(points, INPUT_SIZE, FLIP), INPUT_SIZE, FLIP
    )
    torch.testing.assert_close(twice, points)
    assert view.is_mirror
    assert not VerificationView(mirrored=True, angle=1.0).is_mirror


def test_a_view_that_changes_nothing_is_the_crop_itself():
    images = torch.rand(2, 3, 8, 6)
    view = VerificationView()
    assert view.apply_to_images(images, torch.zeros(3)) is images
    transform = VerificationView(angle=90.0).transform(torch.zeros(2))
    torch.testing.assert_close(transform.angles, torch.full((2,), math.pi / 2))


def test_views_are_read_from_the_config():
    assert read_views({}) == ()
    assert read_views({'verify': None}) == ()
    assert read_views({'verify': {}}) == DEFAULT_VIEWS
    views = [{'mirrored': True}, {'angle': -15}, {'scale': 1.1}]
    assert read_views({'verify': {'views': views}}) == (
        VerificationView(mirrored=True),
        VerificationView(angle=-15),
        VerificationView(scale=1.1),
    )


@pytest.mark.parametrize(
    ('given', 'match'),
    [
        (True, r"verify: expected a dict with 'views'"),
        ({'view': []}, r"verify: expected a dict with 'views'"),
        ({'views': []}, 'expected a list of views, found'),
        ({'views': 'mirrored'}, "expected a list of views, found 'mirrored'"),
        ({'views': ['mirrored']}, r'views\[0\]: expected a dict'),
        ({'views': [{'turned': 3}]}, r"views\[0\]: .*unknown key 'turned'"),
        ({'views': [{'angle': '15'}]}, r'views\[0\]\.angle: expected a float'),
        ({'views': [{'angle': 200}]}, 'angle: .*between -180 and 180'),
        ({'views': [{'scale': 0}]}, 'scale: .*above 0'),
        ({'views': [{'mirrored': 1}]}, r'mirrored: expected a bool'),
    ],
)
def test_bad_options_are_refused_in_one_sentence(given, match):
    with pytest.raises((TypeError, ValueError), match=match):
        read_views({'verify': given})
