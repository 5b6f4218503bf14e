import time
from functools import partial

import torch

from self_verify_pose.tools.benchmark.timing import (
    PairedTiming,
    Plan,
    alternate,
    median_seconds,
    time_once,
)

CPU = torch.device('cpu')


def test_candidate_and_baseline_alternate_after_the_warmup():
    order = []
    timing = alternate(
        partial(order.append, 'candidate'),
        partial(order.append, 'baseline'),
        Plan(repeats=3, warmup=2),
        CPU,
    )
    assert order == ['baseline', 'candidate'] * 5
    assert len(timing.candidate) == len(timing.baseline) == 3


def test_ratio_of_sleeping_functions():
    timing = alternate(
        partial(time.sleep, 0.02), partial(time.sleep, 0.01), Plan(5, 1), CPU
    )
    assert 1.4 < timing.ratio < 2.2
    details = timing.details()
    assert (
        details['smallest ratio'] <= timing.ratio <= details['largest ratio']
    )


def test_ratio_ignores_a_slowdown_of_both():
    timing = PairedTiming([2.0, 20.0, 2.0], [1.0, 10.0, 1.0])
    assert timing.ratio == 2.0
    assert timing.details() == {
        'seconds': 2.0,
        'baseline seconds': 1.0,
        'smallest ratio': 2.0,
        'largest ratio': 2.0,
        'runs': 3,
    }


def test_seconds_of_a_sleeping_function():
    sleep = partial(time.sleep, 0.01)
    assert time_once(sleep, CPU) >= 0.01
    assert median_seconds(sleep, Plan(3, 0), CPU) >= 0.01


def test_runs_of_the_median():
    runs = []
    median_seconds(partial(runs.append, 0), Plan(repeats=3, warmup=2), CPU)
    assert len(runs) == 5


def test_a_gpu_is_synchronized_before_and_after(monkeypatch):
    order = []
    monkeypatch.setattr(torch.cuda, 'synchronize', order.append)
    time_once(partial(order.append, 'work'), torch.device('cuda'))
    assert order == [torch.device('cuda'), 'work', torch.device('cuda')]
