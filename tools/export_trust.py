"""Write scored results in the formats of other programs.

    python tools/export_trust.py scored.json --format openpose --out DIR \
        --certificate certificate.json

scored.json holds COCO results with trust, as of apply_trust.py. Joints that
the certificate of choose_threshold.py rejects get the confidence 0, in the
format coco the visibility 0. Formats: coco (a JSON file), openpose (a folder
with a JSON file for each image, for Pose2Sim and Sports2D), deeplabcut (.csv
or .h5), sleap (.slp, .nwb and more, by sleap-io). Names of images come from
--ann, else they are the ids.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from self_verify_pose.constants import TRUST
from self_verify_pose.engine.decisions.certificate import (
    Level,
    load_certificate,
)
from self_verify_pose.engine.decisions.export_persons import (
    read_export_persons,
)
from self_verify_pose.engine.decisions.exports import FORMATS, WRITERS
from self_verify_pose.output_files import check_output_folder
from self_verify_pose.tools.command_line import make_main, make_parser


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('results', type=Path, metavar='SCORED', help='COCO-format results')
    add('--format', choices=FORMATS, required=True)
    add('--out', type=Path, required=True, help='file, or folder of openpose')
    add('--certificate', type=Path, help='of choose_threshold.py')
    add(
        '--level',
        choices=get_args(Level),
        default='all',
        help='thresholds: of all joints together, of groups or of single '
        'joints (%(default)s)',
    )
    add('--score', help=f'without a certificate ({TRUST})')
    add('--ann', type=Path, help='annotations, for the names of the images')
    args = parser.parse_args(argv)
    if args.certificate and args.score:
        parser.error('--score: the certificate names it; leave it out')
    if args.format == 'coco' and not args.certificate:
        parser.error('--format coco: expected --certificate with it')
    return args


def _run(args: argparse.Namespace) -> None:
    check_output_folder(args.out.parent)
    certificate = None
    score = args.score or TRUST
    if args.certificate:
        certificate = load_certificate(args.certificate)
        score = certificate.score
    persons = read_export_persons(
        args.results, score, certificate, args.level, args.ann
    )
    WRITERS[args.format](persons, args.out)
    print(
        f'{args.out}: {len(persons.points)} persons in '
        f'{len(persons.all_images)} images, '
        f'{persons.accepted.sum()} of {persons.accepted.size} joints kept'
    )


main = make_main(__file__, _parse, _run)

if __name__ == '__main__':
    sys.exit(main())
