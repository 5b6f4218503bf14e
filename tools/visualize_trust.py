"""Draw poses with joints and limbs colored by trust, beside the raw score.

Pictures and videos, one file each, with a JSON of what was predicted:

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
import json
import mimetypes
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import self_verify_pose.compat  # noqa: F401, isort: skip

import cv2
import mmcv
from matplotlib.image import imsave
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from self_verify_pose.apis import (
    check_boxes,
    init_trust_model,
    save_predictions,
)
from self_verify_pose.datasets.coco_instances import (
    InstanceInfo,
    read_instances,
    select_evenly,
)
from self_verify_pose.engine.visualization.predictions import (
    draw_image,
    draw_sheet,
    draw_video,
    evaluate_image,
    rank_persons,
)
from self_verify_pose.models.pose_estimators.selfverify_topdown import (
    SelfVerifyTopdown,
)
from self_verify_pose.tools.command_line import add_device_option, at_least

_MIN_JOINTS = 6  # labeled joints of a person on a contact sheet


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add('inputs', nargs='+', type=Path, metavar='IMAGE|VIDEO|FOLDER')
    add('--config', required=True)
    add('--checkpoint', required=True, help='with a trained trust head')
    boxes = parser.add_mutually_exclusive_group(required=True)
    boxes.add_argument(
        '--whole-image',
        action='store_true',
        help='one person, who fills the image',
    )
    boxes.add_argument('--boxes', type=Path, metavar='FILE', help='see above')
    boxes.add_argument(
        '--coco',
        type=Path,
        metavar='ANN',
        help='annotation file in COCO format: its boxes, and crosses on '
        'joints that are wrong',
    )
    add('--out', required=True, type=Path, metavar='DIR')
    add(
        '--numbers',
        action='store_true',
        help='write the values beside the joints of persons who are large '
        'enough; the JSON has all',
    )
    add(
        '--num',
        type=at_least(1),
        default=9,
        help='persons a sheet (%(default)s)',
    )
    add(
        '--persons',
        type=at_least(1),
        metavar='N',
        help='judge N persons, spread evenly over the folder (all)',
    )
    add_device_option(parser)
    return parser.parse_args(argv)


def kind_of(path: Path) -> str:
    """Tell what an input is, after a look at it.

    Args:
        path: A file or folder.

    Returns:
        ``'image'``, ``'video'`` or ``'folder'``.

    Raises:
        FileNotFoundError: If there is nothing.
        ValueError: If OpenCV cannot read it.
    """
    if path.is_dir():
        return 'folder'
    if not path.is_file():
        raise FileNotFoundError(
            f'expected an image, a video or a folder, found nothing at '
            f'{path}; correct the path'
        )
    if cv2.haveImageReader(str(path)):
        return 'image'
    kind = mimetypes.guess_type(path.name)[0] or ''
    if kind.startswith('video/') and mmcv.VideoReader(str(path)).frame_cnt > 0:
        return 'video'
    raise ValueError(
        f'expected an image or a video, found {path}, which OpenCV cannot '
        'read; convert it to JPEG, PNG or MP4'
    )


def check_inputs(args: argparse.Namespace) -> dict[Path, str]:
    """Check that inputs, their boxes and the output fit together.

    Args:
        args: The command line.

    Returns:
        What each input is, see :func:`kind_of`.

    Raises:
        FileNotFoundError: If an input is missing.
        ValueError: If they do not fit.
    """
    kinds = {path: kind_of(path) for path in args.inputs}
    found = set(kinds.values())
    if 'folder' in found and (len(kinds) > 1 or args.coco is None):
        raise ValueError(
            'expected a folder alone and with --coco, found other inputs or '
            'another source of boxes; name the images one by one (FOLDER/*)'
        )
    if 'video' in found and args.coco is not None:
        raise ValueError(
            '--coco: expected images, found a video; use --whole-image or '
            '--boxes'
        )
    targets = [target_of(path, args.out, '.json') for path in kinds]
    for target in targets:
        if targets.count(target) > 1:
            raise ValueError(
                f'expected inputs of different names, found two for {target};'
                ' draw them into different folders'
            )
    return kinds


def target_of(path: Path, folder: Path, suffix: str) -> Path:
    """Name what is written about an input."""
    return folder / f'{path.stem}_trust{suffix}'


def read_boxes(file: Path, kinds: dict[Path, str]) -> dict[Path, Any]:
    """Read the boxes of all inputs.

    Args:
        file: JSON file, see the head of this tool.
        kinds: What each input is.

    Returns:
        For an image ``(N, 4)`` boxes, for a video a list of them.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it holds no boxes for an input, or wrong ones.
    """
    try:
        content = json.loads(file.read_text(encoding='utf-8'))
    except ValueError as error:
        raise ValueError(
            f'--boxes: expected JSON, found {file}, which is none ({error})'
        ) from error
    if not isinstance(content, dict):
        raise ValueError(
            '--boxes: expected an object of file names and boxes, found a '
            f'{type(content).__name__} in {file}; write {{"a.jpg": [[x0, y0, '
            'x1, y1]]}'
        )
    missing = [path.name for path in kinds if path.name not in content]
    if missing:
        raise ValueError(
            f'--boxes: expected boxes for {", ".join(missing)}, found none '
            f'in {file}; add them, or an empty list where nobody is'
        )
    boxes: dict[Path, Any] = {}
    for path, kind in kinds.items():
        given, where = content[path.name], f'{file}, {path.name}'
        if kind == 'image':
            boxes[path] = check_boxes(given, where)
        else:
            boxes[path] = _check_frames(given, where, path)
    return boxes


def _check_frames(given: Any, where: str, path: Path) -> list[NDArray]:
    frames = mmcv.VideoReader(str(path)).frame_cnt
    if not isinstance(given, list) or len(given) != frames:
        found = len(given) if isinstance(given, list) else given
        raise ValueError(
            f'{where}: expected a list of boxes for each of {frames} frames, '
            f'found {found}; give an empty list where nobody is'
        )
    return [
        check_boxes(boxes, f'{where}, frame {index}')
        for index, boxes in enumerate(given)
    ]


def read_truth(
    annotations: Path, paths: Iterable[Path]
) -> dict[Path, list[InstanceInfo]]:
    """Read the true persons of some images, which may lie in any folders."""
    names = defaultdict(list)
    for path in paths:
        names[path.parent].append(path.name)
    infos = {}
    for folder, images in names.items():
        infos |= read_instances(annotations, folder, images)
    return infos


def draw_files(
    args: argparse.Namespace,
    model: SelfVerifyTopdown,
    kinds: dict[Path, str],
    boxes: dict[Path, Any],
    infos: dict[Path, list[InstanceInfo]],
) -> None:
    """Draw images and videos one by one, and say what was written.

    Args:
        args: The command line.
        model: The estimator.
        kinds: What each input is.
        boxes: Boxes of the inputs; whole images where there are none.
        infos: True persons of the images, where they are known.
    """
    for path, kind in kinds.items():
        record = target_of(path, args.out, '.json')
        if kind == 'video':
            target = target_of(path, args.out, '.mp4')
            frames = draw_video(
                model, path, target, boxes.get(path), args.numbers
            )
            count = mmcv.VideoReader(str(path)).frame_cnt
            done = list(progress(frames, path.name, count))
            record.write_text(json.dumps(done), encoding='utf-8')
        else:
            target = target_of(path, args.out, '.png')
            picture, samples = draw_image(
                model, path, boxes.get(path), infos.get(path), args.numbers
            )
            imsave(target, picture)
            save_predictions(samples, record)
        print(target, record, sep='\n')


def draw_folder(
    args: argparse.Namespace,
    model: SelfVerifyTopdown,
    infos: dict[Path, list[InstanceInfo]],
) -> None:
    """Draw contact sheets of a data set, and say what was written.

    Args:
        args: The command line.
        model: The estimator.
        infos: True persons, by image.
    """
    persons = [
        person
        for path, persons in progress(infos.items(), 'judging', len(infos))
        for person in evaluate_image(model, path, persons)
    ]
    links = model.dataset_meta['skeleton_links']
    for kind, ranked in rank_persons(persons, args.num).items():
        title = (
            f'{kind} {len(ranked)} of {len(persons)} persons by the Brier '
            'score of trust (mean squared gap between trust and being '
            'right; 0 is best)'
        )
        target = args.out / f'{kind}.png'
        draw_sheet(ranked, title, links, args.numbers).savefig(target)
        print(target)


def check_joints(
    model: SelfVerifyTopdown, infos: dict[Path, list[InstanceInfo]]
) -> None:
    """Raise unless the true persons have the joints of the model.

    Args:
        model: The estimator.
        infos: True persons, by image.

    Raises:
        ValueError: If the number of joints differs.
    """
    wanted = model.dataset_meta['num_keypoints']
    for path, persons in infos.items():
        for person in persons:
            found = person['keypoints'].shape[1]
            if found != wanted:
                raise ValueError(
                    f'--coco: expected {wanted} joints a person, as the '
                    f'config has, found {found} in {path.name}; give '
                    'annotations of the same joints'
                )


def progress(items: Iterable, text: str, total: int) -> Iterable:
    """Go through items under a progress bar, on the error stream."""
    return track(items, text, total, console=Console(stderr=True))


def prepare(args: argparse.Namespace) -> Callable[[], None]:
    """Check everything that can be wrong, and load the model.

    Args:
        args: The command line.

    Returns:
        The work, ready to be done.

    Raises:
        OSError: If a file is missing or cannot be read.
        TypeError: If an option of the config is of the wrong type.
        ValueError: If inputs, config or checkpoint are not as expected.
    """
    kinds = check_inputs(args)
    folder = next((p for p, kind in kinds.items() if kind == 'folder'), None)
    boxes = read_boxes(args.boxes, kinds) if args.boxes else {}
    if folder:
        infos = select_evenly(
            read_instances(args.coco, folder), args.persons, _MIN_JOINTS
        )
    else:
        infos = read_truth(args.coco, kinds) if args.coco else {}
    model = init_trust_model(args.config, args.checkpoint, args.device)
    check_joints(model, infos)
    args.out.mkdir(parents=True, exist_ok=True)
    if folder:
        return partial(draw_folder, args, model, infos)
    return partial(draw_files, args, model, kinds, boxes, infos)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; wrong input is one line, and 1."""
    args = parse_args(argv)
    try:
        work = prepare(args)
    except (OSError, TypeError, ValueError) as error:
        return fail(error)
    try:
        work()
    except OSError as error:  # such as a full disk
        return fail(error)
    return 0


def fail(error: Exception) -> int:
    """Say what went wrong."""
    print(f'{Path(__file__).name}: {error}', file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
