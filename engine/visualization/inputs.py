"""Checks of the images, videos, boxes and annotations to visualize."""

import mimetypes
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..inference import check_boxes

# isort: split
import cv2
import numpy as np
from mmcv import VideoReader
from numpy.typing import NDArray

from ...coco_fields import read_json
from ...datasets.coco_instances import InstanceInfo, read_instances
from ...models.pose_estimators.selfverify_topdown import SelfVerifyTopdown


def kind_of(path: Path) -> str:
    """Determine the kind of an input.

    Args:
        path: Path of a file or folder.

    Returns:
        ``'image'``, ``'video'`` or ``'folder'``.

    Raises:
        FileNotFoundError: If the path does not exist.
        ValueError: If OpenCV cannot read the file.
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
    mime = mimetypes.guess_type(path.name)[0] or ''
    if mime.startswith('video/') and VideoReader(str(path)).frame_cnt > 0:
        return 'video'
    raise ValueError(
        f'expected an image or a video, found {path}, which OpenCV cannot '
        'read; convert it to JPEG, PNG or MP4'
    )


def images_of(folder: Path) -> list[Path]:
    """List the images of a folder, by name.

    Args:
        folder: Existing folder.

    Returns:
        Paths of its files that OpenCV can read.

    Raises:
        ValueError: If there is none.
    """
    paths = sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and cv2.haveImageReader(str(path))
    )
    if not paths:
        raise ValueError(
            f'expected a folder of images, found none in {folder} that '
            'OpenCV can read; give the folder of the images themselves'
        )
    return paths


def check_inputs(
    paths: Sequence[Path], out: Path, annotated: bool
) -> dict[Path, str]:
    """Check that inputs, their boxes and the output are consistent.

    Args:
        paths: Paths of the inputs.
        out: Folder of the output.
        annotated: Whether the boxes are those of an annotation file.

    Returns:
        Kind of each input, see :func:`kind_of`.

    Raises:
        FileNotFoundError: If an input is missing.
        ValueError: If an input cannot be read or combined with the others.
    """
    kinds = {path: kind_of(path) for path in paths}
    if 'folder' in kinds.values() and (len(kinds) > 1 or not annotated):
        raise ValueError(
            'expected a folder alone and with --coco, found other inputs or '
            'another source of boxes; name the images one by one (FOLDER/*)'
        )
    if 'video' in kinds.values() and annotated:
        raise ValueError(
            '--coco: expected images, found a video; use --whole-image or '
            '--boxes'
        )
    targets = [output_path(path, out, '.json') for path in kinds]
    for target in targets:
        if targets.count(target) > 1:
            raise ValueError(
                f'expected inputs of different names, found two for {target};'
                ' draw them into different folders'
            )
    return kinds


def output_path(path: Path, folder: Path, suffix: str) -> Path:
    """Name an output file of an input.

    Args:
        path: Path of the input.
        folder: Folder of the output.
        suffix: Suffix of the output with the dot.

    Returns:
        Path of the output file.
    """
    return folder / f'{path.stem}_trust{suffix}'


def read_boxes(file: Path, kinds: dict[Path, str]) -> dict[Path, Any]:
    """Read the boxes of all inputs.

    Args:
        file: Path of a JSON object: the name of each input, with N boxes
            ``[x0, y0, x1, y1]`` in pixels for an image, and N boxes per frame
            for a video.
        kinds: Kind of each input.

    Returns:
        By input, ``(N, 4)`` boxes of an image, or a list of them with one
        entry per frame of a video.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If boxes of an input are missing or invalid.
    """
    content = read_json(file)
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


def _check_frames(
    given: Any, where: str, path: Path
) -> list[NDArray[np.float32]]:
    frames = VideoReader(str(path)).frame_cnt
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
    annotations: Path,
    paths: Iterable[Path],
    kind: Mapping[str, Any] | None = None,
) -> dict[Path, list[InstanceInfo]]:
    """Read the annotated persons of images of one or several folders.

    Args:
        annotations: Path of an annotation file.
        paths: Paths of the images.
        kind: Config of the data set, see :func:`read_instances`.

    Returns:
        The annotated persons by image.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If an image has no annotated person, or the annotations
            are invalid.
    """
    names: defaultdict[Path, list[str]] = defaultdict(list)
    for path in paths:
        names[path.parent].append(path.name)
    infos: dict[Path, list[InstanceInfo]] = {}
    for folder, images in names.items():
        infos |= read_instances(annotations, folder, images, kind)
    return infos


def check_joints(
    model: SelfVerifyTopdown, infos: Mapping[Path, Sequence[InstanceInfo]]
) -> None:
    """Check that annotated persons have the joints of the model.

    Args:
        model: Estimator with the meta data of its data set.
        infos: Annotated persons by image.

    Raises:
        ValueError: If the number of joints differs.
    """
    expected = model.dataset_meta['num_keypoints']
    for path, persons in infos.items():
        for person in persons:
            found = person['keypoints'].shape[1]
            if found != expected:
                raise ValueError(
                    f'--coco: expected {expected} joints a person, as the '
                    f'config has, found {found} in {path.name}; give '
                    'annotations of the same joints'
                )
