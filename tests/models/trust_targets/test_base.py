import dataclasses

import pytest
import torch
from training_steps import random_distribution, training_step

from self_verify_pose.models.options import SelfVerifyOptions
from self_verify_pose.models.trust_targets import (
    AgreementTargets,
    AnnotationTargets,
    CachedTargets,
    CombinedTargets,
    ConsistencyTargets,
    SolvabilityTargets,
    TrustSource,
    TrustTarget,
    build_source,
)
from self_verify_pose.models.trust_targets.base import (
    build_component,
    checked_targets,
)

GOOD = torch.ones(2, 17), torch.ones(2, 17) > 0


def source_that(returns, **attributes):
    def targets(self, step):
        return returns(step) if callable(returns) else returns

    attributes['targets'] = targets
    return type('Mine', (TrustSource,), attributes)


def check(returns, is_first=True):
    step = training_step(random_distribution(2))
    step = dataclasses.replace(step, is_first=is_first)
    return checked_targets(source_that(returns)(), step)


def check_pair(values, mask, is_first=True):
    def returns(step):
        return [TrustTarget(step.view, values, mask)]

    return check(returns, is_first)


def options_of(source, hard_view=None):
    return SelfVerifyOptions.read(
        {'hard_view': hard_view}, None, {'source': source}
    )


@pytest.mark.parametrize(
    ('named', 'kind', 'requires'),
    [
        ('consistency', ConsistencyTargets, {'second_view'}),
        ('solvability', SolvabilityTargets, {'teacher'}),
        ('unified', CombinedTargets, {'second_view', 'teacher'}),
        ('cached', CachedTargets, {'cache'}),
        ('annotation', AnnotationTargets, set()),
        ('agreement', AgreementTargets, set()),
        ('ConsistencyTargets', ConsistencyTargets, {'second_view'}),
        ({'type': 'ConsistencyTargets'}, ConsistencyTargets, {'second_view'}),
        ({'type': 'consistency'}, ConsistencyTargets, {'second_view'}),
        ({'type': 'cached'}, CachedTargets, {'cache'}),
    ],
)
def test_short_names_and_configs_name_their_sources(named, kind, requires):
    source = build_source(options_of(named))
    assert type(source) is kind
    assert isinstance(source, TrustSource)
    assert source.requires == requires


@pytest.mark.parametrize(
    'named',
    ['consistency', {'type': 'consistency'}, 'annotation', 'agreement'],
)
def test_some_sources_take_a_strong_view(named):
    assert build_source(options_of(named, {})).supports_strong_view


@pytest.mark.parametrize(
    'named', ['solvability', 'unified', 'cached', {'type': 'solvability'}]
)
def test_sources_of_the_crop_refuse_hard_view_in_one_sentence(named):
    with pytest.raises(ValueError) as caught:
        build_source(options_of(named, {}))
    message = str(caught.value)
    assert message.startswith('model.consistency_cfg.hard_view: expected')
    kind = type(build_source(options_of(named))).__name__
    assert f'found {kind}' in message
    assert '. ' not in message.replace('model.', '')


def test_a_class_that_is_no_source_is_refused():
    with pytest.raises(
        TypeError, match='expected a TrustSource, found FreeJointTeacher'
    ):
        build_source(options_of({'type': 'FreeJointTeacher'}))


def test_the_config_of_a_source_stays_as_it_is():
    given = {'type': 'unified'}
    build_component(given)
    assert given == {'type': 'unified'}


@pytest.mark.parametrize('name', ['typo', '', None])
def test_an_unknown_source_is_refused_with_what_there_is(name):
    for named in ({'type': name}, *([name] if name is not None else [])):
        with pytest.raises(ValueError, match=rf"'unified'.*found {name!r}"):
            build_source(options_of(named))


def test_keys_of_a_config_replace_those_of_the_short_name():
    source = build_component({'type': 'unified', 'sources': ['annotation']})
    assert [type(s) for s in source.sources] == [AnnotationTargets]


@pytest.mark.parametrize(
    ('requires', 'error'),
    [
        (frozenset({'second-view'}), ValueError),
        (frozenset({3}), ValueError),
        (None, TypeError),
        ('teacher', TypeError),
        (['teacher'], TypeError),
    ],
)
def test_a_source_must_require_known_parts(requires, error):
    kind = source_that(returns=[], requires=requires)
    with pytest.raises(error) as caught:
        build_source(options_of({'type': kind}))
    assert 'Mine.requires: expected a frozenset of some of second_view' in (
        str(caught.value)
    )
    assert f'found {requires!r}' in str(caught.value)


