"""Calibrate trust to the probability that a joint is correct.

python tools/calibrate_trust.py CONFIG CHECKPOINT --ann FILE --out NEW.pth

A monotone map is fitted on annotated persons that the network was not
trained on, and stored in a copy of the checkpoint; it replaces an earlier
one. The table compares trust before and after on other persons, by default
those of the config's validation. The map applies to what prediction returns
with the config's test_cfg (the mean of both views, with flip test); joints
within --dist-thr are correct.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import get_args

import self_verify_pose.compat  # noqa: F401, isort: skip

from rich.console import Console
from rich.progress import Progress

from self_verify_pose.datasets.coco_instances import build_split
from self_verify_pose.engine.calibration import (
    calibrate,
    comparison_table,
    store_calibration,
)
from self_verify_pose.engine.checkpoint import (
    load_estimator,
    read_checkpoint,
    save_checkpoint,
    state_dict_of,
)
from self_verify_pose.models.heads.calibration import CalibrationMethod
from self_verify_pose.output_files import check_output_file
from self_verify_pose.tools.command_line import (
    add_data_options,
    add_evaluation_options,
    make_main,
    make_parser,
    parse_with_data,
    read_config,
)


def _parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('config')
    add('checkpoint', help='with a trained trust head; it is not changed')
    add('--out', type=Path, required=True, help='checkpoint to make')
    add('--method', choices=get_args(CalibrationMethod), default='temperature')
    add_data_options(parser, required=True)
    add_data_options(parser, 'report-')
    add_evaluation_options(parser)
    return parse_with_data(parser, argv, ('', 'report-'))


def _check_out(out: Path) -> None:
    """Raise before any work is done if the output cannot be written."""
    if out.exists():
        raise FileExistsError(
            f'--out: expected no file, found {out}; give another name'
        )
    if not out.parent.is_dir():
        raise FileNotFoundError(
            f'--out: expected the folder {out.parent}, found nothing there; '
            'make it'
        )
    check_output_file(out)


def _run(args: argparse.Namespace) -> None:
    """Fit on one data set, report on another and write the checkpoint."""
    console = Console()
    _check_out(args.out)
    config = read_config(args)
    content = read_checkpoint(args.checkpoint)
    state = state_dict_of(content)
    model = load_estimator(config, state, args.checkpoint, True, args.device)
    fitted, reported = (
        build_split(config, split, ann, images, args.max_samples)
        for split, ann, images in (
            (args.split or 'val', args.ann, args.images),
            (args.report_split, args.report_ann, args.report_images),
        )
    )
    options = (args.method, args.dist_thr, args.batch_size, args.workers)
    with Progress(console=console) as progress:
        total = len(fitted) + len(reported)
        task = progress.add_task('predicting', total=total)
        advance = partial(progress.advance, task)
        result = calibrate(model, fitted, reported, *options, advance)
    for verb, joints, data in (
        ('fitted', result.fitted, fitted),
        ('shown', result.reported, reported),
    ):
        console.print(f'{verb} on {len(joints.trust)} joints: {data.ann_file}')
    console.print(comparison_table(result))
    store_calibration(content, result)
    save_checkpoint(content, args.out)
    console.print(f'calibrated checkpoint: {args.out}')


main = make_main(__file__, _parse_arguments, _run)

if __name__ == '__main__':
    sys.exit(main())
