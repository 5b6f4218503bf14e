"""Make a drawn data set in COCO's layout.

Example: ``python tools/make_synthetic_coco.py --out data/synthetic_coco``
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
    contact_sheet,
    draw_scene,
    make_dataset,
)

SHEET_ROWS, SHEET_COLUMNS = 4, 6


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The arguments.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--out', type=Path, required=True, help='folder to make'
    )
    parser.add_argument(
        '--train', type=int, default=512, help='training images (%(default)s)'
    )
    parser.add_argument(
        '--val', type=int, default=128, help='validation images (%(default)s)'
    )
    parser.add_argument('--seed', type=int, default=0, help='(%(default)s)')
    parser.add_argument(
        '--workers',
        type=int,
        default=os.cpu_count(),
        help='processes (all cores: %(default)s)',
    )
    parser.add_argument(
        '--preview',
        type=Path,
        metavar='FILE.png',
        help='write a contact sheet with keypoints: left green, right orange, '
        'hidden joints as rings',
    )
    return parser.parse_args(argv)


def write_preview(path: Path, seed: int, count: int) -> None:
    """Write a contact sheet of the first training images.

    Args:
        path: Image file to write.
        seed: Seed of the data set.
        count: Number of training images there are.
    """
    shown = min(count, SHEET_ROWS * SHEET_COLUMNS)
    drawings = [draw_scene(seed, 'train', index) for index in range(shown)]
    path.parent.mkdir(parents=True, exist_ok=True)
    _, data = cv2.imencode('.png', contact_sheet(drawings, SHEET_COLUMNS))
    path.write_bytes(data.tobytes())


def summary(report: DatasetReport, out: Path) -> str:
    """Say in one line what was made.

    Args:
        report: What was made.
        out: Where.

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
    return f'{out}: {counts}, {report.seconds:.1f} s, {rate:.0f} images/s'


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        Exit code: 0, or 2 if something is wrong with the request.
    """
    args = parse_arguments(argv)
    console = Console(stderr=True)
    try:
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task('drawing', total=args.train + args.val)
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
    except (OSError, ValueError) as error:
        print(f'make_synthetic_coco: {error}', file=sys.stderr)
        return 2
    print(summary(report, args.out))
    return 0


if __name__ == '__main__':
    sys.exit(main())
