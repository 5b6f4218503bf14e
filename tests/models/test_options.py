import dataclasses

import pytest

from self_verify_pose.models.options import (
    SOURCES,
    ConsistencyOptions,
    SelfVerifyOptions,
    SolvabilityOptions,
    StrongAugmentationOptions,
    TrustOptions,
)

NAN, INFINITE = float('nan'), float('inf')


def read(consistency=None, solvability=None, trust=None):
    return SelfVerifyOptions.read(consistency, solvability, trust)


def test_nothing_given_takes_the_defaults():
    expected = SelfVerifyOptions(
        ConsistencyOptions(), SolvabilityOptions(), TrustOptions()
    )
    assert read() == read({}, {}, {}) == expected
    assert expected.consistency.enable
    assert expected.trust.enable
    assert not expected.solvability.enable


def test_an_empty_hard_view_takes_the_defaults_and_none_is_none():
    views = [
        read({'hard_view': given}).consistency.hard_view
        for given in ({}, None)
    ]
    assert views == [StrongAugmentationOptions(), None]


def test_options_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        read().trust.enable = False


@pytest.mark.parametrize(
    ('given', 'error', 'parts'),
    [
        ({'max_deg': 200.0}, ValueError, ['max_deg', 'between 0 and 180']),
        ({'max_deg': -1.0}, ValueError, ['max_deg', '-1']),
        ({'max_deg': NAN}, ValueError, ['max_deg', 'nan']),
        ({'alpha': -1.0}, ValueError, ['alpha', 'at least 0']),
        ({'loss_weight': -1.0}, ValueError, ['loss_weight', 'at least 0']),
        ({'loss_weight': INFINITE}, ValueError, ['loss_weight', 'inf']),
        ({'alpha': INFINITE}, ValueError, ['alpha', 'found inf']),
        ({'max_dg': 30.0}, TypeError, ["'max_dg'", 'max_deg']),
        (
            {'hard_view': True},
            TypeError,
            ['write for example', 'hard_view=dict()'],
        ),
    ],
)
def test_bad_consistency_options_are_refused(given, error, parts):
    with pytest.raises(error) as caught:
        read(consistency=given)
    for part in ('model.consistency_cfg', *parts):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ('given', 'error', 'parts'),
    [
        ({'blurr': 1.0}, TypeError, ["'blurr'", 'blur']),
        ({'blur': 1.5}, ValueError, ['hard_view.blur', 'between 0 and 1']),
        ({'max_scale': 0.5}, ValueError, ['max_scale', 'at least 1']),
        ({'max_scale': INFINITE}, ValueError, ['max_scale', 'inf']),
        ({'max_deg': '3'}, TypeError, ['hard_view.max_deg', 'a number']),
    ],
)
def test_bad_options_of_strong_augmentation_are_refused(given, error, parts):
    with pytest.raises(error) as caught:
        read(consistency={'hard_view': given})
    for part in ('model.consistency_cfg.hard_view', *parts):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ('given', 'error', 'part'),
    [
        ({'teacher': 'magic'}, ValueError, "'free', 'fk'"),
        ({'fusion': 'max'}, ValueError, "'min', 'mean'"),
        ({'iterations': 0}, ValueError, 'at least 1'),
        ({'iterations': 2.5}, TypeError, 'expected an int'),
        ({'alpha': -1.0}, ValueError, 'at least 0'),
        ({'alpha': INFINITE}, ValueError, 'found inf'),
        ({'noise': 0.0}, ValueError, 'above 0'),
        ({'width': -0.1}, ValueError, 'above 0'),
        ({'prior_weight': 0.0}, ValueError, 'above 0'),
        ({'wdth': 0.1}, TypeError, "'wdth'"),
    ],
)
def test_bad_solvability_options_are_refused(given, error, part):
    with pytest.raises(error) as caught:
        read(solvability=given)
    assert part in str(caught.value)
    assert 'model.solvability_cfg' in str(caught.value)


@pytest.mark.parametrize(
    ('given', 'error', 'parts'),
    [
        ({'source': {'name': 'x'}}, TypeError, ["found {'name': 'x'}"]),
        ({'source': None}, TypeError, ['source', 'found None']),
        ({'dist_thr': 0.0}, ValueError, ['dist_thr', 'above 0']),
        ({'loss_weight': INFINITE}, ValueError, ['loss_weight', 'inf']),
        ({'loss_weight': True}, TypeError, ['loss_weight', 'number']),
        ({'enable': 'no'}, TypeError, ['enable', "'no'", 'True or False']),
    ],
)
def test_bad_trust_options_are_refused(given, error, parts):
    with pytest.raises(error) as caught:
        read(trust=given)
    for part in ('model.trust_cfg', *parts):
        assert part in str(caught.value)


@pytest.mark.parametrize('source', [*SOURCES, {'type': 'MySource', 'a': 1}])
def test_short_names_and_configs_are_sources(source):
    assert read(trust={'source': source}).trust.source == source


def test_solvability_without_detach_needs_targets_with_a_gradient():
    with pytest.raises(ValueError) as caught:
        read(solvability={'detach': False}, trust={'detach_pseudo': True})
    message = str(caught.value)
    assert 'model.solvability_cfg.detach: expected True' in message
    assert 'model.trust_cfg.detach_pseudo=False' in message
    assert 'found False alone, which gives no gradient' in message
    assert '. ' not in message  # one sentence
    options = read(
        solvability={'detach': False}, trust={'detach_pseudo': False}
    )
    assert not options.solvability.detach


def test_options_of_the_teacher_are_those_that_its_class_takes():
    options = SolvabilityOptions(alpha=5.0, iterations=7, fusion='mean')
    assert options.teacher_options() == {
        'alpha': 5.0,
        'fusion': 'mean',
        'iterations': 7,
        'noise': options.noise,
        'width': options.width,
        'prior_weight': options.prior_weight,
    }
