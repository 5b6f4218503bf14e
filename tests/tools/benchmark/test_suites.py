import pytest
import torch

from self_verify_pose.tools.benchmark import suites
from self_verify_pose.tools.benchmark.results import BenchmarkResult


@pytest.fixture
def recorded(monkeypatch):
    """Replace every measurement by one that records its call."""
    calls = []

    def recorder(name):
        def measure(context):
            calls.append(name)
            yield BenchmarkResult(name, float(context.batch_size))

        return measure

    for table, suffix in ((suites.SUITES, ''), (suites.SCALING, ' scaling')):
        for name in list(table):
            monkeypatch.setitem(table, name, (recorder(name + suffix),))
    return calls


def test_suites_run_in_order_and_name_their_results(recorded):
    reported = []
    results = suites.run_suites(
        ['step', 'predict', 'teacher', 'metric', 'data'],
        reported.append,
        device=torch.device('cpu'),
        batch_size=3,
        scaling=False,
    )
    assert recorded == ['step', 'predict', 'teacher', 'metric', 'data']
    assert [result.suite for result in results] == recorded
    assert reported == results
    assert results[0].value == 3.0


def test_scaling_runs_after_its_suite(recorded):
    results = suites.run_suites(
        ['teacher', 'metric'], lambda result: None, device=torch.device('cpu')
    )
    assert recorded == ['teacher', 'teacher scaling', 'metric']
    assert [r.suite for r in results] == ['teacher', 'teacher', 'metric']
