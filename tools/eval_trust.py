"""Evaluate the scores of one or more files of predictions; write a report.

python tools/eval_trust.py preds.pkl [more.pkl …] --out report
python tools/eval_trust.py results.json --ann person_keypoints_val2017.json

A file is a dump of ``mim test … --dump preds.pkl`` or keypoint results in
COCO format, which need the annotation file, such as the preds.results.json
beside a dump.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from self_verify_pose.engine.evaluation_input import read_evaluation_input
from self_verify_pose.metrics.evaluation.io.reading import report_names
from self_verify_pose.metrics.evaluation.report.evaluation_report import (
    EvalConfig,
    evaluate_predictions,
)
from self_verify_pose.metrics.evaluation.report.gallery_images import (
    ImageFolder,
)
from self_verify_pose.metrics.evaluation.report.page_data import page_data
from self_verify_pose.metrics.evaluation.report.tables import (
    base_rate,
    scorer_table,
)
from self_verify_pose.metrics.evaluation.report.write import write_report
from self_verify_pose.output_files import check_output_folder
from self_verify_pose.tools.command_line import make_main, make_parser


def _parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    default = EvalConfig()
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('dumps', nargs='+', type=Path, metavar='DUMP')
    add('--ann', type=Path, help='COCO annotation file')
    add('--out', type=Path, default=Path('report'))
    partial = (
        'evaluate the rest where more than a quarter of the predictions or of '
        'the annotated persons has no match'
    )
    add('--allow-partial', action='store_true', help=partial)
    largest = (
        'largest error of a correct joint in person sizes, for bbox '
        f'({default.dist_thr})'
    )
    add('--dist-thr', type=float, help=largest)
    add('--criterion', choices=['bbox', 'oks'], default=default.criterion)
    draws = 'draws of images (%(default)s); 0 for no intervals'
    add('--bootstrap', type=int, default=default.n_bootstrap, help=draws)
    add('--seed', type=int, default=default.seed)
    html = 'also write report.html, one page that needs no network'
    add('--html', action='store_true', help=html)
    images = 'images that the page shows persons of, named by --ann'
    add('--images', type=Path, metavar='DIR', help=images)
    args = parser.parse_args(argv)
    if args.criterion == 'oks' and args.dist_thr is not None:
        parser.error('--dist-thr belongs to --criterion bbox: leave it out')
    if args.images is not None and not args.html:
        parser.error('--images belongs to --html: give both or neither')
    if args.dist_thr is None:
        args.dist_thr = default.dist_thr
    return args


def _run(args: argparse.Namespace) -> None:
    config = EvalConfig(
        args.dist_thr, args.criterion, args.bootstrap, args.seed
    )
    images = args.images and ImageFolder.read(args.images, args.ann)
    check_output_folder(args.out)
    inputs = {
        name: read_evaluation_input(path, args.ann, args.allow_partial)
        for name, path in report_names(args.dumps).items()
    }
    if images is not None:
        images.check(
            image
            for one in inputs.values()
            for image in one.truth.image_ids.tolist()
        )
    reports = {
        name: evaluate_predictions(one, config) for name, one in inputs.items()
    }
    pages = None
    if args.html:
        pages = {n: page_data(r, images) for n, r in reports.items()}
    write_report(reports, args.out, pages)
    for name, report in reports.items():
        print(f'{name}: {base_rate(report.evaluation)}\n')
        print(scorer_table(report.evaluation), end='\n\n')
        print(*report.predictions.notes, sep='\n', end='\n\n')
    print(args.out / 'report.md')
    for name, page in (pages or {}).items():
        count = reports[name].evaluation.num_persons
        shown = len(page['persons'])
        print(
            f'{args.out / "report.html"}: {shown} of {count} persons of '
            f'{name} are shown, {count - shown} are left out'
        )


main = make_main(__file__, _parse_args, _run)

if __name__ == '__main__':
    sys.exit(main())
