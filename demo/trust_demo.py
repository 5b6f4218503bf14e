"""Draw the poses of an image, a folder, a video or a webcam by their trust.

python demo/trust_demo.py INPUT --config CONFIG --checkpoint FILE
    [--det-model MODEL --det-cat-ids 0] [--out DIR] [--show]

INPUT is a path, or webcam or webcam:INDEX, which is shown in a window until
Esc is pressed. DIR gets the drawn images in visualizations/ and a JSON file
of each in predictions/. Without a detector there is one person, who fills
the image.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import self_verify_pose.compat  # noqa: F401, isort: skip

from self_verify_pose.apis import TrustInferencer
from self_verify_pose.constants import TRUST
from self_verify_pose.tools.command_line import (
    add_device_option,
    make_main,
    make_parser,
)


def _parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('input', metavar='INPUT')
    add('--config', required=True, help='path, or a name of mim search')
    add('--checkpoint', required=True, help='with a trained trust head')
    detector = 'config or name of a detector of MMDetection (%(default)s)'
    add('--det-model', default='whole_image', help=detector)
    add('--det-weights', help='its weights, where MODEL is no name')
    category = 'its categories of persons, 0 for COCO'
    add('--det-cat-ids', type=int, nargs='+', help=category)
    least = 'least trust that is drawn (%(default)s)'
    add('--kpt-thr', type=float, default=0.0, help=least)
    add('--out', type=Path, default=Path('trust_demo'), metavar='DIR')
    add('--show', action='store_true', help='show each image in a window')
    add_device_option(parser)
    return parser.parse_args(argv)


def _run(args: argparse.Namespace) -> None:
    inferencer = TrustInferencer(
        args.config,
        args.checkpoint,
        device=args.device,
        det_model=args.det_model,
        det_weights=args.det_weights,
        det_cat_ids=args.det_cat_ids,
    )
    images = persons = joints = trusted = 0
    for result in inferencer(
        args.input,
        out_dir=str(args.out),
        show=args.show,
        kpt_thr=args.kpt_thr,
        radius=4,
        thickness=2,
    ):
        (found,) = result['predictions']
        trust = [value for person in found for value in person[TRUST]]
        images += 1
        persons += len(found)
        joints += len(trust)
        trusted += sum(value >= 0.5 for value in trust)
    print(
        f'{images} images, {persons} persons, {trusted} of {joints} joints '
        f'with a trust of at least 0.5; {args.out}'
    )


main = make_main(__file__, _parse_args, _run)

if __name__ == '__main__':
    sys.exit(main())
