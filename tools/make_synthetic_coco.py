"""Make a data set of synthetic persons in COCO's layout.

python tools/make_synthetic_coco.py --out data/synthetic_coco
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
from rich.console import Console
from rich.progress import Progress

from self_verify_pose.datasets.synthetic import (
    DatasetReport,
    draw_scene,
    make_dataset,
    preview_sheet,
)
from self_verify_pose.output_files import (
    check_output_file,
    make_output_folder,
    replacing,
)
from self_verify_pose.tools.command_line import make_main, make_parser

SHEET_ROWS, SHEET_COLUMNS = 4, 6


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The arguments.
    """
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('--out', type=Path, required=True, help='folder to make')
    default = '(%(default)s)'
    add('--train', type=int, default=512, help=f'training images {default}')
    add('--val', type=int, default=128, help=f'validation images {default}')
    add('--seed', type=int, default=0, help=default)
    workers = 'processes (all cores: %(default)s)'
    add('--workers', type=int, default=os.cpu_count(), help=workers)
    add(
        '--preview',
        type=Path,
        metavar='FILE.png',
        help='write a preview sheet with keypoints: left green, right orange, '
        'occluded joints as rings',
    )
    return parser.parse_args(argv)


def write_preview(path: Path, seed: int, count: int) -> None:
    """Write a preview sheet of the first training images.

    Args:
        path: Image file to write.
        seed: Seed of the data set.
        count: Number of training images.
    """
    shown = min(count, SHEET_ROWS * SHEET_COLUMNS)
    images = [draw_scene(seed, 'train', index) for index in range(shown)]
    _, data = cv2.imencode('.png', preview_sheet(images, SHEET_COLUMNS))
    make_output_folder(path.parent)
    with replacing(path) as file:
        file.write(data.tobytes())


def summary(report: DatasetReport, out: Path) -> str:
    """Summarize the data set in one line.

    Args:
        report: Size of the data set.
        out: Its folder.

    Returns:
        The line.
    """
    counts = ', '.join(
        f'{split} {report.images[split]} images with {people} people'
        for split, people in report.people.items()
    )
    if not report.made:
        return f'{out}: already there, {counts}'
    rate = sum(report.images.values()) / report.seconds
    again = ' made again, since files were missing or changed:'
    return (
        f'{out}:{again if report.corrupted else ""} {counts}, '
        f'{report.seconds:.1f} s, {rate:.0f} images/s'
    )


def run(args: argparse.Namespace) -> None:
    """Make the data set, and a preview if one is wanted.

    Args:
        args: The command line.
    """
    if args.preview is not None:
        check_output_file(args.preview)
    console = Console(stderr=True)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task('images', total=args.train + args.val)
        report = make_dataset(
            args.out,
            args.train,
            args.val,
            seed=args.seed,
            workers=args.workers,
            on_image=lambda: progress.advance(task),
        )
    if args.preview is not None:
        write_preview(args.preview, args.seed, args.train)
    print(summary(report, args.out))


main = make_main(__file__, parse_arguments, run)

if __name__ == '__main__':
    sys.exit(main())
