"""Compare everything that could tell correct keypoints from wrong ones.

python tools/compare_trust.py --train ROOT... --calib ROOT --eval ROOT...
    --checkpoint FILE --out DIR [--config CONFIG] [--pose-epochs N]
    [--ablations]

Takes any config with a TrustHead: one of this package, of configs/zoo, or
one that combines a top-down config of MMPose with
configs/_base_/attach_trust.py. Rows that its pose network has nothing for
are left out and counted. Trains what is needed and skips what exists: the
pose network further (with --pose-epochs, RTMPose-S only), then trust heads on
features of the training images, of which they hold out a fifth. Writes a
table per evaluation set to results.md, and results.json: for one view, and
for the flip test.

The calibration set is the development set: on it every row is calibrated,
and the free score is chosen that the others are compared with. No image of
it, nor of the evaluation sets, may be among those that something is fitted
to; the content of the files is compared.

A root is in the layout of COCO (train2017 is used by --train and --calib,
val2017 by --eval) or holds annotations.json and images/.
"""

import argparse
import sys
from collections.abc import Sequence

import self_verify_pose.compat  # noqa: F401, isort: skip

from rich.console import Console

from self_verify_pose.tools.command_line import (
    at_least,
    make_main,
    make_parser,
)
from self_verify_pose.tools.study.comparison import compare
from self_verify_pose.tools.study.options import add_study_options


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The arguments.
    """
    assert __doc__ is not None
    parser = make_parser(__doc__.splitlines()[0])
    add_study_options(parser)
    parser.add_argument(
        '--pose-epochs',
        type=at_least(0),
        default=0,
        help='of the pose network of RTMPose-S (%(default)s)',
    )
    parser.add_argument(
        '--ablations',
        action='store_true',
        help='also take each ingredient out of the head on true correctness',
    )
    parser.add_argument(
        '--pose-lr', type=float, default=2.5e-4, help='(%(default)s)'
    )
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> None:
    """Compare, and print where the results are.

    Args:
        args: The command line.
    """
    console = Console()
    console.print(compare(args, console), markup=False, soft_wrap=True)
    console.print(f'{args.out / "results.md"}, {args.out / "results.json"}')


main = make_main(__file__, parse_arguments, run)

if __name__ == '__main__':
    sys.exit(main())
