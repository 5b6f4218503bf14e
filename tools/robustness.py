"""Evaluate trust and the raw score on corrupted images.

python tools/robustness.py CONFIG CHECKPOINT --out DIR

Every person is predicted from the clean image and from each corruption in
five strengths (see datasets/corruptions.py). DIR then holds robustness.json,
robustness.md, and curves of AUROC and AURC over strength, auroc.{png,svg} and
aurc.{png,svg}. Boxes and labels stay those of the clean image: a joint that is
hidden or cut off still counts.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import self_verify_pose.compat  # noqa: F401, isort: skip

from rich.console import Console
from rich.progress import Progress
from rich.table import Column, Table

from self_verify_pose.constants import RAW_SCORE, TRUST
from self_verify_pose.datasets.coco_instances import build_split
from self_verify_pose.datasets.corruptions import CORRUPTIONS, STRENGTHS
from self_verify_pose.engine.checkpoint import load_estimator, read_state_dict
from self_verify_pose.engine.robustness import (
    corruption_levels,
    evaluate_robustness,
)
from self_verify_pose.metrics.evaluation.report.robustness import (
    CorruptionResult,
    robustness_table,
    write_robustness,
)
from self_verify_pose.output_files import check_output_folder
from self_verify_pose.tools.command_line import (
    add_data_options,
    add_evaluation_options,
    make_main,
    make_parser,
    parse_with_data,
    read_config,
)


def _parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('config')
    add('checkpoint')
    add('--out', type=Path, required=True, metavar='DIR')
    add_data_options(parser)
    add(
        '--scores',
        nargs='+',
        default=[TRUST, RAW_SCORE],
        metavar='FIELD',
        help='fields of pred_instances to evaluate (%(default)s)',
    )
    add('--corruptions', nargs='+', choices=CORRUPTIONS, default=CORRUPTIONS)
    add(
        '--strengths',
        nargs='+',
        type=int,
        choices=STRENGTHS,
        default=STRENGTHS,
    )
    add('--seed', type=int, default=0, help='of the corruptions (%(default)s)')
    add_evaluation_options(parser)
    return parse_with_data(parser, argv)


def _evaluate(
    args: argparse.Namespace, console: Console
) -> list[CorruptionResult]:
    """Evaluate the estimator on clean and on corrupted images."""
    config = read_config(args)
    model = load_estimator(
        config,
        read_state_dict(args.checkpoint),
        args.checkpoint,
        TRUST in args.scores,
        args.device,
    )
    dataset = build_split(
        config, args.split, args.ann, args.images, args.max_samples
    )
    levels = corruption_levels(args.corruptions, args.strengths)
    with Progress(console=console) as progress:
        task = progress.add_task('', total=len(levels) * len(dataset))
        return evaluate_robustness(
            model,
            dataset,
            args.scores,
            levels,
            args.dist_thr,
            args.seed,
            args.batch_size,
            args.workers,
            lambda title, count: progress.update(
                task, description=title, advance=count
            ),
        )


def _table(results: list[CorruptionResult]) -> Table:
    (first, *others), *rows = robustness_table(results)
    table = Table(first, *(Column(name, justify='right') for name in others))
    for row in rows:
        table.add_row(*row)
    return table


def _run(args: argparse.Namespace) -> None:
    """Evaluate, write the report and print its table."""
    console = Console()
    names = ('config', 'checkpoint', 'split', 'ann', 'max_samples')
    options = {n: getattr(args, n) for n in (*names, 'dist_thr', 'seed')}
    check_output_folder(args.out)
    results = _evaluate(args, console)
    paths = write_robustness(results, options, args.out)
    console.print(_table(results))
    print(*paths, sep='\n')


main = make_main(__file__, _parse_args, _run)

if __name__ == '__main__':
    sys.exit(main())
