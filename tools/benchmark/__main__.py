"""Measure time and memory against plain RTMPose-S, or any plain model.

python tools/benchmark [--device cpu|cuda] [--suite step|predict|...]
python tools/benchmark --config CONFIG [--checkpoint CHECKPOINT]

Works on synthetic persons in a temporary folder, with random weights. Prints
JSON, or writes it with --out, and a table, and exits with 1 if a threshold is
missed. On a busy machine the results mean little: the load is printed, too.
With --config the model of a config with trust is compared with the plain one
in it, on random crops and without thresholds.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import self_verify_pose.compat  # noqa: F401, isort: skip

import torch
from rich.console import Console

from self_verify_pose.output_files import write_json
from self_verify_pose.tools.benchmark.context import BenchmarkContext
from self_verify_pose.tools.benchmark.machine import describe_machine
from self_verify_pose.tools.benchmark.results import as_json, as_table
from self_verify_pose.tools.benchmark.silence import silence
from self_verify_pose.tools.benchmark.suites import (
    MODEL_SUITES,
    SUITES,
    run_suites,
)
from self_verify_pose.tools.benchmark.timing import Plan
from self_verify_pose.tools.command_line import at_least

WIDTH = 130  # of a table in a file or a pipe


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments; by default those of the process.

    Returns:
        The options.
    """
    parser = argparse.ArgumentParser(
        prog='benchmark', description=__doc__.splitlines()[0]
    )
    add = parser.add_argument
    add('--device', choices=('cpu', 'cuda'), default='cpu')
    add('--suite', choices=(*SUITES, 'all'), default='all')
    add('--batch-size', type=at_least(1), default=32, help='(%(default)s)')
    repeats = 'runs whose median is reported (%(default)s)'
    add('--repeats', type=at_least(1), default=10, help=repeats)
    thresholds_only = 'thresholds only, neither scaling nor optimizations'
    add('--no-growth', action='store_true', help=thresholds_only)
    compiled = 'measure torch.compile, too, which takes minutes on a CPU'
    add('--compile', action='store_true', help=compiled)
    config = 'a config with trust, instead of RTMPose-S; no thresholds'
    add('--config', type=Path, help=config)
    weights = 'weights for --config (by default random)'
    add('--checkpoint', type=Path, help=weights)
    out = 'file of the JSON report (by default printed before the table)'
    add('--out', type=Path, metavar='FILE.json', help=out)
    args = parser.parse_args(argv)
    if args.out is not None and not args.out.parent.is_dir():
        parser.error(
            f'--out: expected the folder {args.out.parent}, found nothing '
            'there; make it'
        )
    _check_config(parser, args)
    if args.device == 'cuda' and not torch.cuda.is_available():
        parser.error(
            '--device: expected a GPU for cuda, found none that torch can '
            'use; use --device cpu'
        )
    return args


def _check_config(
    parser: argparse.ArgumentParser, args: argparse.Namespace
) -> None:
    for option in ('config', 'checkpoint'):
        path = getattr(args, option)
        if path is not None and not path.is_file():
            parser.error(
                f'--{option}: expected a file, found none at {path}; correct '
                'the path'
            )
    if args.config is None and args.checkpoint is not None:
        parser.error(
            '--checkpoint: expected --config beside it, found none; RTMPose-S '
            'is measured with random weights'
        )
    if args.config is not None and args.suite not in (*MODEL_SUITES, 'all'):
        parser.error(
            f'--suite: expected {", ".join(MODEL_SUITES)} or all with '
            f'--config, found {args.suite}; leave one of them out'
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool.

    Args:
        argv: Arguments; by default those of the process.

    Returns:
        Exit code: 0, or 1 if a threshold is missed.
    """
    args = parse_arguments(argv)
    device = torch.device(args.device)
    machine = describe_machine(device)
    with tempfile.TemporaryDirectory() as folder, silence():
        context = BenchmarkContext(
            Path(folder),
            device,
            args.batch_size,
            Plan(repeats=args.repeats),
            scaling=not args.no_growth,
            compile=args.compile,
            config_file=args.config,
            checkpoint_file=args.checkpoint,
        )
        suites = SUITES if args.config is None else MODEL_SUITES
        names = suites if args.suite == 'all' else [args.suite]
        try:
            results = run_suites(names, context, Console(stderr=True))
        except ValueError as error:
            if args.config is None:
                raise
            sys.exit(f'benchmark: {error}')
    report = as_json(results, machine)
    if args.out is None:
        print(json.dumps(report))
    else:
        write_json(args.out, report)
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(', '.join(f'{key} {machine[key]}' for key in machine))
    console.print(as_table(results))
    if args.config is not None:
        print(
            f'{args.config}: compared with the plain model in it; the '
            'thresholds of RTMPose-S do not apply'
        )
    missed = [result.name for result in results if result.passed is False]
    for name in missed:
        print(f'benchmark: threshold missed: {name}', file=sys.stderr)
    return 1 if missed else 0


if __name__ == '__main__':
    sys.exit(main())
