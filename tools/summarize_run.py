"""Print the metrics of the last validation of a run and draw its curves.

python tools/summarize_run.py WORK_DIR [--curves FILE.png]
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use('Agg')

from rich.console import Console

from self_verify_pose.engine.run_summary import (
    draw_curves,
    metrics_table,
    read_records,
    validation_records,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table of the last validation and draw the curves.

    Args:
        argv: Arguments; those of the process by default.

    Returns:
        0, or 1 if there is no run or no validation.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('work_dir', type=Path)
    parser.add_argument('--curves', type=Path, help='figure to write')
    args = parser.parse_args(argv)
    try:
        records = read_records(args.work_dir)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    validations = validation_records(records)
    if not validations:
        print(f'{args.work_dir}: no validation yet', file=sys.stderr)
        return 1
    Console().print(metrics_table(validations[-1]))
    if args.curves:
        try:
            draw_curves(records, args.curves)
        except (OSError, ValueError) as error:
            print(error, file=sys.stderr)
            return 1
        print(f'curves: {args.curves}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
