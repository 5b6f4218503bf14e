import pytest
import torch
from training_steps import random_distribution

from self_verify_pose.models.heads.build import (
    build_trust_head,
    choose_levels,
)
from self_verify_pose.models.heads.trust_features import scalar_names
from self_verify_pose.models.heads.trust_head import TrustHead

OUTPUT = random_distribution(batch=1)
NAMES = OUTPUT.statistic_names


def maps(*shapes):
    return [torch.zeros(1, *shape) for shape in shapes]


FEATURES = maps((8, 16, 12), (16, 8, 6), (32, 4, 3))


def build(features=FEATURES, **cfg):
    return build_trust_head({'type': 'TrustHead', **cfg}, features, OUTPUT)


def test_sizes_are_those_of_the_pose_network():
    head = build()
    assert type(head) is TrustHead
    assert head.in_channels == (8, 16)
    assert head.num_keypoints == 17
    assert head.num_scalars == len(scalar_names(NAMES)) == 27


@pytest.mark.parametrize(
    ('levels', 'channels'), [((2,), (32,)), ((-1, 0), (32, 8))]
)
def test_channels_are_those_of_the_levels(levels, channels):
    assert build(levels=levels).in_channels == channels


def test_given_sizes_are_kept():
    head = build(in_channels=[4, 4], num_keypoints=5, num_scalars=9)
    assert head.in_channels == (4, 4)
    assert (head.num_keypoints, head.num_scalars) == (5, 9)


@pytest.mark.parametrize('levels', [(3,), (-4,), (0, 5)])
def test_levels_that_the_backbone_does_not_give_are_refused(levels):
    with pytest.raises(ValueError) as caught:
        build(levels=levels)
    for part in ('model.trust_head.levels', '3 maps', str(levels)):
        assert part in str(caught.value)


def test_a_missing_config_is_refused():
    with pytest.raises(ValueError, match=r'model\.trust_head=None; set'):
        build_trust_head(None, FEATURES, OUTPUT)


@pytest.mark.parametrize(
    ('features', 'levels'),
    [
        (maps((4, 8, 6)), (0,)),
        (FEATURES, (0, 1)),
        # coarse first, as the stages of MSPN
        (maps((32, 4, 3), (16, 8, 6), (8, 16, 12)), (2, 1)),
        # stages of the same resolution, as of an hourglass network
        (maps((8, 16, 12), (8, 16, 12)), (1,)),
    ],
)
def test_levels_are_the_finest_and_of_stages_the_last(features, levels):
    assert choose_levels(features) == levels
    assert build(features).levels == levels
