"""The persons of a data set in COCO format, image by image."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .coco import CheckedCocoDataset

PersonInfo = dict[str, Any]  # how MMPose's data sets describe a person


def read_persons(
    annotations: Path, folder: Path, only: Iterable[str] | None = None
) -> dict[Path, list[PersonInfo]]:
    """Read the persons with labelled joints.

    Args:
        annotations: Annotation file in COCO format.
        folder: Folder of its images.
        only: Names of the images to take; all that show persons by default.

    Returns:
        MMPose's description of each person, by image.

    Raises:
        FileNotFoundError: If a file or the folder is missing.
        ValueError: If the annotations are in another format, or hold no
            labelled person for an image.
    """
    for path in (annotations, folder):
        if not path.exists():
            raise FileNotFoundError(
                f'COCO data: expected {path}, found nothing there; correct '
                'the path'
            )
    infos = _by_image(annotations, folder)
    if only is not None:
        infos = {folder / name: infos.get(folder / name, []) for name in only}
    for path, persons in infos.items():
        if not persons:
            raise ValueError(
                f'COCO data: expected labelled persons in {path}, found none '
                f'in {annotations}; give the annotations of this image'
            )
        if not path.is_file():
            raise FileNotFoundError(
                f'COCO data: expected the images of {annotations}, found '
                f'nothing at {path}; give their folder'
            )
    return infos


def _by_image(annotations: Path, folder: Path) -> dict[Path, list[PersonInfo]]:
    try:
        dataset = CheckedCocoDataset(
            ann_file=str(annotations),
            data_prefix={'img': str(folder)},
            pipeline=[],
            test_mode=True,
        )
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            'COCO data: expected key points of persons in COCO format, found '
            f'{annotations}, which can not be read ({error!r}); correct it'
        ) from error
    infos = defaultdict(list)
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        infos[Path(info['img_path'])].append(info)
    return dict(infos)


def labelled_joints(info: PersonInfo) -> NDArray[np.bool_]:
    """Tell which joints have a true position.

    Args:
        info: A person.

    Returns:
        ``(K,)`` boolean.
    """
    return info['keypoints_visible'][0] > 0


def spread_persons(
    infos: Mapping[Path, Sequence[PersonInfo]],
    number: int | None,
    min_joints: int,
) -> dict[Path, list[PersonInfo]]:
    """Keep persons with enough labelled joints, spread evenly.

    Args:
        infos: The persons, by image.
        number: Persons to keep at most; None keeps all.
        min_joints: Fewest labelled joints of a person.

    Returns:
        Those that are kept, by image.

    Raises:
        ValueError: If nobody has enough labelled joints.
    """
    pairs = [
        (path, info)
        for path, persons in infos.items()
        for info in persons
        if labelled_joints(info).sum() >= min_joints
    ]
    if not pairs:
        raise ValueError(
            f'COCO data: expected persons with at least {min_joints} '
            f'labelled joints, found none among '
            f'{sum(map(len, infos.values()))}; give data with more labels'
        )
    count = len(pairs) if number is None else min(number, len(pairs))
    kept = defaultdict(list)
    for index in np.linspace(0, len(pairs) - 1, count).round().astype(int):
        path, info = pairs[index]
        kept[path].append(info)
    return dict(kept)
