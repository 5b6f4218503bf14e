"""Reading and checking of option dictionaries from configs."""

import dataclasses
import inspect
import math
from collections.abc import Collection, Mapping
from typing import Any, TypeVar, get_args, get_type_hints

_Options = TypeVar('_Options')
_NAMED = (
    inspect.Parameter.KEYWORD_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
)


def read_options(
    kind: type[_Options], name: str, given: Mapping[str, Any] | None
) -> _Options:
    """Make checked options from a config dict.

    Args:
        kind: Dataclass of the options.
        name: Name of the dict in the config, for messages.
        given: Values by key; keys that are left out take their defaults.

    Returns:
        An instance of ``kind``.

    Raises:
        TypeError: If ``given`` is no dict, holds an unknown key or a value
            of the wrong type.
        ValueError: If a value is out of its range.
    """
    if given is None:
        given = {}
    types = get_type_hints(kind)
    if not isinstance(given, Mapping):
        example = 'enable=True' if 'enable' in types else ''
        raise TypeError(
            f'{name}: expected a dict, found {given!r}; write for example '
            f'{name}=dict({example})'
        )
    for key, value in given.items():
        check_known(name, key, types)
        check_type(f'{name}.{key}', value, types[key])
    nested = {
        key: read_options(_nested(types[key]), f'{name}.{key}', value)
        for key, value in given.items()
        if value is not None and _nested(types[key])
    }
    return kind(**{**given, **nested})


def _nested(expected: Any) -> Any:
    """Return the dataclass of ``SomeOptions | None``, else None."""
    kinds = [k for k in get_args(expected) if dataclasses.is_dataclass(k)]
    return kinds[0] if kinds else None


def check_known(name: str, key: str, known: Collection[str]) -> None:
    """Raise unless a key is one of the known ones.

    Args:
        name: Name of the dict that holds it.
        key: The key.
        known: The keys that it may be.

    Raises:
        TypeError: If it is none of them.
    """
    if key not in known:
        wanted = f'one of {", ".join(known)}' if known else 'no keys'
        raise TypeError(
            f"{name}: expected {wanted}, found the unknown key '{key}'; "
            'correct its name or remove it'
        )


def check_arguments(name: str, given: Collection[str], kind: type) -> None:
    """Raise unless a class or one of its bases takes every argument.

    A class passes arguments on to its base if it takes ``**kwargs``.

    Args:
        name: Name of the dict that holds the arguments.
        given: Names of the arguments.
        kind: The class.

    Raises:
        TypeError: If none of them takes an argument of one of the names.
    """
    known: dict[str, None] = {}
    for base in kind.__mro__:
        parameters = inspect.signature(base).parameters.values()
        known |= {p.name: None for p in parameters if p.kind in _NAMED}
        if all(
            p.kind is not inspect.Parameter.VAR_KEYWORD for p in parameters
        ):
            break
    for key in given:
        check_known(name, key, known)


def check_type(name: str, value: Any, expected: Any) -> None:
    """Raise unless a value has the type its option declares.

    Args:
        name: Full name of the option.
        value: Its value.
        expected: ``bool``, ``int``, ``float`` (which takes an int, too) or
            a ``Literal`` (checked by its choices elsewhere).

    Raises:
        TypeError: If the type differs.
    """
    kinds: dict[Any, tuple[type, ...]] = {
        bool: (bool,),
        int: (int,),
        float: (int, float),
    }
    if expected not in kinds:
        return
    is_number_from_bool = expected is not bool and isinstance(value, bool)
    if not isinstance(value, kinds[expected]) or is_number_from_bool:
        kind, hint = {
            bool: ('a bool', 'True or False'),
            int: ('an int', 'a whole number'),
            float: ('a float', 'a number'),
        }[expected]
        raise TypeError(
            f'{name}: expected {kind}, found {value!r}; give {hint}'
        )


def check_range(
    name: str, value: float, low: float, high: float = math.inf
) -> None:
    """Raise unless ``low <= value <= high`` and the value is finite.

    Args:
        name: Full name of the option.
        value: Its value.
        low: Smallest allowed value.
        high: Largest allowed value.

    Raises:
        ValueError: If the value is outside, infinite or NaN.
    """
    if not (low <= value <= high and math.isfinite(value)):
        wanted = (
            f'at least {low}'
            if math.isinf(high)
            else f'between {low} and {high}'
        )
        raise ValueError(
            f'{name}: expected a finite number {wanted}, found {value}; '
            'change it'
        )


def check_positive(name: str, value: float) -> None:
    """Raise unless a value is positive and finite.

    Args:
        name: Full name of the option.
        value: Its value.

    Raises:
        ValueError: If it is not.
    """
    if not 0 < value < math.inf:
        raise ValueError(
            f'{name}: expected a finite number above 0, found {value}; '
            'change it'
        )


def check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    """Raise unless a value is one of the choices.

    Args:
        name: Full name of the option.
        value: Its value.
        choices: The values that it may be.

    Raises:
        ValueError: If it is none of them.
    """
    if value not in choices:
        names = ', '.join(repr(choice) for choice in choices)
        raise ValueError(
            f'{name}: expected one of {names}, found {value!r}; choose one '
            'of them'
        )
