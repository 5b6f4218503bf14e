"""Check that the tests execute enough of every file.

    python tests/coverage_floor.py COVERAGE_JSON

COVERAGE_JSON is what ``coverage json`` or ``pytest --cov-report=json`` writes.
Coverage has a floor for the sum of all files only; this one is for each.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FLOOR = 85.0


def below_floor(
    report: Mapping[str, Any], floor: float = FLOOR
) -> dict[str, float]:
    """Find the files of which too little is executed.

    Args:
        report: Content of coverage's JSON report.
        floor: Smallest accepted share of executed statements, in percent.

    Returns:
        Percentage of executed statements by file, the lowest first.
    """
    percent = {
        name: float(file['summary']['percent_covered'])
        for name, file in report['files'].items()
    }
    low = {name: value for name, value in percent.items() if value < floor}
    return dict(sorted(low.items(), key=lambda item: item[1]))


def main(path: str) -> int:
    """Print the files below the floor; the exit code is 1 if there are any.

    Args:
        path: File of coverage's JSON report.

    Returns:
        The exit code.
    """
    report = json.loads(Path(path).read_text())
    if not report['files']:
        print('coverage: expected files of the package, found none.')
        return 1
    low = below_floor(report)
    for name, value in low.items():
        lines = report['files'][name]['missing_lines']
        print(f'{value:5.1f} %  {name}  missing: {_ranges(lines)}')
    print(
        f'coverage: {report["totals"]["percent_covered"]:.1f} % of all '
        f'statements; {len(low)} of {len(report["files"])} files below the '
        f'floor of {FLOOR:g} %'
    )
    return int(bool(low))


def _ranges(lines: list[int]) -> str:
    """Join consecutive numbers: 1-3, 7."""
    starts = [n for n in lines if n - 1 not in lines]
    ends = [n for n in lines if n + 1 not in lines]
    pairs = zip(starts, ends, strict=True)
    return ', '.join(f'{a}-{b}' if a < b else f'{a}' for a, b in pairs)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
