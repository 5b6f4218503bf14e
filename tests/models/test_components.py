import pytest

from self_verify_pose.models.components import find_class
from self_verify_pose.models.heads.trust_head import TrustHead
from self_verify_pose.models.trust_targets import (
    ConsistencyTargets,
    TrustSource,
)


def find(config, short_names=()):
    return find_class(
        'a.b', config, TrustSource, 'ConsistencyTargets', short_names
    )


@pytest.mark.parametrize('kind', ['ConsistencyTargets', ConsistencyTargets])
def test_a_class_is_found_by_its_name_or_itself(kind):
    assert find({'type': kind}) is ConsistencyTargets
    assert find({'type': kind, '_scope_': 'mmpose'}) is ConsistencyTargets


@pytest.mark.parametrize(
    ('config', 'error', 'message'),
    [
        ('x', TypeError, "a dict with 'type', found 'x'; write"),
        (['x'], TypeError, r"a dict with 'type', found \['x'\]; write"),
        (3, TypeError, "a dict with 'type', found 3"),
        (None, TypeError, "a dict with 'type', found None"),
        ({}, TypeError, "a dict with 'type', found {}; write for example "),
        ({'type': None}, ValueError, 'registered TrustSource, found None'),
        ({'type': ''}, ValueError, "registered TrustSource, found ''"),
        ({'type': 'Typo'}, ValueError, "registered TrustSource, found 'Typo'"),
        ({'type': 'a.Typo'}, ValueError, "found 'a.Typo'"),
        ({'type': 3}, TypeError, 'a TrustSource, found 3; derive'),
        ({'type': TrustHead}, TypeError, 'a TrustSource, found TrustHead'),
        ({'type': 'TrustHead'}, TypeError, 'a TrustSource, found TrustHead'),
        (
            {'type': 'CachedTargets', 'alpha': 1},
            TypeError,
            "expected no keys, found the unknown key 'alpha'",
        ),
        (
            {'type': 'CombinedTargets', 'source': 1},
            TypeError,
            "expected one of sources, found the unknown key 'source'",
        ),
    ],
)
def test_something_else_is_refused_in_one_sentence(config, error, message):
    with pytest.raises(error, match=f'^a.b: .*{message}') as caught:
        find(config)
    assert '. ' not in str(caught.value)


def test_short_names_are_named():
    with pytest.raises(ValueError, match="expected 'one', 'two', or the name"):
        find({'type': 'three'}, ('one', 'two'))
