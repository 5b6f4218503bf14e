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
from self_verify_pose.models.trust_targets.base import source_config


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
        ('annotation', AnnotationTargets, {'annotation', 'strong_view'}),
        ({'type': 'RotationTargets'}, RotationTargets, {'second_view'}),
    ],
)
def test_short_names_and_configs_name_their_sources(named, kind, requires):
    source = build_source(options_of(named))
    assert type(source) is kind
    assert isinstance(source, TrustSource)
    assert source.requires == requires


def test_consistency_with_hard_view_is_strong_augmentation():
    source = build_source(options_of('consistency', {}))
    assert type(source) is StrongAugmentationTargets
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
    assert f'found {named!r}' in message
    assert '. ' not in message.replace('model.', '')


def test_a_class_that_is_no_source_is_refused():
    with pytest.raises(
        TypeError, match='expected a TrustSource, found FreeJointTeacher'
    ):
        build_source(options_of({'type': 'FreeJointTeacher'}))


def test_the_config_of_a_source_is_a_copy():
    given = {'type': 'RotationTargets'}
    config = source_config(given, options_of(given))
    assert config == given
    assert config is not given
    MODELS.build(config)
    assert given == {'type': 'RotationTargets'}


def test_a_source_must_implement_targets():
    class Empty(TrustSource):
        pass

    with pytest.raises(TypeError, match='targets'):
        Empty()
