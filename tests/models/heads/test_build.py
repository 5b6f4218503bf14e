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
    ('levels', 'channels'), [((2,), (32,)), ((-1, 0), (32, 8)), ((), ())]
)
def test_channels_are_those_of_the_levels(levels, channels):
    assert build(levels=levels).in_channels == channels


def test_given_sizes_must_be_those_of_the_pose_network():
    for channels in ([8, 16], (8, 16)):
        head = build(in_channels=channels, num_keypoints=17, num_scalars=27)
        assert head.in_channels == (8, 16)
    for key, wrong, right in (
        ('in_channels', [4, 4], r'\[8, 16\]'),
        ('in_channels', 8, r'\[8, 16\]'),
        ('num_keypoints', 16, '17'),
        ('num_scalars', 9, '27'),
    ):
        with pytest.raises(
            ValueError, match=rf'model\.trust_head\.{key}: expected {right}'
        ):
            build(**{key: wrong})


@pytest.mark.parametrize(
    'levels', [(3,), (-4,), (0, 5), 1, (0, 0), (2, -1), ('0',), '01']
)
def test_levels_that_the_backbone_does_not_give_are_refused(levels):
    with pytest.raises(ValueError) as caught:
        build(levels=levels)
    for part in ('model.trust_head.levels', '3 maps', str(levels)):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ('cfg', 'error', 'message'),
    [
        ({'levels': (0,)}, TypeError, "a dict with 'type', found {'levels'"),
        ('TrustHead', TypeError, "a dict with 'type', found 'TrustHead'"),
        (['TrustHead'], TypeError, "a dict with 'type', found"),
        ({'type': None}, ValueError, 'registered BaseTrustHead, found None'),
        ({'type': 'TrstHead'}, ValueError, "found 'TrstHead'; correct"),
        ({'type': 'RTMCCHead'}, TypeError, 'found RTMCCHead; derive it'),
        ({'type': 'TrustHead', 'width': 1}, TypeError, "key 'width'"),
    ],
)
def test_a_config_of_no_head_is_refused_in_one_sentence(cfg, error, message):
    with pytest.raises(error, match=rf'^model\.trust_head: .*{message}'):
        build_trust_head(cfg, FEATURES, OUTPUT)


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
