"""Compare everything that could tell correct keypoints from wrong ones.

python tools/compare_trust.py --train ROOT... --calib ROOT --eval ROOT...
    --checkpoint FILE --out DIR [--config CONFIG] [--pose-epochs N]

Takes any config with a TrustHead: one of this package, of configs/zoo, or
one that combines a top-down config of MMPose with
configs/_base_/attach_trust.py. Rows that its pose network has nothing for
are left out and counted. Trains what is needed and skips what exists: the
pose network further (with --pose-epochs, RTMPose-S only), then trust heads on
features of the training images, calibrated on those of --calib. Writes a
table per evaluation set to results.md, and results.json.

A root is in the layout of COCO (train2017 is used by --train and --calib,
val2017 by --eval) or holds annotations.json and images/.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import self_verify_pose.compat  # noqa: F401, isort: skip

from rich.console import Console

from self_verify_pose.constants import NUM_BOOTSTRAP
from self_verify_pose.tools.command_line import (
    add_device_option,
    at_least,
    make_parser,
)
from self_verify_pose.tools.study.comparison import (
    CONFIGS,
    SELFVERIFY,
    compare,
)


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The arguments.
    """
    assert __doc__ is not None
    parser = make_parser(__doc__.splitlines()[0])
    add = parser.add_argument
    add('--train', nargs='+', type=Path, required=True, metavar='ROOT')
    add('--calib', nargs='+', type=Path, required=True, metavar='ROOT')
    add('--eval', nargs='+', type=Path, required=True, metavar='ROOT')
    add('--checkpoint', required=True, help='weights of the pose network')
    add('--out', type=Path, required=True, help='folder of the comparison')
    add(
        '--config',
        type=Path,
        default=CONFIGS / SELFVERIFY,
        help=f'a config with trust ({SELFVERIFY})',
    )
    add(
        '--pose-epochs',
        type=at_least(0),
        default=0,
        help='of the pose network of RTMPose-S (%(default)s)',
    )
    add('--pose-lr', type=float, default=2.5e-4, help='(%(default)s)')
    add('--head-epochs', type=at_least(1), default=6, help='(%(default)s)')
    add(
        '--hard-views',
        type=at_least(1),
        default=3,
        help='strongly augmented views of each image (%(default)s)',
    )
    add('--bootstrap', type=int, default=NUM_BOOTSTRAP, help='(%(default)s)')
    add('--seed', type=int, default=0, help='(%(default)s)')
    add('--workers', type=at_least(0), default=1, help='loaders (%(default)s)')
    add_device_option(parser)
    return parser.parse_args(argv)


def main() -> int:
    """Compare, and print where the results are.

    Returns:
        The exit status.
    """
    args = parse_arguments()
    console = Console()
    try:
        report = compare(args, console)
    except (KeyError, OSError, TypeError, ValueError) as error:
        Console(stderr=True).print(
            f'compare_trust.py: {error}', style='red', markup=False
        )
        return 2
    console.print(report, markup=False, soft_wrap=True)
    console.print(f'{args.out / "results.md"}, {args.out / "results.json"}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
