import json
import math
import mmap
import os
import time
from functools import partial

import numpy as np
import pytest
import torch
from helpers import fail_second, narrow

from self_verify_pose.tools.benchmark import __main__ as benchmark
from self_verify_pose.tools.benchmark import (
    caches,
    loading,
    memory,
    metrics,
    predictions,
    processes,
    steps,
    teachers,
)
from self_verify_pose.tools.benchmark import (
    optimizations as helps,
)
from self_verify_pose.tools.benchmark import (
    scaling as growth,
)
from self_verify_pose.tools.benchmark.context import (
    BASELINE,
    SELFVERIFY,
    BenchmarkContext,
)
from self_verify_pose.tools.benchmark.results import (
    BenchmarkResult,
    as_json,
    as_table,
    missed,
)
from self_verify_pose.tools.benchmark.roofline import (
    count_step,
    machine_limits,
)
from self_verify_pose.tools.benchmark.spawning import in_new_processes
from self_verify_pose.tools.benchmark.timing import (
    Plan,
    alternate,
    median_seconds,
)

CPU = torch.device('cpu')
ONCE = Plan(repeats=1, warmup=0)


class NarrowSetting(BenchmarkContext):
    """The same with a small network."""

    def config(self, *args, **kwargs):
        config = super().config(*args, **kwargs)
        narrow(config.model)
        return config


@pytest.fixture(scope='module')
def context(tmp_path_factory):
    folder = tmp_path_factory.mktemp('benchmark')
    return NarrowSetting(folder, CPU, 2, ONCE, growth=False)


def names(rows):
    return [row.what for row in rows]


def test_two_works_run_by_turns_and_warm_up():
    order = []
    found = alternate(
        partial(order.append, 'mine'),
        partial(order.append, 'plain'),
        Plan(repeats=3, warmup=2),
        CPU,
    )
    assert order == ['plain', 'mine'] * 5
    assert len(found.candidate) == len(found.baseline) == 3


def test_the_ratio_is_the_one_of_neighbors():
    """A machine that is slow for a while slows both."""
    found = alternate(
        partial(time.sleep, 0.02), partial(time.sleep, 0.01), Plan(5, 1), CPU
    )
    assert 1.4 < found.ratio < 2.2
    details = found.details()
    assert details['smallest ratio'] <= found.ratio <= details['largest ratio']
    slow = type(found)([2.0, 20.0, 2.0], [1.0, 10.0, 1.0])
    assert slow.ratio == 2.0
    assert median_seconds(partial(time.sleep, 0.01), Plan(3, 0), CPU) >= 0.01


@pytest.mark.parametrize(
    ('value', 'at_least', 'passed'),
    [(1.0, False, True), (1.2, False, False), (1.2, True, True)],
)
def test_a_bar_has_a_side(value, at_least, passed):
    row = BenchmarkResult('step', 'it', value, bar=1.1, at_least=at_least)
    assert row.passed is passed
    assert missed([row]) == ([] if passed else [row])


def test_no_figure_and_no_bar_miss_nothing():
    rows = [
        BenchmarkResult('step', 'a', math.nan, bar=1.0),
        BenchmarkResult('step', 'b', 5.0),
    ]
    assert missed(rows) == []
    text = json.dumps(as_json(rows, {'cores': 2}))
    assert json.loads(text)['rows'][0]['value'] is None
    assert as_table(rows).row_count == 2


def test_the_bars_are_the_agreed_ones():
    bars = {variant.what: variant.bar for variant in steps.VARIANTS}
    assert list(bars.values()) == [2.05, 1.40, 0.72, 1.10, 1.20]
    assert steps.CACHED_BARS == {'images': 0.36, 'features': 0.02}
    assert (steps.MEMORY_BAR, predictions.BAR, caches.BAR) == (2.1, 1.03, 0.9)
    assert (metrics.SECONDS_BAR, metrics.MEMORY_BAR) == (1.0, 50.0)
    assert (loading.DRAWN_BAR, metrics.PERSONS) == (100.0, 6352)


def test_every_training_is_compared(context, monkeypatch):
    monkeypatch.setattr(
        steps, 'peak_of_steps', lambda _, name: 3 + (name == SELFVERIFY)
    )
    rows = list(steps.measure(context))
    assert len(rows) == 8
    assert all(row.value > 0 and row.bar for row in rows)
    assert names(rows)[-3:-1] == [
        'cached labels, from images',
        'cached labels, from features',
    ]
    assert rows[-1].value == pytest.approx(4 / 3)


def test_plain_is_plain(context):
    plain = context.training(context.config(BASELINE))
    assert type(plain.model).__name__ == 'TopdownPoseEstimator'
    assert plain.model.training


def test_speed_ups_and_floor_are_measured(context):
    rows = list(helps.measure(context))
    assert [r.unit for r in rows].count('× without') == 4
    assert all(row.bar is None and row.value > 0 for row in rows)
    plain = context.training(context.config(BASELINE))
    operations, moved = count_step(plain)
    # convolutions and linear layers, by hand, are nearly all of it
    by_hand = []

    def count(module, inputs, output):
        per_output = module.weight.numel() / module.weight.shape[0]
        by_hand.append(2 * output.numel() * per_output)

    for module in plain.model.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            module.register_forward_hook(count)
    plain.model.head.forward(
        plain.model.extract_feat(torch.zeros(2, 3, 256, 192))
    )
    assert operations / 3 == pytest.approx(sum(by_hand), rel=0.1)
    assert moved > sum(p.numel() * 4 for p in plain.model.parameters())
    assert all(limit > 1e8 for limit in machine_limits(CPU))


