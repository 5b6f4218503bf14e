"""Annotated images that a comparison trains or evaluates on."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config
from mmpose.models.pose_estimators.base import BasePoseEstimator
from torch.utils.data import ConcatDataset

from self_verify_pose.coco_fields import read_json
from self_verify_pose.datasets.coco import build_checked, check_for_mmpose
from self_verify_pose.datasets.coco_instances import check_dataset_images
from self_verify_pose.datasets.trust_cache.files import (
    file_sha256,
    text_sha256,
)
from self_verify_pose.engine.skeleton_check import check_skeleton


class ImageSet(NamedTuple):
    """Images with an annotation file in COCO format.

    Args:
        name: Its name in tables.
        annotations: The annotation file.
        images: The image folder.
        persons: Number of persons that are used, the first ones; all of them
            by default.
    """

    name: str
    annotations: Path
    images: Path
    persons: int | None = None

    def config(self, pipeline: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the config of a data set of its annotated persons.

        Args:
            pipeline: Its transforms.

        Returns:
            The config.
        """
        return {
            'type': 'CheckedCocoDataset',
            'data_mode': 'topdown',
            'data_root': str(self.images.parent),
            'ann_file': str(self.annotations),
            'data_prefix': {'img': str(self.images)},
            'pipeline': pipeline,
            'indices': self.persons,
        }


def find_set(root: Path, split: str) -> ImageSet:
    """Find annotations and images below a folder.

    Args:
        root: Either in the layout of COCO (``annotations/`` and
            ``train2017/`` or ``val2017/``) or with ``annotations.json`` and
            ``images/``.
        split: ``'train'`` or ``'val'``, for the layout of COCO.

    Returns:
        The set.

    Raises:
        FileNotFoundError: If neither is there.
    """
    layouts = [
        ImageSet(
            f'{root.name} {split}2017',
            root / 'annotations' / f'person_keypoints_{split}2017.json',
            root / f'{split}2017',
        ),
        ImageSet(root.name, root / 'annotations.json', root / 'images'),
    ]
    for one in layouts:
        if one.annotations.is_file() and one.images.is_dir():
            return one._replace(
                annotations=one.annotations.resolve(),
                images=one.images.resolve(),
            )
    raise FileNotFoundError(
        'images: expected annotations/person_keypoints_'
        f'{split}2017.json and {split}2017/, or annotations.json and images/, '
        f'found neither in {root}; correct the path'
    )


def find_eval_sets(roots: Sequence[Path]) -> list[ImageSet]:
    """Find the sets that are evaluated, each with its own table.

    Args:
        roots: Their folders, see :func:`find_set`.

    Returns:
        The sets.

    Raises:
        ValueError: If two have the same name.
    """
    sets = [find_set(root, 'val') for root in roots]
    names = [one.name for one in sets]
    if len(set(names)) < len(names):
        raise ValueError(
            '--eval: expected folders of different names, which tables are '
            f'called by, found {", ".join(names)}; rename or leave out one'
        )
    return sets


class Content(NamedTuple):
    """What a set shows, whatever its files are called.

    Args:
        images: Hash of the file of each image with an annotation.
        persons: Hash of the keypoints of each person with a labeled one.
    """

    images: frozenset[str]
    persons: frozenset[str]

    @property
    def key(self) -> str:
        """Short name of the content."""
        return short_hash(*sorted(self.images), *sorted(self.persons))


def short_hash(*parts: str) -> str:
    """Name a combination of texts.

    Args:
        *parts: The texts.

    Returns:
        12 hexadecimal digits.
    """
    return text_sha256(' '.join(parts))[:12]


@cache
def read_content(images: ImageSet) -> Content:
    """Hash the images and the annotations of a set.

    Args:
        images: The set.

    Returns:
        Its content.
    """
    found = read_json(images.annotations)
    check_for_mmpose(found, images.annotations)
    persons = found['annotations']
    shown = {person['image_id'] for person in persons}
    return Content(
        frozenset(
            file_sha256(images.images / image['file_name'])
            for image in found['images']
            if image['id'] in shown
        ),
        frozenset(
            text_sha256(json.dumps([float(v) for v in person['keypoints']]))
            for person in persons
            if any(person.get('keypoints', ())[2::3])
        ),
    )


def check_disjoint_sets(
    fitted: Sequence[ImageSet], unseen: Sequence[ImageSet], option: str
) -> int:
    """Raise if something is fitted to what another set is to evaluate.

    Images are compared by the content of their files, persons by their
    keypoints, so that copies under other names, and with other compression,
    are found.

    Args:
        fitted: Sets that something is fitted to.
        unseen: Sets that are to be unseen by it.
        option: Option that gives the latter, for the message.

    Returns:
        The number of unseen images that were compared.

    Raises:
        ValueError: If they have an image or a person in common.
    """
    count = 0
    for one in unseen:
        content = read_content(one)
        count += len(content.images)
        for other in fitted:
            seen = read_content(other)
            images = len(content.images & seen.images)
            persons = len(content.persons & seen.persons)
            if images or persons:
                raise ValueError(
                    f'{option}: expected images that nothing is fitted to, '
                    f'found {images} images and {persons} persons of '
                    f'{one.annotations} in {other.annotations}, too; give '
                    'other images'
                )
    return count


def plain_crops(
    config: Config, sets: list[ImageSet], model: BasePoseEstimator
) -> ConcatDataset:
    """Build sets of plain crops with targets.

    Args:
        config: A config with trust.
        sets: The images.
        model: The estimator of the config.

    Returns:
        The persons of all sets, in order.

    Raises:
        ValueError: If the training of the config makes no targets for the
            pose head, or the model predicts other keypoints.
    """
    train = config.train_dataloader.dataset.get('pipeline', [])
    targets = [one for one in train if one['type'] == 'GenerateTarget']
    if not targets:
        raise ValueError(
            'train_dataloader.dataset.pipeline: expected a GenerateTarget, '
            f'found {[one["type"] for one in train]}; give a config that '
            'trains a pose network'
        )
    val = config.val_dataloader.dataset
    pipeline = [*val.pipeline[:-1], *targets[-1:], train[-1]]
    kind = {key: val[key] for key in ('type', 'metainfo') if key in val}
    built = [build_checked({**one.config(pipeline), **kind}) for one in sets]
    for dataset in built:
        check_dataset_images(dataset)
    check_skeleton(model, built[0].metainfo, 'val_dataloader.dataset')
    return ConcatDataset(built)
