"""Finding the classes of components that a config names."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from mmpose.registry import MODELS

from .option_checks import check_arguments


def find_class(
    name: str,
    config: Any,
    base: type,
    example: str,
    short_names: Collection[str] = (),
) -> Any:
    """Find the class of a config, before it is built.

    Args:
        name: Name of the config, for messages.
        config: What should be a dict with ``type``, the name of the class or
            the class itself; its other keys are arguments of the class.
        base: The class that it must derive from.
        example: ``type`` of a config that is right.
        short_names: Names for which the caller knows the class.

    Returns:
        The class.

    Raises:
        TypeError: If ``config`` is no dict with ``type``, the class does not
            derive from ``base``, or takes no argument of one of the names.
        ValueError: If no class of the name is registered.
    """
    if not isinstance(config, Mapping) or 'type' not in config:
        raise TypeError(
            f"{name}: expected a dict with 'type', found {config!r}; write "
            f"for example dict(type='{example}')"
        )
    kind = config['type']
    if isinstance(kind, str):
        registered = None
        with suppress(RuntimeError):  # a name that could not be imported
            registered = MODELS.get(kind)
        kind = registered or kind
    if isinstance(kind, str) or kind is None:
        names = ''.join(f'{short!r}, ' for short in short_names)
        raise ValueError(
            f'{name}: expected {names}{"or " if names else ""}the name of a '
            f'registered {base.__name__}, found {kind!r}; '
            f"correct the name, such as '{example}', or import the module of "
            'the class by custom_imports'
        )
    if not (isinstance(kind, type) and issubclass(kind, base)):
        raise TypeError(
            f'{name}: expected a {base.__name__}, found '
            f'{getattr(kind, "__name__", kind)}; derive it from '
            f'{base.__name__}'
        )
    # mmengine adds a scope where configs of several packages meet
    check_arguments(name, [*(config.keys() - {'type', '_scope_'})], kind)
    return kind
