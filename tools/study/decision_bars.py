"""Run all studies of trust for files and of decisions, one after the other.

    python -m self_verify_pose.tools.study.decision_bars
        --fit RESULTS... --fit-ann ANN --eval RESULTS... --eval-ann ANN
        --calib RESULTS... --calib-ann ANN --sport RESULTS... --sport-ann ANN
        [--second RESULTS...] [--config CONFIG --checkpoint FILE]

The files after --fit and --eval are of the same estimators in the same order,
for file_trust and, each pair together, for guarantees. Those after --calib and
--sport are of other images, for selected_images; of the first of them trust is
fitted again, too. With a plain top-down model video_smoothing runs, and last
the benchmark of fitting and applying trust. Prints their tables.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from self_verify_pose.tools.benchmark import __main__ as benchmark
from self_verify_pose.tools.command_line import make_parser
from self_verify_pose.tools.study import (
    file_trust,
    guarantees,
    selected_images,
    video_smoothing,
)

Main = Callable[[Sequence[str]], int]


class Step(NamedTuple):
    """A study and its command line.

    Args:
        title: Title of its tables.
        main: Runs it.
        argv: Its arguments.
    """

    title: str
    main: Main
    argv: list[str]


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The arguments.
    """
    parser = make_parser(__doc__)
    add = parser.add_argument
    files: dict[str, Any] = {'nargs': '+', 'type': Path, 'metavar': 'FILE'}
    for name in ('fit', 'eval', 'calib', 'sport'):
        add(f'--{name}', required=True, **files)
        add(f'--{name}-ann', type=Path, required=True, metavar='ANN')
    add('--second', default=[], help='of a second estimator', **files)
    add('--config', type=Path, help='a plain top-down model')
    add('--checkpoint', help='its weights')
    args = parser.parse_args(argv)
    for name, other in (('fit', 'eval'), ('calib', 'sport')):
        counts = len(getattr(args, name)), len(getattr(args, other))
        if counts[0] != counts[1]:
            parser.error(
                f'--{name}: expected as many files as --{other}, '
                f'{counts[1]}, found {counts[0]}; give one for each'
            )
    if (args.config is None) != (args.checkpoint is None):
        parser.error('--config and --checkpoint: expected both or neither')
    return args


def steps(args: argparse.Namespace) -> Iterator[Step]:
    """List the studies.

    Args:
        args: The command line.

    Yields:
        Each study.
    """
    yield Step(
        'Trust for files',
        file_trust.main,
        _options(args, 'fit', 'fit_ann', 'eval', 'eval_ann', 'second'),
    )
    for fit, new in zip(args.fit, args.eval, strict=True):
        yield Step(
            f'Thresholds, {fit.stem} and {new.stem}',
            guarantees.main,
            [
                *('--results', str(fit), str(new), '--ann'),
                *(str(args.fit_ann), str(args.eval_ann)),
            ],
        )
    for index, pair in enumerate(zip(args.calib, args.sport, strict=True)):
        calib, sport = map(str, pair)
        yield Step(
            f'Images to label, {pair[1].stem}',
            selected_images.main,
            [
                *('--calib', calib, '--eval', sport),
                *('--calib-ann', str(args.calib_ann)),
                *('--eval-ann', str(args.sport_ann)),
                *([] if index == 0 else ['--labels', '0']),
            ],
        )
    if args.config is not None:
        yield Step(
            'Smoothing of videos',
            video_smoothing.main,
            _options(args, 'config', 'checkpoint'),
        )
    yield Step('Speed', benchmark.main, ['--suite', 'posthoc'])


def _options(args: argparse.Namespace, *names: str) -> list[str]:
    """Options as they were given."""
    found: list[str] = []
    for name in names:
        value = getattr(args, name)
        if value:
            values = value if isinstance(value, list) else [value]
            option = f'--{name.replace("_", "-")}'
            found += [option, *map(str, values)]
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The exit status, that of the first study that fails.
    """
    for step in steps(parse_arguments(argv)):
        print(f'\n## {step.title}\n', flush=True)
        status = step.main(step.argv)
        if status:
            return status
    return 0


if __name__ == '__main__':
    sys.exit(main())
