"""Split a set of annotated images by image, for training and calibration.

    python -m self_verify_pose.tools.study.split_set --set ROOT --out DIR

A fifth of the images, the same ones each time, goes to DIR/calib, the others
to DIR/train, each with annotations.json and images/, a link to those of ROOT.
ROOT is in the layout of COCO (train2017 is taken) or holds annotations.json
and images/.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from self_verify_pose.output_files import replacing
from self_verify_pose.tools.command_line import make_parser, run_tool
from self_verify_pose.tools.study.held_out import hold_out_images
from self_verify_pose.tools.study.image_sets import ImageSet, find_set

_SEED = 0


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The arguments.
    """
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('--set', type=Path, required=True, metavar='ROOT', help='the images')
    add('--out', type=Path, required=True, metavar='DIR', help='new folder')
    return parser.parse_args(argv)


def split_set(whole: ImageSet, out: Path) -> dict[str, tuple[int, int]]:
    """Write both parts of a set.

    Args:
        whole: The set.
        out: Folder of the parts, which must not exist.

    Returns:
        Images and persons with keypoints of ``'train'`` and of ``'calib'``.

    Raises:
        FileExistsError: If the folder exists.
    """
    if out.exists():
        raise FileExistsError(
            f'--out: expected a new folder, found {out}; remove it or give '
            'another one'
        )
    content = json.loads(whole.annotations.read_text())
    images = np.array([image['id'] for image in content['images']])
    held = hold_out_images(images, _SEED)
    counts = {}
    for name, chosen in (('train', ~held), ('calib', held)):
        ids = set(images[chosen].tolist())
        part = {
            **content,
            'images': [one for one in content['images'] if one['id'] in ids],
            'annotations': [
                one for one in content['annotations'] if one['image_id'] in ids
            ],
        }
        _write_part(out / name, part, whole.images)
        persons = [any(one['keypoints'][2::3]) for one in part['annotations']]
        counts[name] = (len(part['images']), sum(persons))
    return counts


def _write_part(folder: Path, part: dict[str, Any], images: Path) -> None:
    folder.mkdir(parents=True)
    (folder / 'images').symlink_to(images)
    with replacing(folder / 'annotations.json') as file:
        file.write(json.dumps(part).encode())


def run(args: argparse.Namespace) -> None:
    """Split, and print what is in each part.

    Args:
        args: The command line.
    """
    counts = split_set(find_set(args.set, 'train'), args.out)
    for name, (images, persons) in counts.items():
        print(f'{args.out / name}: {images} images, {persons} persons')


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The exit status.
    """
    args = parse_arguments(argv)
    return run_tool(__file__, lambda: run(args))


if __name__ == '__main__':
    sys.exit(main())
