import dataclasses
from typing import Literal

import pytest

from self_verify_pose.models.option_checks import (
    check_arguments,
    check_choice,
    check_known,
    check_positive,
    check_range,
    check_type,
    read_options,
)

NAN, INFINITE = float('nan'), float('inf')


@dataclasses.dataclass(frozen=True)
class Inner:
    count: int = 3

    def __post_init__(self):
        check_range('outer.inner.count', self.count, 1)


@dataclasses.dataclass(frozen=True)
class Outer:
    enable: bool = True
    weight: float = 1.0
    kind: Literal['a', 'b'] = 'a'
    inner: Inner | None = None


@pytest.mark.parametrize('given', [None, {}])
def test_nothing_given_takes_the_defaults(given):
    assert read_options(Outer, 'outer', given) == Outer()


def test_given_values_and_nested_options_are_taken():
    options = read_options(Outer, 'outer', {'weight': 2, 'inner': {}})
    assert options == Outer(weight=2, inner=Inner())
    options = read_options(Outer, 'outer', {'inner': {'count': 5}})
    assert options.inner == Inner(5)
    assert read_options(Outer, 'outer', {'inner': None}).inner is None


@pytest.mark.parametrize(
    ('given', 'error', 'parts'),
    [
        (
            True,
            TypeError,
            ['outer: expected a dict', 'outer=dict(enable=True)'],
        ),
        ({'inner': 3}, TypeError, ['write for example outer.inner=dict()']),
        ({'wieght': 1}, TypeError, ["'wieght'", 'enable, weight, kind']),
        ({'weight': '1'}, TypeError, ['outer.weight', "'1'", 'a number']),
        ({'enable': 1}, TypeError, ['outer.enable', 'True or False']),
        ({'inner': True}, TypeError, ['outer.inner: expected a dict']),
        ({'inner': {'cuont': 1}}, TypeError, ['outer.inner', "'cuont'"]),
        ({'inner': {'count': 1.5}}, TypeError, ['outer.inner.count', '1.5']),
        ({'inner': {'count': 0}}, ValueError, ['inner.count', 'at least 1']),
    ],
)
def test_bad_options_are_refused(given, error, parts):
    with pytest.raises(error) as caught:
        read_options(Outer, 'outer', given)
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ('value', 'kind'),
    [(True, bool), (3, int), (3, float), (0.5, float), ('x', Literal['x'])],
)
def test_values_of_the_declared_type_pass(value, kind):
    check_type('option', value, kind)


@pytest.mark.parametrize(
    ('value', 'kind', 'hint'),
    [
        (1, bool, 'a bool'),
        ('False', bool, 'a bool'),
        (True, int, 'an int'),
        (2.0, int, 'an int'),
        (True, float, 'a float'),
        ('0.5', float, 'a float'),
    ],
)
def test_values_of_another_type_are_refused(value, kind, hint):
    with pytest.raises(TypeError, match=f'option: expected {hint}, found'):
        check_type('option', value, kind)


def test_unknown_keys_are_refused():
    check_known('options', 'blur', ('blur', 'noise'))
    with pytest.raises(TypeError, match=r"one of blur, noise, .*'blurr'"):
        check_known('options', 'blurr', ('blur', 'noise'))
    with pytest.raises(TypeError, match=r"expected no keys, .*'blurr'"):
        check_known('options', 'blurr', ())


def test_arguments_of_a_class_and_its_bases_pass():
    class Root:
        def __init__(self, not_passed_on=None, **kwargs):
            pass

    class Base(Root):
        def __init__(self, head, *args):
            pass

    class Derived(Base):
        def __init__(self, *, trust_head=None, **kwargs):
            pass

    check_arguments('model', {'head', 'trust_head'}, Derived)
    for name in ('haed', 'self', 'args', 'kwargs', 'not_passed_on'):
        with pytest.raises(
            TypeError, match=f"model: .*trust_head.*head.*'{name}'"
        ):
            check_arguments('model', {name: 1}, Derived)


def test_the_borders_of_a_range_belong_to_it():
    for value in (0, 0.5, 1):
        check_range('option', value, 0, 1)
    check_range('option', 1e9, 0)
    with pytest.raises(ValueError, match=r'finite .* at least 0, found inf'):
        check_range('option', INFINITE, 0)


@pytest.mark.parametrize('value', [-0.1, 1.1, NAN])
def test_values_out_of_a_range_are_refused(value):
    with pytest.raises(ValueError, match='between 0 and 1, found'):
        check_range('option', value, 0, 1)


def test_a_range_without_an_end_says_at_least():
    with pytest.raises(ValueError, match=r'option: .* at least 2, found 1'):
        check_range('option', 1, 2)


@pytest.mark.parametrize('value', [0, -1.0, NAN, INFINITE])
def test_values_that_are_not_positive_are_refused(value):
    check_positive('option', 1e-9)
    with pytest.raises(ValueError, match=r'option: .* above 0, found'):
        check_positive('option', value)


def test_other_values_than_the_choices_are_refused():
    check_choice('option', 'a', ('a', 'b'))
    with pytest.raises(ValueError, match="'a', 'b', found 'c'; choose"):
        check_choice('option', 'c', ('a', 'b'))