@pytest.mark.parametrize('name', ['supports_strong_view', 'uses_labels'])
def test_what_a_source_tells_of_itself_is_a_bool(name):
    kind = source_that(returns=[], **{name: 'no'})
    with pytest.raises(TypeError, match=rf"Mine\.{name}.*found 'no'"):
        build_source(options_of({'type': kind}))


@pytest.mark.parametrize(
    ('named', 'uses'),
    [
        ('annotation', True),
        ('consistency', False),
        ('solvability', False),
        ('unified', False),
        ('cached', False),
        (
            {
                'type': 'CombinedTargets',
                'sources': ['consistency', 'annotation'],
            },
            True,
        ),
    ],
)
def test_sources_that_use_labels_say_so(named, uses):
    assert build_source(options_of(named)).uses_labels is uses


def test_a_source_must_implement_targets():
    class Empty(TrustSource):
        pass

    with pytest.raises(TypeError, match='targets'):
        Empty()


def test_targets_pass_the_checks():
    (target,) = check_pair(*GOOD)
    assert target.values is GOOD[0]
    check(lambda step: (TrustTarget(step.view, *GOOD),) * 2)


@pytest.mark.parametrize(
    ('values', 'mask', 'field'),
    [
        (GOOD[0], GOOD[1][:, :1], 'mask'),
        (GOOD[0], GOOD[1][0], 'mask'),
        (GOOD[0], GOOD[0], 'mask'),
        (GOOD[0], None, 'mask'),
        (GOOD[0][:, :1], GOOD[1], 'values'),
        (GOOD[0][..., None], GOOD[1], 'values'),
        (GOOD[0].long(), GOOD[1], 'values'),
        (0.5, GOOD[1], 'values'),
        (GOOD[0].to('meta'), GOOD[1], 'values'),
    ],
)
@pytest.mark.parametrize('is_first', [True, False])
def test_targets_of_another_shape_or_type_are_refused(
    values, mask, field, is_first
):
    with pytest.raises(
        (TypeError, ValueError),
        match=rf'^Mine\.targets: {field}: expected \w+ \(B, K\) = \(2, 17\)',
    ):
        check_pair(values, mask, is_first)


@pytest.mark.parametrize('bad', [-0.1, 1.1, 5.0, float('nan'), float('inf')])
def test_numbers_outside_the_range_are_refused_in_the_first_step(bad):
    values, mask = (tensor.clone() for tensor in GOOD)
    values[1, 3] = bad
    with pytest.raises(
        ValueError, match=rf'values: .* in \[0, 1\] .*, found {bad:.5g} and 0'
    ):
        check_pair(values, mask)
    check_pair(values, mask, is_first=False)
    mask[1, 3] = False
    check_pair(values, mask)


@pytest.mark.parametrize(
    ('returns', 'found'),
    [
        (None, 'NoneType'),
        (GOOD, 'tuple'),
        (TrustTarget(None, *GOOD), 'TrustTarget'),
        ((x for x in GOOD), 'generator'),
        ({'mask': 1}, 'dict'),
        ([GOOD], 'list of tuple'),
        ([None, 1, None], 'list of NoneType, int'),
    ],
)
def test_no_list_of_targets_is_refused(returns, found):
    with pytest.raises(
        TypeError,
        match=rf'Mine\.targets: expected a list of .*, found {found}; return',
    ):
        check(returns)


def test_no_target_is_refused():
    with pytest.raises(ValueError, match=r'Mine\.targets: .* at least one'):
        check([])


def test_a_view_that_is_none_is_refused():
    for view in (None, training_step(random_distribution(2)).view.output):
        with pytest.raises(TypeError, match='view: expected an AugmentedView'):
            check([TrustTarget(view, *GOOD)])


@pytest.mark.parametrize(
    ('named', 'target', 'share'),
    [
        ('consistency', 'decay', 0.25),
        ('consistency', 'agreement', 0.25),
        ('consistency', 'self_estimate', 0.5),
        ('consistency', 'cross_view_mass', 0.5),
        ('solvability', 'self_estimate', 0.0),
        ('cached', 'self_estimate', 0.0),
        ('unified', 'decay', 0.0),
        ('agreement', 'decay', 0.5),
        (
            {
                'type': 'CombinedTargets',
                'sources': ['consistency', 'solvability'],
            },
            'self_estimate',
            0.0,
        ),
    ],
)
def test_targets_decide_how_much_may_be_kept_without_labels(
    named, target, share
):
    options = options_of(named)
    consistency = dataclasses.replace(options.consistency, target=target)
    options = dataclasses.replace(options, consistency=consistency)
    assert build_source(options).largest_share(options) == share
