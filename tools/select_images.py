"""Select the images to label or to review next.

    python tools/select_images.py scored.json --ann ANN.json --count 200 \
        --out DIR [--images FOLDER]

scored.json is what apply_trust.py writes. The images with the largest
expected number of wrong joints (the sum of 1 - trust) are taken, spread over
different poses. ANN.json names the images and their sizes; its labels are not
read. DIR gets the list (images.json, .csv and .txt), the predictions for
labeling tools (label_studio.json with its label_studio.xml, cvat_coco.json)
and, with --images, contact_sheet.png.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from self_verify_pose.engine.selection.annotation_files import (
    SelectedImage,
    as_coco,
    as_csv,
    as_label_studio,
    as_records,
    label_studio_config,
)
from self_verify_pose.engine.selection.image_selection import (
    ImageCandidates,
    select_images,
)
from self_verify_pose.engine.selection.scored_file import (
    ScoredPersons,
    read_features,
    read_scored,
)
from self_verify_pose.output_files import (
    check_output_folder,
    replacing_together,
    write_json,
    write_text,
)
from self_verify_pose.tools.command_line import (
    at_least,
    make_main,
    make_parser,
)

SHEET = 'contact_sheet.png'


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments, those of the process by default.

    Returns:
        The arguments.
    """
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('results', type=Path, metavar='SCORED', help='results with trust')
    add('--ann', type=Path, help='names and sizes of the images (COCO format)')
    add('--images', type=Path, metavar='FOLDER', help='folder of the images')
    add('--count', type=at_least(1), required=True, help='images to select')
    add('--out', type=Path, required=True, metavar='DIR')
    spread = 'candidates for each image, 1: no spread (%(default)s)'
    add('--spread', type=float, default=1.5, help=spread)
    features = 'npz file with image_ids (M,) and features (M, F), not poses'
    add('--features', type=Path, help=features)
    joints = 'count the wrong ones of these joints only, such as those labeled'
    add('--joints', nargs='+', metavar='NAME', help=joints)
    prefix = 'what addresses of images begin with in Label Studio'
    add('--image-url', default='', metavar='PREFIX', help=prefix)
    add('--num', type=at_least(1), default=18, help='on the contact sheet')
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> None:
    """Select images, and write the files.

    Args:
        args: The command line.
    """
    check_output_folder(args.out)
    scored = read_scored(args.results, args.ann, args.images)
    images = ImageCandidates.of_persons(
        scored.persons, _counted(args.joints, scored), scored.image_ids
    )
    features = images.features
    if args.features is not None:
        features = read_features(args.features, images.image_ids)
    order = select_images(
        images.expected_wrong, features, args.count, args.spread
    )
    selected = [_selected(images, scored, one) for one in order.tolist()]
    with replacing_together(args.out, ['images.json'], [SHEET]) as new:
        _write_lists(new, selected, scored, args.image_url)
        if args.images is not None:
            _draw(
                args,
                selected,
                scored,
                images.worst[order].tolist(),
                new / SHEET,
            )
    mean, chosen = (
        float(values.mean())
        for values in (images.expected_wrong, images.expected_wrong[order])
    )
    print(
        f'{args.out}: {args.count} of {len(images.image_ids)} images, '
        f'{chosen:.2f} expected wrong joints an image, {mean:.2f} in all'
    )


def _counted(
    names: Sequence[str] | None, scored: ScoredPersons
) -> NDArray[np.float64]:
    """Trust, 1 for the joints that are not counted."""
    known = scored.skeleton.joints
    unknown = sorted({*(names or ())} - {*known})
    if unknown:
        raise ValueError(
            f'--joints: expected some of {", ".join(known[:3])}, …, found '
            f'{unknown[0]}; correct it'
        )
    counts = [names is None or one in names for one in known]
    return np.where(counts, scored.trust, 1.0)


def _selected(
    images: ImageCandidates, scored: ScoredPersons, position: int
) -> SelectedImage:
    image_id = images.image_ids[position].item()
    return SelectedImage(
        image_id,
        scored.images[image_id],
        np.flatnonzero(images.image_of == position).tolist(),
        float(images.expected_wrong[position]),
    )


def _write_lists(
    folder: Path,
    selected: list[SelectedImage],
    scored: ScoredPersons,
    image_url: str,
) -> None:
    tasks = as_label_studio(selected, scored, image_url)
    names = ''.join(f'{one.entry.name}\n' for one in selected)
    write_json(folder / 'images.json', as_records(selected))
    write_json(folder / 'label_studio.json', tasks)
    write_json(folder / 'cvat_coco.json', as_coco(selected, scored))
    write_text(folder / 'images.csv', as_csv(selected))
    write_text(folder / 'images.txt', names)
    write_text(
        folder / 'label_studio.xml', label_studio_config(scored.skeleton)
    )


def _draw(
    args: argparse.Namespace,
    selected: list[SelectedImage],
    scored: ScoredPersons,
    worst: Sequence[int],
    path: Path,
) -> None:
    # matplotlib and OpenCV, for those who want a picture
    from self_verify_pose.engine.selection.selection_sheet import (
        draw_selection,
    )

    shown = selected[: args.num]
    draw_selection(shown, scored, worst, args.images).savefig(path)


main = make_main(__file__, parse_arguments, run)

if __name__ == '__main__':
    sys.exit(main())
