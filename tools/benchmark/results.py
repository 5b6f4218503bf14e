"""What was measured, against its bar."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.table import Table

from self_verify_pose.metrics.json_values import to_json_values
from self_verify_pose.tools.benchmark.timing import PairedTiming


@dataclass(frozen=True)
class BenchmarkResult:
    """One measured figure.

    Args:
        suite: Part of the benchmark.
        what: What was measured.
        value: The figure; NaN where it could not be measured.
        unit: Its unit; ``'×'`` is a ratio to plain RTMPose-S.
        bar: What it is held to; None where nothing is.
        at_least: The bar is the smallest good value, not the largest.
        note: What the reader should know.
        details: More figures, for the JSON.
    """

    suite: str
    what: str
    value: float
    unit: str = '×'
    bar: float | None = None
    at_least: bool = False
    note: str = ''
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool | None:
        """Whether the bar is met; None without a bar or a figure."""
        if self.bar is None or math.isnan(self.value):
            return None
        if self.at_least:
            return self.value >= self.bar
        return self.value <= self.bar


def result_of(
    suite: str,
    what: str,
    found: PairedTiming,
    images: int,
    bar: float | None = None,
    unit: str = '×',
) -> BenchmarkResult:
    """Return the ratio of a comparison, and the rate of what was judged.

    Args:
        suite: Part of the benchmark.
        what: What was measured.
        found: The seconds of both.
        images: Images in each run.
        bar: Largest good ratio; None where there is none.
        unit: What it is a ratio to.

    Returns:
        The row.
    """
    details = found.details()
    rate = images / details['seconds']
    return BenchmarkResult(
        suite,
        what,
        found.ratio,
        unit=unit,
        bar=bar,
        note=f'{rate:,.1f} images/s',
        details={**details, 'images per second': rate},
    )


def missed(rows: Sequence[BenchmarkResult]) -> list[BenchmarkResult]:
    """Return the rows that miss their bar."""
    return [row for row in rows if row.passed is False]


def as_table(rows: Sequence[BenchmarkResult]) -> Table:
    """Lay rows out for the terminal.

    Args:
        rows: What was measured.

    Returns:
        The table.
    """
    table = Table()
    for name in ('suite', 'what'):
        table.add_column(name, overflow='fold')
    for name in ('measured', 'bar'):
        table.add_column(name, justify='right', no_wrap=True)
    table.add_column('')
    table.add_column('note', overflow='fold')
    verdicts = {True: 'met', False: '[bold]MISSED[/bold]', None: ''}
    for row in rows:
        table.add_row(
            row.suite,
            row.what,
            _figure(row.value, row.unit),
            '' if row.bar is None else _bar(row),
            verdicts[row.passed],
            row.note,
        )
    return table


def as_json(
    rows: Sequence[BenchmarkResult], machine: Mapping[str, Any]
) -> dict[str, Any]:
    """Return everything that was measured.

    Args:
        rows: What was measured.
        machine: Where.

    Returns:
        A dict for ``json.dump``; NaN is None.
    """
    found = [{**asdict(row), 'passed': row.passed} for row in rows]
    return to_json_values({'machine': dict(machine), 'rows': found})


def _bar(row: BenchmarkResult) -> str:
    sign = '≥' if row.at_least else '≤'
    return f'{sign} {_figure(row.bar, row.unit)}'


def _figure(value: float, unit: str) -> str:
    if math.isnan(value):
        return '–'
    digits = 3 if value < 2 else 2 if value < 10 else 1 if value < 100 else 0
    return f'{value:,.{digits}f} {unit}'
