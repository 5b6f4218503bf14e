"""Check that two data sets share no data."""

import filecmp
import os

from mmengine.dataset import BaseDataset

from .coco_instances import InstanceInfo, iterate_instances
from .trust_cache.files import file_sha256


def check_disjoint(fitted: BaseDataset, reported: BaseDataset) -> None:
    """Raise if two data sets share persons or images.

    Two data sets share something if they read the same annotation file (or
    a copy of it), a person with the same id and keypoints, or an image with
    the same name and content.

    Args:
        fitted: COCO-style data set that something is fitted to.
        reported: COCO-style data set of the evaluation.

    Raises:
        ValueError: If they share something; the message names it.
    """
    shared = _shared(fitted, reported)
    if shared is not None:
        raise ValueError(
            'report: expected data that nothing was fitted to, found '
            f'{shared} both in {fitted.ann_file} and in '
            f'{reported.ann_file}; report on another split'
        )


def _shared(one: BaseDataset, other: BaseDataset) -> str | None:
    if file_sha256(one.ann_file) == file_sha256(other.ann_file):
        return 'the same annotations'
    keys = {_person_key(person) for person in iterate_instances(other)}
    for person in iterate_instances(one):
        if _person_key(person) in keys:
            return f'the person with id {person["id"]}'
    images = {os.path.basename(p): p for p in _images(other)}
    for path in _images(one):
        twin = images.get(os.path.basename(path))
        if twin is not None and _same_content(path, twin):
            return f'the image {os.path.basename(path)}'
    return None


def _person_key(person: InstanceInfo) -> tuple[int, bytes]:
    return person['id'], person['keypoints'].tobytes()


def _images(dataset: BaseDataset) -> set[str]:
    return {person['img_path'] for person in iterate_instances(dataset)}


def _same_content(one: str, other: str) -> bool:
    readable = os.path.isfile(one) and os.path.isfile(other)
    return readable and filecmp.cmp(one, other, shallow=False)
