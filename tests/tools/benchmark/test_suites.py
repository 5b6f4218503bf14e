from dataclasses import replace

import pytest
from rich.console import Console

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


def test_suites_run_in_order_and_name_their_results(context, recorded):
    names = ['step', 'predict', 'teacher', 'metric', 'data']
    results = suites.run_suites(names, context, Console(quiet=True))
    assert recorded == names
    assert [result.suite for result in results] == names
    assert results[0].value == context.batch_size


def test_scaling_runs_after_its_suite(context, recorded):
    context = replace(context, scaling=True)
    progress = Console(quiet=True)
    results = suites.run_suites(['teacher', 'metric'], context, progress)
    assert [r.suite for r in results] == ['teacher', 'teacher', 'metric']
    assert recorded == ['teacher', 'teacher scaling', 'metric']
