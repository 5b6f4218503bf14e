import subprocess

import pytest

from self_verify_pose.metrics.evaluation.io.dump import read_dump
from self_verify_pose.metrics.evaluation.report import write
from self_verify_pose.metrics.evaluation.report.evaluation_report import (
    EvalConfig,
)
from self_verify_pose.tools.benchmark import reports


def measure(context, monkeypatch, persons):
    monkeypatch.setattr(reports, 'PERSONS', persons)
    return {result.name: result for result in reports.measure(context)}


def test_every_stage_has_a_time_and_every_process_a_peak(context, monkeypatch):
    monkeypatch.setattr(
        reports,
        'run_in_processes',
        lambda function, calls: [function(*calls[0])],
    )
    # the tool in a process of its own is run by the slow test below
    done = subprocess.CompletedProcess([], 0, stdout='a report\n123456\n')
    monkeypatch.setattr(subprocess, 'run', lambda *_, **__: done)
    few = EvalConfig(n_bootstrap=2)
    monkeypatch.setattr(reports, 'EvalConfig', lambda: few)
    monkeypatch.setattr(write, 'draw_figures', lambda *arguments: [])
    monkeypatch.setattr(write, 'format_report', lambda *arguments: '')
    results = measure(context, monkeypatch, 200)
    units = [result.unit for result in results.values()]
    assert units == [*'ss', 'MB', 's', 'MB', *'ssss', 'MB']
    assert all(result.value > 0 for result in results.values())
    for name in ('metric', 'dump', 'report'):
        memory = results[f'{name} of 200 persons, memory']
        assert memory.threshold == 2_000
        assert not memory.higher_is_better
    assert results['dump of 200 persons, memory'].value == 126.418944
    assert len(read_dump(context.folder / 'reports/dump.pkl')) == 200
    assert (context.folder / 'reports/report/report.html').exists()


@pytest.mark.slow
def test_the_slope_of_memory_keeps_many_persons_below_the_threshold(
    context, monkeypatch
):
    sizes = 1_000, 6_000
    measured = [measure(context, monkeypatch, size) for size in sizes]
    for name in ('metric', 'dump', 'report'):
        low, high = (
            results[f'{name} of {size:,} persons, memory'].value
            for size, results in zip(sizes, measured, strict=True)
        )
        slope = (high - low) / (sizes[1] - sizes[0])
        print(f'{name}: {low:.0f} MB, {1e3 * slope:.1f} MB per 1,000 persons')
        expected = low + slope * (100_000 - sizes[0])
        assert expected < reports.MEMORY_THRESHOLD
