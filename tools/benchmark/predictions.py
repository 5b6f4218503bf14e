"""Time of a prediction with trust."""

import copy
from collections.abc import Iterator

import torch

from .context import BenchmarkContext
from .results import BenchmarkResult, result_of

THRESHOLD = 1.03


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Compare ``predict`` with the one of plain RTMPose-S.

    Args:
        context: Data, device and plan.

    Yields:
        Ratios of the times, without and with flip test.
    """
    config = context.config('selfverify_cycle')
    batch = context.batch(config, 'val')
    candidate = context.model(config).eval()
    plain = context.model(context.config('baseline')).eval()
    for flip in (False, True):
        for model in (candidate, plain):
            model.test_cfg['flip_test'] = flip
        with torch.no_grad():  # as the test loop of MMEngine
            timing = context.compare(
                lambda: candidate.test_step(copy.copy(batch)),
                lambda: plain.test_step(copy.copy(batch)),
                times=6,
            )
        yield result_of(
            f'predict with trust, {"" if flip else "no "}flip test',
            timing,
            context.batch_size,
            THRESHOLD,
        )
