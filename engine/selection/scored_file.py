"""Reading of scored results, and of the images that they belong to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ...coco_annotations import read_annotation_file
from ...coco_fields import Id, check_file, check_image_folder
from ...constants import RAW_SCORE, TRUST
from ...metrics.evaluation.io.coco import read_results
from ...metrics.evaluation.io.ids import align_ids
from ...skeleton import JOINTS, LINKS
from ..posthoc.persons import Floats, PredictedPersons
from ..posthoc.results_file import check_finite

_ENDINGS = ('.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp')


class ImageEntry(NamedTuple):
    """An image.

    Args:
        name: Name of its file in the folder of the images.
        width: Width in pixels.
        height: Height in pixels.
    """

    name: str
    width: int
    height: int


class Skeleton(NamedTuple):
    """Joints of a person.

    Args:
        joints: Their names.
        links: Pairs of positions that a limb connects.
    """

    joints: tuple[str, ...]
    links: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class ScoredPersons:
    """Predicted persons with trust.

    Attributes:
        persons: N persons with K joints; without a ``bbox`` the box is that
            of the joints.
        trust: ``(N, K)`` probability that each joint is correct.
        image_ids: ``(N,)`` id of each person's image, as in ``images``.
        images: The images by id.
        skeleton: Names and links of the joints.
    """

    persons: PredictedPersons
    trust: Floats
    image_ids: NDArray[np.generic]
    images: Mapping[Id, ImageEntry]
    skeleton: Skeleton


def read_scored(
    results: Path, ann: Path | None, folder: Path | None
) -> ScoredPersons:
    """Read results that apply_trust.py has scored.

    Args:
        results: Keypoint results in COCO format with ``keypoint_trust``.
        ann: File in COCO format with the names and sizes of the images, and
            perhaps the names and links of the joints; labels are not read.
        folder: Folder of the images, which need not be there if there is an
            ``ann``.

    Returns:
        The persons.

    Raises:
        FileNotFoundError: If a file or folder is missing.
        ValueError: If a file is in another format, there is no trust, or an
            image cannot be found.
    """
    predictions = read_results(results)
    trust = predictions.scores.get(TRUST)
    if trust is None:
        raise ValueError(
            f"{results}: expected '{TRUST}' in every entry, found none; add "
            'it with apply_trust.py.'
        )
    boxes = predictions.boxes
    if boxes is None:
        corners = predictions.keypoints.min(1), predictions.keypoints.max(1)
        boxes = np.hstack(corners)
    persons = PredictedPersons(
        predictions.keypoints, predictions.scores[RAW_SCORE], boxes
    )
    check_finite(results, persons.keypoints, persons.scores)
    if not ((trust >= 0) & (trust <= 1)).all():
        raise ValueError(
            f'{results}: {TRUST}: expected probabilities in [0, 1], found '
            f'{trust.min():g} to {trust.max():g}; score them with '
            'apply_trust.py.'
        )
    known, skeleton = _read_known(ann, folder, trust.shape[1])
    names = {one: name for one, (name, *_) in known.items()}
    try:
        ids, _ = align_ids(predictions.image_ids.tolist(), names, 'image_id')
    except ValueError as error:
        raise ValueError(f'{results}: {error}') from error
    images = {one: _entry(known[one], folder) for one in dict.fromkeys(ids)}
    return ScoredPersons(persons, trust, np.array(ids), images, skeleton)


def read_features(path: Path, image_ids: NDArray[np.generic]) -> Floats:
    """Read features that tell images apart.

    Args:
        path: npz file with ``image_ids`` ``(M,)`` and ``features``
            ``(M, F)``.
        image_ids: Ids of the images whose features are wanted.

    Returns:
        Their features in that order.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds something else, or not all images.
    """
    check_file(path)
    try:
        with np.load(path, allow_pickle=False) as data:
            ids, features = data['image_ids'], data['features']
        if features.ndim != 2 or ids.shape != features.shape[:1]:
            raise ValueError(f'shapes {ids.shape} and {features.shape}')
        if not np.isfinite(features).all():
            raise ValueError('NaN or infinite numbers')
    except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
        raise ValueError(
            f'{path}: expected an npz file with image_ids (M,) and features '
            f'(M, F), found something else ({error}); write it again.'
        ) from error
    row_of = {one: row for row, one in enumerate(ids.tolist())}
    missing = [one for one in image_ids.tolist() if one not in row_of]
    if missing:
        raise ValueError(
            f'{path}: image_ids: expected all {len(image_ids)} images of the '
            f'results, found that {len(missing)} are missing, first '
            f'{missing[0]!r}; add them.'
        )
    rows = [row_of[one] for one in image_ids.tolist()]
    return np.asarray(features[rows], np.float64)


_Known = dict[Id, tuple[str, int, int]]


def _read_known(
    ann: Path | None, folder: Path | None, joints: int
) -> tuple[_Known, Skeleton]:
    """Names and sizes of all images, 0 where unknown; and the joints."""
    if folder is not None:
        check_image_folder(folder)
    if ann is not None:
        content = read_annotation_file(ann)
        known: _Known = {
            image['id']: (
                image.get('file_name', str(image['id'])),
                int(image['width']),
                int(image['height']),
            )
            for image in content['images']
        }
        return known, _skeleton(content, joints)
    if folder is None:
        raise ValueError(
            '--ann: expected a file with the names and sizes of the images, '
            'or their folder (--images), found neither; give one of them'
        )
    files = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob('*')
        if path.suffix.lower() in _ENDINGS
    )
    return {name: (name, 0, 0) for name in files}, _skeleton({}, joints)


def _skeleton(content: Mapping[str, Any], joints: int) -> Skeleton:
    category = (content.get('categories') or [{}])[0]
    names = tuple(category.get('keypoints', ()))
    if len(names) != joints:
        if joints == len(JOINTS):
            return Skeleton(JOINTS, LINKS)
        return Skeleton(tuple(f'joint {k}' for k in range(joints)), ())
    links = category.get('skeleton', ())
    pairs = tuple((int(one) - 1, int(other) - 1) for one, other in links)
    for pair in pairs:
        if not 0 <= min(pair) <= max(pair) < joints:
            raise ValueError(
                f'categories[0]: skeleton: expected pairs of 1 to {joints}, '
                f'found {[pair[0] + 1, pair[1] + 1]}; correct it'
            )
    return Skeleton(names, pairs)


def _entry(known: tuple[str, int, int], folder: Path | None) -> ImageEntry:
    name, width, height = known
    if width:
        return ImageEntry(name, width, height)
    assert folder is not None
    try:
        with Image.open(folder / name) as image:
            return ImageEntry(name, *image.size)
    except (OSError, UnidentifiedImageError) as error:
        raise ValueError(
            f'--images: expected an image, found {folder / name}, which '
            'cannot be read; convert it to JPEG or PNG, or give --ann'
        ) from error
