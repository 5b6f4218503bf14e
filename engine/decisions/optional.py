"""Import of packages that only some tools need."""

from importlib import import_module
from typing import Any


def import_optional(name: str, extra: str) -> Any:
    """Import a module of an optional package.

    Args:
        name: The module, such as ``'mapie.risk_control'``.
        extra: The extra of this package that installs it.

    Returns:
        The module.

    Raises:
        ValueError: If it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition('.')[0]
        raise ValueError(
            f'{package}: expected the package, found that it cannot be '
            f"imported ({error}); run pip install 'self-verify-pose[{extra}]'"
        ) from error
