"""What trust costs in prediction."""

import copy
from collections.abc import Iterator

import torch

from self_verify_pose.tools.benchmark.context import (
    BASELINE,
    SELFVERIFY,
    BenchmarkContext,
)
from self_verify_pose.tools.benchmark.results import BenchmarkResult, result_of
from self_verify_pose.tools.benchmark.timing import alternate

SUITE = 'predict'
BAR = 1.03


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Compare ``predict`` with the one of plain RTMPose-S.

    Args:
        context: Where and how.

    Yields:
        What was measured.
    """
    config = context.config(SELFVERIFY)
    batch = context.batch(config, 'val')
    mine = context.model(config).eval()
    plain = context.model(context.config(BASELINE)).eval()
    for flip in (False, True):
        for model in (mine, plain):
            model.test_cfg['flip_test'] = flip
        with torch.no_grad():  # as the test loop of mmengine
            found = alternate(
                lambda: mine.test_step(copy.copy(batch)),
                lambda: plain.test_step(copy.copy(batch)),
                context.plan.times(6),
                context.device,
            )
        yield result_of(
            SUITE,
            f'predict with trust, {"" if flip else "no "}flip test',
            found,
            context.batch_size,
            BAR,
        )
