import json
import subprocess
import sys

import pytest
import torch
from helpers import ROOT

from self_verify_pose.tools.benchmark import __main__ as benchmark
from self_verify_pose.tools.benchmark.results import BenchmarkResult
from self_verify_pose.tools.benchmark.suites import SUITES

WAYS = {
    'module': ['-m', 'self_verify_pose.tools.benchmark'],
    'folder': [str(ROOT / 'tools' / 'benchmark')],
}


@pytest.fixture
def one_suite(monkeypatch):
    results = [
        BenchmarkResult('small', 0.5, threshold=1.0),
        BenchmarkResult('free', 3.0),
    ]
    monkeypatch.setitem(SUITES, 'metric', (lambda context: iter(results),))
    return results


def test_the_tool_prints_and_writes(one_suite, tmp_path, capsys):
    out = tmp_path / 'report.json'
    code = benchmark.main(
        ['--suite', 'metric', '--repeats', '1', '--out', str(out)]
    )
    assert code == 0
    printed = capsys.readouterr().out
    assert 'small' in printed
    assert 'met' in printed
    assert 'load' in printed
    report = json.loads(out.read_text())
    assert [row['passed'] for row in report['rows']] == [True, None]
    assert report['machine']['cores'] >= 1


def test_json_is_printed_where_no_file_is_named(one_suite, capsys):
    benchmark.main(['--suite', 'metric', '--repeats', '1'])
    captured = capsys.readouterr()
    first, *table = captured.out.splitlines()
    assert [row['value'] for row in json.loads(first)['rows']] == [0.5, 3.0]
    assert any('small' in line for line in table)
    assert 'metric: small: 0.5' in captured.err


def test_a_missed_threshold_is_an_exit_code(one_suite, capsys):
    one_suite.append(BenchmarkResult('large', 2.0, threshold=1.0))
    assert benchmark.main(['--suite', 'metric']) == 1
    assert 'threshold missed: large' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--repeats', '0'], 'at least 1'),
        (['--batch-size', '0'], 'at least 1'),
        (['--suite', 'magic'], 'invalid choice'),
        (['--device', 'cuda'], 'found none'),
        (['--config', 'no.py'], 'expected a file, found none'),
        (['--checkpoint', __file__], 'expected --config'),
        (['--config', __file__, '--suite', 'data'], 'expected step, predict'),
        (['--out', '/no/folder/all.json'], 'expected the folder'),
    ],
)
def test_wrong_arguments_stop_it(arguments, message, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.raises(SystemExit) as stop:
        benchmark.parse_arguments(arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_options_reach_the_suites(monkeypatch, capsys):
    calls = []

    def run_suites(names, context, progress):
        calls.append((list(names), context))
        return []

    monkeypatch.setattr(benchmark, 'run_suites', run_suites)
    assert benchmark.main(['--no-growth', '--repeats', '4']) == 0
    assert benchmark.main(['--suite', 'data', '--batch-size', '3']) == 0
    (names, context), (other_names, other) = calls
    assert names == [*SUITES]
    assert {'step', 'predict', 'teacher', 'metric', 'data'} <= {*names}
    assert context.plan.repeats == 4
    assert (context.scaling, context.batch_size) == (False, 32)
    assert other_names == ['data']
    assert (other.scaling, other.batch_size) == (True, 3)


def run(way, suite, folder):
    """Run the tool in a process, from another folder."""
    out = folder / 'report.json'
    options = ['--suite', suite, '--batch-size', '1', '--repeats', '1']
    finished = subprocess.run(
        [sys.executable, *WAYS[way], *options, '--no-growth', '--out', out],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert finished.returncode in (0, 1), finished.stderr
    assert 'Traceback' not in finished.stderr
    return json.loads(out.read_text())['rows']


@pytest.mark.parametrize(
    'way', ['module', pytest.param('folder', marks=pytest.mark.slow)]
)
def test_the_tool_starts_as_a_module_and_as_a_folder(way, tmp_path):
    rows = run(way, 'metric', tmp_path)
    assert [row['unit'] for row in rows] == ['s', 'MB']
    assert all(row['value'] > 0 for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize('way', WAYS)
def test_it_starts_new_processes_in_both_ways(way, tmp_path):
    *_, memory = run(way, 'step', tmp_path)
    assert memory['what'] == 'peak memory of the selfverify_cycle step'
    assert memory['value'] > 1
