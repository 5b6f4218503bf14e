"""Measure what everything costs against plain RTMPose-S, in one run.

python tools/benchmark.py [--device cpu|cuda] [--suite step|predict|...]

Works on drawn people, which it draws into a temporary folder; random weights.
Prints JSON, or writes it with --out, and a table, and exits with 1 if a bar
is missed.
Figures of a busy machine mean little: the load is printed with them.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import self_verify_pose.compat  # noqa: F401, isort: skip

import torch
from rich.console import Console

from self_verify_pose.engine.hooks.keep_memory import keep_freed_memory
from self_verify_pose.tools.benchmark import (
    caches,
    loading,
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
from self_verify_pose.tools.benchmark.context import BenchmarkContext
from self_verify_pose.tools.benchmark.results import (
    BenchmarkResult,
    as_json,
    as_table,
    missed,
)
from self_verify_pose.tools.benchmark.silence import quiet
from self_verify_pose.tools.benchmark.timing import Plan
from self_verify_pose.tools.command_line import at_least

Suite = Callable[[BenchmarkContext], Iterator[BenchmarkResult]]
SUITES: dict[str, tuple[Suite, ...]] = {
    'step': (steps.measure,),
    'predict': (predictions.measure,),
    'teacher': (teachers.measure, caches.measure),
    'metric': (metrics.measure,),
    'data': (loading.measure,),
}
WIDTH = 130
GROWTH: dict[str, tuple[Suite, ...]] = {
    'step': (helps.measure, growth.measure, processes.measure),
    'teacher': (caches.growth,),
}


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The arguments.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('--device', choices=('cpu', 'cuda'), default='cpu')
    add('--suite', choices=(*SUITES, 'all'), default='all')
    add('--batch-size', type=at_least(1), default=32, help='(%(default)s)')
    add(
        '--repeats',
        type=at_least(1),
        default=10,
        help='runs whose median counts (%(default)s)',
    )
    add(
        '--no-growth',
        action='store_true',
        help='the bars only: no growth, no speed-ups',
    )
    add(
        '--compile',
        action='store_true',
        help='also try torch.compile, which takes minutes on a CPU',
    )
    add(
        '--out',
        type=Path,
        metavar='FILE.json',
        help='where the JSON goes (printed before the table)',
    )
    args = parser.parse_args(argv)
    if args.out is not None and not args.out.parent.is_dir():
        parser.error(
            f'--out: expected the folder {args.out.parent}, found nothing '
            'there; make it'
        )
    if args.device == 'cuda' and not torch.cuda.is_available():
        parser.error(
            '--device: expected a GPU for cuda, found none that torch can '
            'use; use --device cpu'
        )
    return args


def machine(device: torch.device) -> dict[str, object]:
    """Describe where it runs.

    Args:
        device: Device of the networks.

    Returns:
        Processor, cores, torch, its threads, and the load.
    """
    info = Path('/proc/cpuinfo')
    names = [
        line.split(':', 1)[1].strip()
        for line in (info.read_text().splitlines() if info.exists() else ())
        if line.startswith('model name')
    ]
    found = {
        'processor': names[0] if names else platform.machine(),
        'cores': os.cpu_count(),
        'torch': torch.__version__,
        'threads': torch.get_num_threads(),
        'load': round(os.getloadavg()[0], 2),
    }
    if device.type == 'cuda':
        found['GPU'] = torch.cuda.get_device_name(device)
    return found


def measure_all(
    args: argparse.Namespace, console: Console
) -> list[BenchmarkResult]:
    """Run the suites that were asked for.

    Args:
        args: What :func:`parse_arguments` returns.
        console: Shows what is being measured.

    Returns:
        What was measured.
    """
    wanted = SUITES if args.suite == 'all' else [args.suite]
    rows: list[BenchmarkResult] = []
    with tempfile.TemporaryDirectory() as folder:
        context = BenchmarkContext(
            folder=Path(folder),
            device=torch.device(args.device),
            batch_size=args.batch_size,
            plan=Plan(repeats=args.repeats),
            growth=not args.no_growth,
            compile=args.compile,
        )
        for name in wanted:
            extra = GROWTH.get(name, ()) if context.growth else ()
            for suite in (*SUITES[name], *extra):
                for row in suite(context):
                    console.print(f'{row.suite}: {row.what}: {row.value:.4g}')
                    rows.append(row)
    return rows


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        Exit code: 0, or 1 if a bar is missed.
    """
    args = parse_arguments(argv)
    keep_freed_memory()  # as every training of this package does
    where = machine(torch.device(args.device))
    with quiet():
        rows = measure_all(args, Console(stderr=True))
    figures = as_json(rows, where)
    if args.out is None:
        print(json.dumps(figures))
    else:
        args.out.write_text(json.dumps(figures, indent=1) + '\n')
    # a file or a pipe has no width: take one that fits the table
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(', '.join(f'{key} {value}' for key, value in where.items()))
    console.print(as_table(rows))
    for row in missed(rows):
        print(f'benchmark: bar missed: {row.what}', file=sys.stderr)
    return 1 if missed(rows) else 0


if __name__ == '__main__':
    sys.exit(main())
