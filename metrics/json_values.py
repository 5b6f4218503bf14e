"""Conversion of results to values that JSON can hold."""

import math
from typing import Any


def to_json_values(value: Any) -> Any:
    """Convert nested results to values that JSON can hold.

    Args:
        value: Dictionaries, lists, tuples and plain values, nested.

    Returns:
        The same with named tuples as dictionaries, tuples as lists, keys as
        strings and NaN as None.

    Examples:
        >>> to_json_values({1: (0.5, float('nan'))})
        {'1': [0.5, None]}
    """
    if hasattr(value, '_asdict'):
        value = value._asdict()
    if isinstance(value, dict):
        return {str(key): to_json_values(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_json_values(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
