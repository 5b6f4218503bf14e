import pytest

from self_verify_pose.models.distributions.simcc import SimCCDistribution
from self_verify_pose.models.heads.build import build_trust_head
from self_verify_pose.models.heads.trust_features import scalar_names
from self_verify_pose.models.heads.trust_head import TrustHead

NAMES = SimCCDistribution.statistic_names


def build(channels=(8, 16, 32), **cfg):
    return build_trust_head({'type': 'TrustHead', **cfg}, channels, 17, NAMES)


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
        build_trust_head(None, (8, 16), 17, NAMES)
