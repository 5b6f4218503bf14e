import pytest
import torch
from training_steps import random_distribution, training_step, view_of

from self_verify_pose.models.options import SelfVerifyOptions
from self_verify_pose.models.trust_targets import (
    CombinedTargets,
    TrustSource,
    TrustTarget,
    build_source,
)
from self_verify_pose.models.trust_targets.base import build_component
from self_verify_pose.models.trust_targets.combine import elementwise_min

ONE = (
    torch.tensor([[0.2, 0.9, 0.4, 0.1]]),
    torch.tensor([[True, True, False, False]]),
)
OTHER = (
    torch.tensor([[0.5, 0.3, 0.7, 0.6]]),
    torch.tensor([[True, True, True, False]]),
)


class Fixed(TrustSource):
    """Gives targets that are given to it."""

    def __init__(self, values, mask, requires=frozenset()):
        self.pair, self.requires = (values, mask), requires

    def targets(self, step):
        return [TrustTarget(step.view, *self.pair)]


def test_elementwise_min_takes_the_smaller_target_or_the_only_one():
    for pairs in ((ONE, OTHER), (OTHER, ONE)):
        values, mask = elementwise_min(*pairs)
        assert mask.tolist() == [[True, True, True, False]]
        assert values[0, :3].tolist() == pytest.approx([0.2, 0.3, 0.7])


def test_combined_targets_are_the_smallest_of_all_sources():
    third = (torch.full((1, 4), 0.25), torch.ones(1, 4, dtype=torch.bool))
    source = CombinedTargets(
        [
            {'type': Fixed, 'values': v, 'mask': m}
            for v, m in (ONE, OTHER, third)
        ]
    )
    step = training_step(random_distribution(1, 4))
    (target,) = source.targets(step)
    assert target.view is step.view
    assert target.mask.all()
    assert target.values[0].tolist() == pytest.approx([0.2, 0.25, 0.25, 0.25])


def test_the_combination_requires_what_its_sources_require():
    source = CombinedTargets(
        ['consistency', 'solvability', {'type': 'CachedTargets'}]
    )
    assert source.requires == {'second_view', 'teacher', 'cache'}
    assert len(source.sources) == 3


def test_a_source_that_may_read_the_strong_view_is_for_the_crop_here():
    source = CombinedTargets(['annotation', 'solvability'])
    assert source.requires == {'teacher'}
    assert not source.supports_strong_view
    named = {'type': 'CombinedTargets', 'sources': ['annotation']}
    with pytest.raises(ValueError, match='hard_view: expected'):
        build_source(
            SelfVerifyOptions.read({'hard_view': {}}, None, {'source': named})
        )


@pytest.mark.parametrize(
    ('sources', 'error', 'part'),
    [
        ([], ValueError, 'at least one trust source'),
        (['magic'], ValueError, "'consistency', .*found 'magic'"),
        (
            [{'type': 'FreeJointTeacher'}],
            TypeError,
            'a TrustSource, found FreeJointTeacher',
        ),
        ('unified', TypeError, "a list of trust sources, found 'unified'"),
        (None, TypeError, 'a list of trust sources, found None'),
        (['annotation', {}], TypeError, "'type', found {}"),
        ([3], TypeError, "'type', found 3"),
    ],
)
def test_bad_sources_are_refused_in_one_sentence(sources, error, part):
    with pytest.raises(error, match=rf'trust_cfg\.source.*: .*{part}'):
        CombinedTargets(sources)


def test_missing_sources_are_refused():
    with pytest.raises(ValueError, match='at least one trust source'):
        build_component({'type': 'CombinedTargets'})


def test_the_targets_of_each_source_are_checked():
    values, mask = torch.full((1, 4), 0.5), torch.ones(1, 1) > 0
    source = CombinedTargets([{'type': Fixed, 'values': values, 'mask': mask}])
    with pytest.raises(ValueError, match=r'Fixed\.targets: mask: expected'):
        source.targets(training_step(random_distribution(1, 4)))


def test_targets_of_another_view_are_refused():
    class Second(TrustSource):
        def targets(self, step):
            return [TrustTarget(step.second_view, *ONE)]

    distribution = random_distribution(1, 4)
    step = training_step(distribution, (), view_of(distribution))
    with pytest.raises(ValueError, match=r'Second\.targets: .*step\.view'):
        CombinedTargets([{'type': Second}]).targets(step)
