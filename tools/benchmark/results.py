"""Results of a benchmark, their thresholds, and the two reports."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from self_verify_pose.metrics.json_values import to_json_values

from .timing import PairedTiming


@dataclass(frozen=True)
class BenchmarkResult:
    """One measured value.

    Args:
        name: Name of the measurement.
        value: The value; NaN where it could not be measured.
        unit: Its unit; ``'×'`` is a ratio to plain RTMPose-S.
        threshold: Largest (or smallest) value that passes; None if any does.
        higher_is_better: The threshold is the smallest value that passes.
        note: Remark for the table.
        details: Further values for the JSON report.
        suite: Suite that the measurement belongs to.
    """

    name: str
    value: float
    unit: str = '×'
    threshold: float | None = None
    higher_is_better: bool = False
    note: str = ''
    details: Mapping[str, Any] = field(default_factory=dict)
    suite: str = ''

    @property
    def passed(self) -> bool | None:
        """Whether the threshold is met; None without threshold or value."""
        if self.threshold is None or math.isnan(self.value):
            return None
        if self.higher_is_better:
            return self.value >= self.threshold
        return self.value <= self.threshold


def result_of(
    name: str,
    timing: PairedTiming,
    images: int,
    threshold: float | None = None,
    unit: str = '×',
) -> BenchmarkResult:
    """Turn a paired timing into a result.

    Args:
        name: Name of the measurement.
        timing: Times of candidate and baseline.
        images: Images that one run of the candidate processes.
        threshold: Largest ratio that passes; None if any does.
        unit: Unit of the ratio.

    Returns:
        The ratio of the times, with the candidate's images per second.
    """
    details = timing.details()
    rate = images / details['seconds']
    return BenchmarkResult(
        name,
        timing.ratio,
        unit=unit,
        threshold=threshold,
        note=f'{rate:,.1f} images/s',
        details={**details, 'images per second': rate},
    )


def as_table(results: Sequence[BenchmarkResult]) -> Table:
    """Lay results out for the terminal.

    Args:
        results: Measured values.

    Returns:
        A table of one row per result.
    """
    table = Table()
    for title in ('suite', 'measurement'):
        table.add_column(title, overflow='fold')
    for title in ('measured', 'threshold'):
        table.add_column(title, justify='right', no_wrap=True)
    table.add_column('')
    table.add_column('note', overflow='fold')
    outcomes = {True: 'met', False: '[bold]MISSED[/bold]', None: ''}
    for result in results:
        table.add_row(
            result.suite,
            result.name,
            _format(result.value, result.unit),
            _format_threshold(result),
            outcomes[result.passed],
            result.note,
        )
    return table


def as_json(
    results: Sequence[BenchmarkResult], machine: Mapping[str, Any]
) -> dict[str, Any]:
    """Collect results for a JSON report.

    Args:
        results: Measured values.
        machine: Description of the machine.

    Returns:
        A dictionary for ``json.dump``; NaN becomes None.
    """
    rows = [
        {
            'suite': result.suite,
            'what': result.name,
            'value': result.value,
            'unit': result.unit,
            'bar': result.threshold,
            'at_least': result.higher_is_better,
            'note': result.note,
            'details': dict(result.details),
            'passed': result.passed,
        }
        for result in results
    ]
    return {'machine': dict(machine), 'rows': to_json_values(rows)}


def _format_threshold(result: BenchmarkResult) -> str:
    if result.threshold is None:
        return ''
    sign = '≥' if result.higher_is_better else '≤'
    return f'{sign} {_format(result.threshold, result.unit)}'


def _format(value: float, unit: str) -> str:
    if math.isnan(value):
        return '–'
    digits = 3 if value < 2 else 2 if value < 10 else 1 if value < 100 else 0
    return f'{value:,.{digits}f} {unit}'
