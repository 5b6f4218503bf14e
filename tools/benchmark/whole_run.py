"""Estimate time and memory of a COCO-sized run from measured results.

python -m self_verify_pose.tools.benchmark.whole_run BENCHMARK.json ...

The files are those of ``tools/benchmark --out``, measured without
``--no-growth`` on the machine that is asked about: all suites in one file, or
step, teacher and report in one each.
"""

import argparse
import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from self_verify_pose.coco_fields import check_file
from self_verify_pose.tools.benchmark.caches import TRAIN2017
from self_verify_pose.tools.benchmark.reports import PERSONS as REPORTED
from self_verify_pose.tools.command_line import at_least, run_tool

VAL2017 = 6_352  # persons with keypoints
BATCH = 32
_STAGES = (
    'reading of results and annotations',
    'evaluation',
    'page',
    'writing of report, figures and page',
)


class Estimate(NamedTuple):
    """One part of a run.

    Args:
        name: What is done.
        hours: Hours for each number of processes.
        memory: Bytes of one process at its peak; NaN if not measured.
    """

    name: str
    hours: tuple[float, ...]
    memory: float = float('nan')


def read_values(paths: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Read results of the benchmark.

    Args:
        paths: Files of ``tools/benchmark --out``.

    Returns:
        The rows by the name of the measurement; later files win.

    Raises:
        ValueError: If a file is not one of the benchmark.
    """
    rows = {}
    for path in paths:
        check_file(path)
        try:
            found = json.loads(path.read_text())['rows']
            rows.update({row['what']: row for row in found})
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f'{path}: expected results of the benchmark, found another '
                'file; write it with tools/benchmark --out FILE.json.'
            ) from error
    return rows


def estimate(
    rows: Mapping[str, Mapping[str, Any]],
    epochs: int,
    processes: Sequence[int],
) -> Iterator[Estimate]:
    """Extrapolate measured rates to COCO train2017 and val2017.

    Each doubling of the processes is assumed to gain what the first one
    gained; twice the rate, where two processes were not measured, as on a
    machine with one GPU.

    Args:
        rows: Results as returned by :func:`read_values`.
        epochs: Epochs of a training.
        processes: Numbers of processes, one on each GPU.

    Yields:
        The parts of a run.

    Raises:
        ValueError: If a measurement is missing; the message names it.
    """
    gains = [
        _gain(rows, 'selfverify_cycle step', count) for count in processes
    ]
    for name in ('plain step', 'selfverify_cycle step'):
        hours = TRAIN2017 * epochs / _rate(rows, name) / 3600
        details = rows.get('peak memory of the selfverify_cycle step', {})
        key = 'baseline bytes' if name == 'plain step' else 'bytes'
        memory = details.get('details', {}).get(key, float('nan'))
        title = name.removesuffix(' step')
        yield Estimate(
            f'training, {title}, {epochs} epochs of train2017',
            tuple(hours / gain for gain in gains),
            memory,
        )
    hours = VAL2017 / _rate(rows, 'predict with trust and flip test') / 3600
    yield Estimate('test of val2017', tuple(hours / gain for gain in gains))
    hours = _value(rows, f'cache of {TRAIN2017:,} persons') / 60
    yield Estimate(
        'cache of train2017',
        tuple(
            hours / _gain(rows, 'cache generation', count)
            for count in processes
        ),
    )
    suffix = f', {REPORTED:,} persons'
    seconds = sum(_value(rows, stage + suffix) for stage in _STAGES)
    hours = seconds * VAL2017 / REPORTED / 3600
    memory = 1e6 * _value(rows, f'report of {REPORTED:,} persons, memory')
    yield Estimate(
        'report of val2017, one process; memory of 100,000 persons',
        (hours,) * len(processes),
        memory,
    )


def _gain(
    rows: Mapping[str, Mapping[str, Any]], name: str, processes: int
) -> float:
    """The rate of several processes, of that of one."""
    row = rows.get(f'{name}, two processes against one') or {}
    doubling = float(row.get('value') or 2)
    return doubling ** math.log2(processes)


def _rate(rows: Mapping[str, Mapping[str, Any]], name: str) -> float:
    return _value(rows, f'{name}, batch of {BATCH}')


def _value(rows: Mapping[str, Mapping[str, Any]], name: str) -> float:
    value = rows.get(name, {}).get('value')
    if value is None:
        raise ValueError(
            f"expected the measurement '{name}', found none; run "
            'tools/benchmark without --no-growth and give its file, or those '
            'of --suite step, teacher and report.'
        )
    return float(value)


def as_table(estimates: Iterable[Estimate], processes: Sequence[int]) -> Table:
    """Lay estimates out for the terminal.

    Args:
        estimates: The parts of a run.
        processes: Numbers of processes that they are for.

    Returns:
        A table of one row per part.
    """
    table = Table()
    table.add_column('part', overflow='fold')
    for count in processes:
        title = '1 process' if count == 1 else f'{count} processes'
        table.add_column(title, justify='right', no_wrap=True)
    table.add_column('memory of one', justify='right', no_wrap=True)
    for part in estimates:
        memory = (
            '–'
            if math.isnan(part.memory)
            else f'{part.memory / 2**20:,.0f} MiB'
        )
        table.add_row(part.name, *map(_duration, part.hours), memory)
    return table


def _duration(hours: float) -> str:
    minutes = 60 * hours
    if minutes < 1:
        return f'{60 * minutes:.0f} s'
    return f'{minutes:.1f} min' if hours < 2 else f'{hours:,.1f} h'


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool.

    Args:
        argv: Arguments; by default those of the process.

    Returns:
        Exit code: 0, or 2 for bad input.
    """
    parser = argparse.ArgumentParser(
        prog='whole_run', description=__doc__.splitlines()[0]
    )
    add = parser.add_argument
    add('files', type=Path, nargs='+', metavar='BENCHMARK.json')
    add('--epochs', type=at_least(1), default=5, help='(%(default)s)')
    numbers = 'numbers of processes, one on each GPU (1 8)'
    add(
        '--processes',
        type=at_least(1),
        nargs='+',
        default=[1, 8],
        help=numbers,
    )
    args = parser.parse_args(argv)

    def work() -> None:
        parts = estimate(read_values(args.files), args.epochs, args.processes)
        Console().print(as_table(parts, args.processes))

    return run_tool(__file__, work)


if __name__ == '__main__':
    sys.exit(main())
