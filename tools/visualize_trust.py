"""Draw poses with joints and limbs colored by trust, beside the raw score.

Images and videos, one file each, with a JSON file of the predictions:

  visualize_trust.py IMAGE|VIDEO... --config CONFIG --checkpoint FILE --out DIR
      --whole-image | --boxes FILE | --coco ANN

Contact sheets of the best, typical and worst persons of a data set:

  visualize_trust.py FOLDER --coco ANN --config CONFIG --checkpoint FILE
      --out DIR

--boxes names a JSON file such as
  {"a.jpg": [[x0, y0, x1, y1], ...], "b.mp4": [[[x0, y0, x1, y1], ...], ...]}
with the boxes of each image, and of each frame of a video, in pixels.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import self_verify_pose.compat  # noqa: F401, isort: skip

from self_verify_pose.apis import init_trust_model
from self_verify_pose.datasets.coco_instances import (
    read_instances,
    select_evenly,
)
from self_verify_pose.engine.inference import read_config
from self_verify_pose.engine.visualization.files import (
    write_contact_sheets,
    write_visualizations,
)
from self_verify_pose.engine.visualization.inputs import (
    check_inputs,
    check_joints,
    read_boxes,
    read_truth,
)
from self_verify_pose.output_files import check_output_folder
from self_verify_pose.tools.command_line import (
    add_device_option,
    at_least,
    make_main,
    make_parser,
)

_MIN_JOINTS = 6  # labeled joints of a person on a contact sheet


def _parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('inputs', nargs='+', type=Path, metavar='IMAGE|VIDEO|FOLDER')
    add('--config', required=True)
    add('--checkpoint', required=True, help='with a trained trust head')
    choose = parser.add_mutually_exclusive_group(required=True).add_argument
    whole = 'one person who fills the image'
    choose('--whole-image', action='store_true', help=whole)
    choose('--boxes', type=Path, metavar='FILE', help='see above')
    choose(
        '--coco',
        type=Path,
        metavar='ANN',
        help='annotation file in the format of the test data of CONFIG: its '
        'boxes, and crosses on joints that are wrong',
    )
    add('--out', required=True, type=Path, metavar='DIR')
    add(
        '--numbers',
        action='store_true',
        help='write the scores beside the joints of persons who are large '
        'enough; the JSON file has all',
    )
    add(
        '--smooth',
        action='store_true',
        help='smooth the poses of videos over time, weighted by trust; '
        'persons are followed by the overlap of their boxes',
    )
    number = 'persons a sheet (%(default)s)'
    add('--num', type=at_least(1), default=9, help=number)
    add(
        '--persons',
        type=at_least(1),
        metavar='N',
        help='evaluate N persons, spread evenly over the folder (all)',
    )
    add_device_option(parser)
    return parser.parse_args(argv)


def _prepare(args: argparse.Namespace) -> Iterator[Path]:
    """Check all input and load the model; the files are drawn one by one."""
    kinds = check_inputs(args.inputs, args.out, args.coco is not None)
    folder = next((p for p, kind in kinds.items() if kind == 'folder'), None)
    if args.smooth and 'video' not in kinds.values():
        raise ValueError(
            '--smooth: expected a video, found none; leave the option out'
        )
    boxes = read_boxes(args.boxes, kinds) if args.boxes else {}
    config = read_config(args.config)
    kind = config.test_dataloader.dataset
    if folder:
        infos = select_evenly(
            read_instances(args.coco, folder, kind=kind),
            args.persons,
            _MIN_JOINTS,
        )
    else:
        infos = read_truth(args.coco, kinds, kind) if args.coco else {}
    model = init_trust_model(config, args.checkpoint, args.device)
    check_joints(model, infos)
    check_output_folder(args.out)
    if folder:
        return write_contact_sheets(
            model, infos, args.out, args.num, args.numbers
        )
    return write_visualizations(
        model, kinds, args.out, boxes, infos, args.numbers, args.smooth
    )


def _run(args: argparse.Namespace) -> None:
    for path in _prepare(args):
        print(path)


main = make_main(__file__, _parse_args, _run)

if __name__ == '__main__':
    sys.exit(main())
