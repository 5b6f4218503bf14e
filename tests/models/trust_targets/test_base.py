import pytest
from mmpose.registry import MODELS

from self_verify_pose.models.options import SelfVerifyOptions
from self_verify_pose.models.trust_targets import (
    AnnotationTargets,
    CachedTargets,
    CombinedTargets,
    RotationTargets,
    SolvabilityTargets,
    StrongAugmentationTargets,
    TrustSource,
    build_source,
)
from self_verify_pose.models.trust_targets.base import build_component


def options_of(source, hard_view=None):
    return SelfVerifyOptions.read(
        {'hard_view': hard_view}, None, {'source': source}
    )


@pytest.mark.parametrize(
    ('named', 'kind', 'requires'),
    [
        ('consistency', RotationTargets, {'second_view'}),
        ('solvability', SolvabilityTargets, {'teacher'}),
        ('unified', CombinedTargets, {'second_view', 'teacher'}),
        ('cached', CachedTargets, {'cache'}),
        ('annotation', AnnotationTargets, set()),
        ('RotationTargets', RotationTargets, {'second_view'}),
        ({'type': 'RotationTargets'}, RotationTargets, {'second_view'}),
        ({'type': 'consistency'}, RotationTargets, {'second_view'}),
        ({'type': 'cached'}, CachedTargets, {'cache'}),
    ],
)
def test_short_names_and_configs_name_their_sources(named, kind, requires):
    source = build_source(options_of(named))
    assert type(source) is kind
    assert isinstance(source, TrustSource)
    assert source.requires == requires


def test_consistency_with_hard_view_is_strong_augmentation():
    for named in ('consistency', {'type': 'consistency'}):
        source = build_source(options_of(named, {}))
        assert type(source) is StrongAugmentationTargets
        assert source.supports_strong_view
    assert type(build_source(options_of('annotation', {}))) is (
        AnnotationTargets
    )


@pytest.mark.parametrize(
    'named', ['solvability', 'unified', 'cached', {'type': 'RotationTargets'}]
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


@pytest.mark.parametrize('named', ['typo', {'type': 'typo'}])
def test_an_unknown_source_is_refused_with_what_there_is(named):
    with pytest.raises(ValueError, match=r"'unified'.*found 'typo'"):
        build_source(options_of(named))


def test_a_source_that_requires_an_unknown_part_is_refused():
    class Hyphen(TrustSource):
        requires = frozenset({'second-view'})

        def targets(self, step):
            return []

    MODELS.register_module(module=Hyphen, force=True)
    with pytest.raises(ValueError, match=r'Hyphen\.requires.*second-view'):
        build_source(options_of({'type': 'Hyphen'}))


def test_a_source_must_implement_targets():
    class Empty(TrustSource):
        pass

    with pytest.raises(TypeError, match='targets'):
        Empty()
