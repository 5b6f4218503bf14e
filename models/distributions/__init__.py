"""Distributions of keypoints that a pose head predicts (pure torch)."""

from typing import Any

from . import simcc  # noqa: F401  (registers its reader)
from .base import (
    READERS,
    DistributionReader,
    KeypointDistribution,
    register_reader,
)

__all__ = [
    'DistributionReader',
    'KeypointDistribution',
    'read_head',
    'register_reader',
]


def read_head(head: Any) -> DistributionReader:
    """Find out how the output of a pose head is to be read.

    Args:
        head: A pose head of MMPose.

    Returns:
        The reader of its outputs; of several, the one registered last.

    Raises:
        ValueError: If the head belongs to no known family.
    """
    for kind in reversed(READERS):
        reader = kind.from_head(head)
        if reader is not None:
            return reader
    families = ', '.join(kind.families for kind in READERS)
    raise ValueError(
        f'model.head: expected {families}, found {type(head).__name__}; use '
        'a head of these families'
    )