def test_growth_covers_every_batch_size(context, monkeypatch):
    monkeypatch.setattr(growth, 'CPU_SIZES', (1, 3))
    monkeypatch.setattr(growth, '_PLAN', ONCE)
    rows = list(growth.measure(context))
    assert len(rows) == 8
    assert all(row.value > 0 for row in rows)


def test_prediction_is_compared_with_and_without_flip(context):
    rows = list(predictions.measure(context))
    assert [row.bar for row in rows] == [1.03, 1.03]
    assert names(rows)[0].endswith('no flip test')


def test_teachers_and_caches(context):
    rows = list(teachers.measure(context))
    assert names(rows)[0] == 'FreeJointTeacher, 1 poses at once'
    points, size = teachers.drawn_poses(context, 40)
    assert points.shape == (40, 17, 2)
    assert size.shape == (40,)
    assert (size > 0).all()
    (row,) = caches.measure(context)
    assert 0 < row.value < 1.5
    assert row.details['persons'] >= 8


def test_growth_of_a_cache_says_what_was_not_run(context, monkeypatch):
    monkeypatch.setattr(caches, 'RUN', 4)
    monkeypatch.setattr(processes, 'rate_together', lambda _, n, work: 5.0 * n)
    ran, *extrapolated, together = caches.growth(context)
    assert ran.note == 'run'
    assert all('not run' in row.note for row in extrapolated)
    per_person = ran.value / 4
    assert extrapolated[0].value == pytest.approx(10_000 * per_person)
    assert together.value == 2.0


@pytest.mark.parametrize('prepare', [processes.train, caches.of_one_process])
def test_processes_work_together(tmp_path, prepare):
    # the other process cannot import the context of these tests
    context = BenchmarkContext(tmp_path, CPU, batch_size=2)
    assert processes.rate_together(context, 2, prepare) > 0


def test_one_gpu_trains_in_one_process(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 1)
    context = BenchmarkContext(tmp_path, torch.device('cuda'))
    (row,) = processes.measure(context)
    assert math.isnan(row.value)
    assert row.note == 'one GPU'


def test_one_that_fails_leaves_none_waiting(tmp_path):
    context = BenchmarkContext(tmp_path, CPU, batch_size=2)
    with pytest.raises(RuntimeError, match='not today'):
        processes.rate_together(context, 2, fail_second)


def test_the_metric_meets_its_bars(context):
    time_row, memory_row = metrics.measure(context)
    assert memory_row.passed
    assert 0 < time_row.value < 10


def test_loading_and_drawing(context):
    rows = list(loading.measure(context))
    assert 0 < rows[0].value < 1
    assert rows[1].value > 0
    assert rows[2].unit == 'images/s'


def test_fresh_processes_hand_back_their_results_in_order():
    assert in_new_processes(int, [('5',), ('6',)]) == [5, 6]
    with pytest.raises(RuntimeError, match=r"(?s)one fails.*'five'"):
        in_new_processes(int, [('five',)])


def test_a_process_that_dies_is_reported():
    with pytest.raises(RuntimeError, match=r'one fails.*exit code 3'):
        in_new_processes(os._exit, [(3,)])


def test_memory_counts_what_the_process_grows_by():
    # not from the heap, which may hold freed memory
    held = np.frombuffer(mmap.mmap(-1, 2**26), np.uint8)
    before = memory._status('VmRSS')
    held[:] = 1
    grown = memory._status('VmRSS') - before
    assert grown == pytest.approx(len(held), rel=0.2)


@pytest.fixture
def one_suite(monkeypatch):
    rows = [
        BenchmarkResult('metric', 'small', 0.5, bar=1.0),
        BenchmarkResult('metric', 'free', 3.0),
    ]
    monkeypatch.setitem(
        benchmark.SUITES, 'metric', (lambda context: iter(rows),)
    )
    return rows


def test_the_tool_prints_and_writes(one_suite, tmp_path, capsys):
    out = tmp_path / 'figures.json'
    code = benchmark.main(
        ['--suite', 'metric', '--repeats', '1', '--out', str(out)]
    )
    assert code == 0
    printed = capsys.readouterr().out
    assert 'small' in printed
    assert 'met' in printed
    assert 'load' in printed
    found = json.loads(out.read_text())
    assert [row['passed'] for row in found['rows']] == [True, None]
    assert found['machine']['cores'] >= 1


def test_json_is_printed_where_no_file_is_named(one_suite, capsys):
    benchmark.main(['--suite', 'metric', '--repeats', '1'])
    first, *table = capsys.readouterr().out.splitlines()
    assert [row['value'] for row in json.loads(first)['rows']] == [0.5, 3.0]
    assert any('small' in line for line in table)


def test_a_missed_bar_is_an_exit_code(one_suite, capsys):
    one_suite.append(BenchmarkResult('metric', 'large', 2.0, bar=1.0))
    assert benchmark.main(['--suite', 'metric']) == 1
    assert 'bar missed: large' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--repeats', '0'], 'at least 1'),
        (['--batch-size', '0'], 'at least 1'),
        (['--suite', 'magic'], 'invalid choice'),
        (['--device', 'cuda'], 'found none'),
        (['--out', '/no/folder/all.json'], 'expected the folder'),
    ],
)
def test_wrong_arguments_stop_it(arguments, message, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.raises(SystemExit) as stop:
        benchmark.parse_arguments(arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_every_suite_runs_by_default(monkeypatch):
    seen = []

    def suite(name):
        def measure(context):
            seen.append(name)
            return iter(())

        return measure

    for name in list(benchmark.SUITES):
        monkeypatch.setitem(benchmark.SUITES, name, (suite(name),))
    args = benchmark.parse_arguments(['--no-growth'])
    assert benchmark.measure_all(args, benchmark.Console(quiet=True)) == []
    assert seen == ['step', 'predict', 'teacher', 'metric', 'data']
