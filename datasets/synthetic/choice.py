"""Random generator and weighted choice."""

from bisect import bisect
from collections.abc import Mapping
from itertools import accumulate
from typing import TypeVar

import numpy as np

T = TypeVar('T')
Rng = np.random.Generator


def pick(rng: Rng, weights: Mapping[T, float]) -> T:
    """Sample one key with a probability proportional to its weight.

    Several times as fast as ``Generator.choice`` for a few keys.

    Args:
        rng: Source of randomness.
        weights: Non-negative weights, not all zero.

    Returns:
        One of the keys.

    Example:
        >>> pick(np.random.default_rng(0), {'day': 1.0, 'night': 0.0})
        'day'
    """
    keys = list(weights)
    totals = list(accumulate(weights.values()))
    return keys[bisect(totals, rng.random() * totals[-1])]
