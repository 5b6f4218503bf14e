"""Distributions of keypoints that a pose head predicts (pure torch)."""

from typing import Any

from . import heatmap, regression, simcc  # noqa: F401  (register readers)
from .base import (
    READERS,
    DistributionReader,
    KeypointDistribution,
    register_reader,
)
from .mass import log_odds

__all__ = [
    'DistributionReader',
    'KeypointDistribution',
    'log_odds',
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

    Example:
        >>> from mmpose.models import RLEHead
        >>> codec = dict(type='RegressionLabel', input_size=(192, 256))
        >>> type(read_head(RLEHead(32, 17, decoder=codec))).__name__
        'RegressionReader'
    """
    for kind in reversed(READERS):
        reader = kind.from_head(head)
        if reader is not None:
            return reader
    families = '; '.join(kind.families for kind in READERS)
    codec = getattr(head, 'decoder', None)
    loss = getattr(head, 'loss_module', None)
    raise ValueError(
        f'model.head: expected one of ({families}), found '
        f'{type(head).__name__} with the decoder {type(codec).__name__} and '
        f'the loss {type(loss).__name__}; use a head of these families, or '
        'write a DistributionReader for it'
    )
