"""What JSON can hold of what was measured."""

import math
from typing import Any


def to_json_values(value: Any) -> Any:
    """Return what JSON can hold; NaN becomes None.

    Args:
        value: Dictionaries, lists, tuples and plain values, nested; a named
            tuple becomes a dictionary.

    Returns:
        The same of dictionaries, lists and plain values.
    """
    if hasattr(value, '_asdict'):
        value = value._asdict()
    if isinstance(value, dict):
        return {str(key): to_json_values(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_json_values(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
