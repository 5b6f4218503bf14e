"""Fixtures of all tests."""

from pathlib import Path

import pytest
from helpers import shared_path


@pytest.fixture(scope='session')
def coco_mini() -> Path:
    """Return the root of a few real COCO images."""
    return shared_path('data', 'coco_mini')


@pytest.fixture(scope='session')
def plain_checkpoint() -> Path:
    """Return real weights of plain RTMPose-S."""
    return shared_path(
        'checkpoints', 'rtmpose-s_lspet+coco-mini_256x192_fp16.pth'
    )
