"""Judge trust beside the raw score while images get worse.

python tools/robustness.py CONFIG CHECKPOINT --out DIR

Every person is predicted from the clean image and from each corruption in
five strengths (datasets/corruptions.py says what they are). DIR then holds
robustness.json, robustness.md, and curves of AUROC and AURC against strength,
auroc.{png,svg} and aurc.{png,svg}. Boxes and labels stay those of the clean
image: a joint that is hidden or cut off still counts.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import self_verify_pose.compat  # noqa: F401, isort: skip

from mmengine.config import Config
from mmengine.registry import init_default_scope
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from self_verify_pose.constants import RAW_SCORE, TRUST
from self_verify_pose.datasets.coco_instances import build_split
from self_verify_pose.datasets.corruptions import CORRUPTIONS, STRENGTHS
from self_verify_pose.datasets.transforms.corrupt_image import (
    CorruptImage,
    with_corruption,
)
from self_verify_pose.engine.checkpoint import load_estimator, read_state_dict
from self_verify_pose.engine.evaluation import evaluate_dataset, joint_scores
from self_verify_pose.metrics.evaluation.report.robustness import (
    CLEAN,
    DIRECTIONS,
    Condition,
    draw_curves,
    robustness_table,
)
from self_verify_pose.metrics.evaluation.report.tables import markdown_table
from self_verify_pose.tools.command_line import add_evaluation_options


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add('config')
    add('checkpoint')
    add('--out', type=Path, required=True, metavar='DIR')
    source = parser.add_mutually_exclusive_group()
    source.add_argument('--split', choices=('val', 'test'), default='val')
    source.add_argument('--ann', type=Path, help='a COCO-format file instead')
    add('--images', type=Path, help='its images (images/ beside it)')
    add(
        '--scores',
        nargs='+',
        default=[TRUST, RAW_SCORE],
        metavar='FIELD',
        help='fields of pred_instances to judge (%(default)s)',
    )
    add('--corruptions', nargs='+', choices=CORRUPTIONS, default=CORRUPTIONS)
    add(
        '--strengths',
        nargs='+',
        type=int,
        choices=STRENGTHS,
        default=STRENGTHS,
    )
    add('--seed', type=int, default=0, help='of the damage (%(default)s)')
    add_evaluation_options(parser)
    args = parser.parse_args(argv)
    if args.images and not args.ann:
        parser.error('--images: expected --ann with it, found none; give both')
    return args


def measure(args: argparse.Namespace, console: Console) -> list[Condition]:
    """Judge clean and damaged images."""
    init_default_scope('mmpose')
    config = Config.fromfile(args.config)
    config.merge_from_dict(args.cfg_options)
    model = load_estimator(
        config,
        read_state_dict(args.checkpoint),
        args.checkpoint,
        TRUST in args.scores,
        args.device,
    )
    clean = build_split(
        config, args.split, args.ann, args.images, args.max_samples
    )
    kinds = [(CLEAN, 0)] + [
        (name, strength)
        for name in dict.fromkeys(args.corruptions)
        for strength in sorted(set(args.strengths))
    ]
    conditions: list[Condition] = []
    with Progress(console=console) as bar:
        task = bar.add_task('', total=len(kinds) * len(clean))
        for name, strength in kinds:
            bar.update(task, description=f'{name} {strength or ""}')
            dataset = clean
            if strength:
                damage = CorruptImage(name, strength, args.seed)
                dataset = with_corruption(clean, damage)
            metrics = evaluate_dataset(
                model,
                dataset,
                args.scores,
                args.dist_thr,
                args.batch_size,
                args.workers,
                lambda count: bar.advance(task, count),
            )
            conditions += [
                Condition.judge(name, strength, field, *joint_scores(metric))
                for field, metric in metrics.items()
            ]
    return conditions


def write(conditions: list[Condition], args: argparse.Namespace) -> list[Path]:
    """Write table, numbers and curves.

    Returns:
        The files.
    """
    head, *rows = robustness_table(conditions)
    text = (
        f'{conditions[0].joints} labeled joints. A joint is right when it is '
        f'off by at most {args.dist_thr} of the person size.\n\n'
        f'{markdown_table(head, rows)}\n'
    )
    names = ('config', 'checkpoint', 'split', 'ann', 'max_samples')
    report = {name: getattr(args, name) for name in (*names, 'dist_thr')}
    report['seed'] = args.seed
    report['rows'] = [condition.as_json() for condition in conditions]
    numbers = json.dumps(report, indent=1, allow_nan=False, default=str)
    paths = [args.out / 'robustness.md', args.out / 'robustness.json']
    for path, content in zip(paths, (text, f'{numbers}\n'), strict=True):
        path.write_text(content)
    for name in DIRECTIONS:
        figure = draw_curves(conditions, name)
        for suffix in ('png', 'svg'):
            paths.append(args.out / f'{name.lower()}.{suffix}')
            figure.savefig(paths[-1], dpi=150)
    return paths


def show(conditions: list[Condition], console: Console) -> None:
    """Print the table."""
    head, *lines = robustness_table(conditions)
    table = Table()
    for index, name in enumerate(head):
        table.add_column(name, justify='right' if index else 'left')
    for line in lines:
        table.add_row(*line)
    console.print(table)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; wrong input is one line, and 1."""
    args = parse_arguments(argv)
    console = Console()
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        conditions = measure(args, console)
        paths = write(conditions, args)
    except (KeyError, OSError, TypeError, ValueError) as error:
        print(f'{Path(__file__).name}: {error}', file=sys.stderr)
        return 1
    show(conditions, console)
    print(*paths, sep='\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
