"""Distributions of keypoints that a pose head predicts (pure torch)."""

from typing import Any

from .base import DistributionReader, KeypointDistribution
from .simcc import SimCCReader

__all__ = ['DistributionReader', 'KeypointDistribution', 'read_head']

_READERS: tuple[type[DistributionReader], ...] = (SimCCReader,)


def read_head(head: Any) -> DistributionReader:
    """Find out how the output of a pose head is to be read.

    Args:
        head: A pose head of MMPose.

    Returns:
        The reader of its outputs.

    Raises:
        ValueError: If the head belongs to no known family.
    """
    for kind in _READERS:
        reader = kind.from_head(head)
        if reader is not None:
            return reader
    families = ', '.join(kind.families for kind in _READERS)
    raise ValueError(
        f'model.head: expected {families}, found {type(head).__name__}; use '
        'a head of these families'
    )
