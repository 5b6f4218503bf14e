"""Evaluate trust that is fitted to files of predictions.

    python -m self_verify_pose.tools.study.file_trust
        --fit RESULTS... --fit-ann ANN --eval RESULTS... --eval-ann ANN
        [--second RESULTS...]

The files after --fit and --eval are of the same estimators in the same order.
Trust is fitted to each file of --fit and evaluated on each file of --eval:
its own estimator, and the others. With --second, for each file of --eval a
file of a second estimator that knows neither set of images: cross-validation
on --eval says what its agreement adds to the score, and to the other evidence.
Prints tables and whether the bars are met.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from self_verify_pose.constants import NUM_BINS
from self_verify_pose.engine.posthoc.persons import Floats, LabeledPersons
from self_verify_pose.engine.posthoc.posthoc_trust import PosthocTrust
from self_verify_pose.engine.posthoc.results_file import read_labeled
from self_verify_pose.metrics.functional import auroc, brier, ece_mass
from self_verify_pose.tools.command_line import make_parser, run_tool

MAX_LOSS, MAX_ECE = 0.001, 0.03


class Figures(NamedTuple):
    """Figures of a score.

    Args:
        auroc: AUROC.
        ece: ECE of equal mass.
        brier: Brier score.
    """

    auroc: float
    ece: float
    brier: float


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The arguments.
    """
    parser = make_parser(__doc__)
    add = parser.add_argument
    files: dict[str, Any] = {'nargs': '+', 'type': Path}
    add('--fit', required=True, help='files that trust is fitted to', **files)
    add('--fit-ann', type=Path, required=True, help='their annotations')
    add('--eval', required=True, help='files of the same estimators', **files)
    add('--eval-ann', type=Path, required=True, help='their annotations')
    add('--second', default=[], help='of a second estimator', **files)
    add('--seed', type=int, default=0, help='(%(default)s)')
    return parser.parse_args(argv)


def measure(values: Floats, known: LabeledPersons) -> Figures:
    """Evaluate a score on labeled joints.

    Args:
        values: ``(N, K)`` scores; clipped to [0, 1] for ECE and Brier.
        known: Predicted persons with labels.

    Returns:
        The figures.
    """
    score = values[known.labeled]
    correct = known.correct[known.labeled]
    clipped = np.clip(score, 0, 1)
    return Figures(
        auroc(score, correct),
        ece_mass(clipped, correct, NUM_BINS),
        brier(clipped, correct),
    )


def across_estimators(args: argparse.Namespace) -> Iterator[str]:
    """Fit to each file, evaluate on each.

    Args:
        args: The command line.

    Yields:
        Lines of a table, then of the bars.
    """
    yield '| fitted to | evaluated on | AUROC | ECE of equal mass | Brier |'
    yield '|---|---|---:|---:|---:|'
    tests = {p.stem: read_labeled(p, args.eval_ann)[0] for p in args.eval}
    for name, known in tests.items():
        yield _line('raw score', name, measure(known.persons.scores, known))
    bars = []
    for number, path in enumerate(args.fit):
        fitted, _ = read_labeled(path, args.fit_ann)
        trust = PosthocTrust.fit(fitted, args.seed)
        for other, (name, known) in enumerate(tests.items()):
            found = measure(trust.predict(known.persons), known)
            title = f'{path.stem} ({trust.kind}, share {trust.share:g})'
            yield _line(title, name, found)
            if other == number:
                raw = measure(known.persons.scores, known)
                bars.append(_bar(name, raw, found))
    yield ''
    yield from bars


def with_second(args: argparse.Namespace) -> Iterator[str]:
    """Cross-validate with and without a second estimator.

    Args:
        args: The command line.

    Yields:
        Lines of a table.
    """
    yield '| estimator | second | score | its map | trust | with second |'
    yield '|---|---|---:|---:|---:|---:|'
    for path, second in zip(args.eval, args.second, strict=True):
        found = []
        for other in (None, second):
            known, _ = read_labeled(path, args.eval_ann, second=other)
            found.append(PosthocTrust.fit(known, args.seed).found)
        alone, both = found
        figures = alone.score_auroc, alone.map_auroc, alone.auroc, both.auroc
        cells = ' | '.join(f'{value:.3f}' for value in figures)
        yield f'| {path.stem} | {second.stem} | {cells} |'


def _line(title: str, name: str, found: Figures) -> str:
    cells = ' | '.join(f'{value:.3f}' for value in found)
    return f'| {title} | {name} | {cells} |'


def _bar(name: str, raw: Figures, found: Figures) -> str:
    met = found.auroc >= raw.auroc - MAX_LOSS and found.ece <= MAX_ECE
    return (
        f'{name}: gain {found.auroc - raw.auroc:+.4f} (at least '
        f'{-MAX_LOSS}), ECE {found.ece:.4f} (at most {MAX_ECE}): '
        f'{"met" if met else "MISSED"}'
    )


def run(args: argparse.Namespace) -> None:
    """Print the tables.

    Args:
        args: The command line.
    """
    for name, files in (('--fit', args.fit), ('--second', args.second)):
        if len(files) not in (len(args.eval), 0):
            raise ValueError(
                f'{name}: expected as many files as --eval, '
                f'{len(args.eval)}, found {len(files)}; give one for each'
            )
    for line in across_estimators(args):
        print(line, flush=True)
    if args.second:
        print()
        for line in with_second(args):
            print(line, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The exit status.
    """
    args = parse_arguments(argv)
    return run_tool(__file__, lambda: run(args))


if __name__ == '__main__':
    sys.exit(main())
