"""What trust costs in prediction."""

import copy
from collections.abc import Iterator

import torch

from .rows import Row, row_of
from .setting import BASELINE, SELFVERIFY, Setting
from .timing import alternate

SUITE = 'predict'
BAR = 1.03


def measure(setting: Setting) -> Iterator[Row]:
    """Compare ``predict`` with the one of plain RTMPose-S.

    Args:
        setting: Where and how.

    Yields:
        What was measured.
    """
    config = setting.config(SELFVERIFY)
    batch = setting.batch(config, 'val')
    mine = setting.model(config).eval()
    plain = setting.model(setting.config(BASELINE)).eval()
    for flip in (False, True):
        for model in (mine, plain):
            model.test_cfg['flip_test'] = flip
        with torch.no_grad():  # as the test loop of mmengine
            found = alternate(
                lambda: mine.test_step(copy.copy(batch)),
                lambda: plain.test_step(copy.copy(batch)),
                setting.plan.times(6),
                setting.device,
            )
        yield row_of(
            SUITE,
            f'predict with trust, {"" if flip else "no "}flip test',
            found,
            setting.batch_size,
            BAR,
        )
