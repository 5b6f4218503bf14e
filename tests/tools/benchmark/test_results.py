import json
import math

import pytest

from self_verify_pose.tools.benchmark.results import (
    BenchmarkResult,
    as_json,
    as_table,
    result_of,
)
from self_verify_pose.tools.benchmark.timing import PairedTiming


@pytest.mark.parametrize(
    ('value', 'higher_is_better', 'passed'),
    [(1.0, False, True), (1.2, False, False), (1.2, True, True)],
)
def test_a_threshold_has_a_direction(value, higher_is_better, passed):
    result = BenchmarkResult(
        'name', value, threshold=1.1, higher_is_better=higher_is_better
    )
    assert result.passed is passed


def test_neither_a_missing_value_nor_a_missing_threshold_fails():
    assert BenchmarkResult('name', math.nan, threshold=1.0).passed is None
    assert BenchmarkResult('name', 5.0).passed is None


def test_result_of_a_paired_timing():
    timing = PairedTiming([2.0, 4.0], [1.0, 2.0])
    result = result_of('step', timing, images=6, threshold=2.5)
    assert (result.value, result.unit, result.passed) == (2.0, '×', True)
    assert result.note == '2.0 images/s'
    assert result.details['images per second'] == 2.0
    assert result.details['runs'] == 2


def test_json_keys_and_missing_values():
    results = [
        BenchmarkResult('a', math.nan, threshold=1.0, suite='step'),
        BenchmarkResult('b', 5.0, 's', details={'runs': 3}),
    ]
    report = json.loads(json.dumps(as_json(results, {'cores': 2})))
    assert report['machine'] == {'cores': 2}
    assert report['rows'] == [
        {
            'suite': 'step',
            'what': 'a',
            'value': None,
            'unit': '×',
            'bar': 1.0,
            'at_least': False,
            'note': '',
            'details': {},
            'passed': None,
        },
        {
            'suite': '',
            'what': 'b',
            'value': 5.0,
            'unit': 's',
            'bar': None,
            'at_least': False,
            'note': '',
            'details': {'runs': 3},
            'passed': None,
        },
    ]


def test_table_shows_values_thresholds_and_outcomes():
    table = as_table(
        [
            BenchmarkResult('a', 1.5, threshold=1.0),
            BenchmarkResult(
                'b', 250.0, 'images/s', threshold=100.0, higher_is_better=True
            ),
            BenchmarkResult('c', math.nan),
        ]
    )
    columns = [list(column.cells) for column in table.columns]
    assert columns[2] == ['1.500 ×', '250 images/s', '–']
    assert columns[3] == ['≤ 1.000 ×', '≥ 100 images/s', '']
    assert columns[4] == ['[bold]MISSED[/bold]', 'met', '']
