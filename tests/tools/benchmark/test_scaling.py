import math

import pytest
import torch

from self_verify_pose.tools.benchmark import scaling
from self_verify_pose.tools.benchmark.timing import Plan


@pytest.mark.slow
def test_every_batch_size_is_measured(context, monkeypatch):
    monkeypatch.setattr(scaling, 'CPU_SIZES', (1, 3))
    monkeypatch.setattr(scaling, 'PLAN', Plan(repeats=1, warmup=0))
    results = list(scaling.measure(context))
    assert len(results) == 8
    assert all(result.value > 0 for result in results)
    assert results[1].name == 'plain step, batch of 3'


def test_larger_batches_are_skipped_when_memory_is_full(context, monkeypatch):
    monkeypatch.setattr(scaling, 'CPU_SIZES', (1, 3, 5))

    def run_out(work, plan, device):
        raise torch.cuda.OutOfMemoryError

    monkeypatch.setattr(scaling, 'median_seconds', run_out)
    results = list(scaling.measure(context))
    assert len(results) == 4
    assert all(math.isnan(result.value) for result in results)
    assert {result.note for result in results} == {'memory full'}
