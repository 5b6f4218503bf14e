import json
import math

import pytest

from self_verify_pose.tools.benchmark import (
    caches,
    processes,
    reports,
    scaling,
    steps,
    whole_run,
)
from self_verify_pose.tools.benchmark.results import BenchmarkResult, as_json

VALUES = {
    'plain step, batch of 32': 100.0,
    'selfverify_cycle step, batch of 32': 50.0,
    'predict with trust and flip test, batch of 32': 200.0,
    'selfverify_cycle step, two processes against one': 1.5,
    'cache of 149,813 persons': 120.0,
    'reading of results and annotations, 100,000 persons': 50.0,
    'evaluation, 100,000 persons': 30.0,
    'page, 100,000 persons': 10.0,
    'writing of report, figures and page, 100,000 persons': 10.0,
    'report of 100,000 persons, memory': 1_048.576,
}


def write(folder, name='benchmark.json', **changes):
    results = [
        BenchmarkResult(what, value)
        for what, value in {**VALUES, **changes}.items()
    ]
    memory = {'bytes': 2**21, 'baseline bytes': 2**20}
    name_of_peak = 'peak memory of the selfverify_cycle step'
    results.append(BenchmarkResult(name_of_peak, 2.0, details=memory))
    path = folder / name
    path.write_text(json.dumps(as_json(results, {})))
    return path


def test_measured_rates_are_extrapolated(tmp_path):
    rows = whole_run.read_values([write(tmp_path)])
    plain, cycle, test, cache, report = whole_run.estimate(rows, 2, [1, 4])
    hours = 149_813 * 2 / 100 / 3600
    assert plain.hours == pytest.approx((hours, hours / 1.5**2))
    assert cycle.hours == pytest.approx((2 * hours, 2 * hours / 1.5**2))
    assert (plain.memory, cycle.memory) == (2**20, 2**21)
    assert test.hours[0] == pytest.approx(6_352 / 200 / 3600)
    # two processes were not measured: twice the rate
    assert cache.hours == pytest.approx((2.0, 0.5))
    hours = 100 * 6_352 / 100_000 / 3600
    assert report.hours == pytest.approx((hours, hours))
    assert report.memory == pytest.approx(1_048_576_000)


def test_a_doubling_that_could_not_be_measured_counts_as_two(tmp_path):
    name = 'selfverify_cycle step, two processes against one'
    rows = whole_run.read_values([write(tmp_path, **{name: math.nan})])
    plain = next(iter(whole_run.estimate(rows, 1, [1, 8])))
    assert plain.hours[0] == pytest.approx(8 * plain.hours[1])


def test_the_names_are_those_of_the_benchmark(context, monkeypatch):
    """A renamed measurement would not be found in its file."""
    monkeypatch.setattr(caches, '_seconds_of_whole_cache', lambda _: 1.0)
    fake = BenchmarkResult('', 0.0)
    monkeypatch.setattr(caches, 'compare', lambda *_: fake)
    names = [result.name for result in caches.measure_scaling(context)]
    functions = scaling._prepare_functions(context)
    names += [f'{name}, batch of 32' for name in functions]
    compared = []
    monkeypatch.setattr(
        processes, 'compare', lambda _, name, *__: compared.append(name)
    )
    list(processes.measure(context))
    names += [f'{name}, two processes against one' for name in compared]
    monkeypatch.setattr(
        reports,
        'run_in_processes',
        lambda function, _: [_stages(function)],
    )
    names += [result.name for result in reports.measure(context)]
    monkeypatch.setattr(steps, 'peak_of_steps', lambda *_: 1)
    names.append(steps._measure_memory(context).name)
    assert set(VALUES) <= set(names)
    assert 'peak memory of the selfverify_cycle step' in names


def _stages(function):
    stages = []
    if function is reports._report:
        stages = [(name, 1.0, 1) for name in whole_run._STAGES]
    return stages or [('stage', 1.0, 1)]


def test_the_table_shows_every_part(tmp_path, capsys):
    path = write(tmp_path)
    assert whole_run.main([str(path), '--epochs', '2']) == 0
    printed = ' '.join(capsys.readouterr().out.split())
    assert '8 processes' in printed
    assert '1,000 MiB' in printed
    assert '49.9 min' in printed


@pytest.mark.parametrize(
    ('content', 'expected'),
    [
        ('{', 'results of the benchmark'),
        ('[]', 'results of the benchmark'),
        ('{"rows": [{}]}', 'results of the benchmark'),
        ('{"rows": []}', "the measurement 'plain step"),
    ],
)
def test_another_file_is_refused(content, expected, tmp_path, capsys):
    path = tmp_path / 'other.json'
    path.write_text(content)
    assert whole_run.main([str(path)]) == 2
    assert expected in capsys.readouterr().err
