"""Annotated persons of data sets in COCO format."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.dataset import BaseDataset

from .coco import CheckedCocoDataset, build_checked, check_exist
from .image_check import check_images

# whose images are looked at, spread evenly over a data set
_MAX_PERSONS = 2000

InstanceInfo = dict[str, Any]
"""A person as a data set of MMPose describes it."""


def read_instances(
    annotations: Path,
    folder: Path,
    only: Iterable[str] | None = None,
    kind: Mapping[str, Any] | None = None,
) -> dict[Path, list[InstanceInfo]]:
    """Read the persons with labeled joints.

    Args:
        annotations: Annotation file in the format of the data set.
        folder: Folder of its images.
        only: Names of the images to take; all that show persons by default.
        kind: Config of the data set, of which ``type`` and ``metainfo`` are
            read; by default that of COCO.

    Returns:
        MMPose's description of each person, by image.

    Raises:
        FileNotFoundError: If a file or the folder is missing.
        ValueError: If the annotations are in another format, or hold no
            labeled person for an image.
    """
    check_exist(annotations, folder, 'correct the path')
    kind = {'type': CheckedCocoDataset} if kind is None else kind
    options = {k: kind[k] for k in ('type', 'metainfo') if k in kind}
    if 'datasets' in kind:  # several data sets that are tested as one
        options['type'] = CheckedCocoDataset
    options['ann_file'] = str(annotations)
    options['data_prefix'] = {'img': str(folder)}
    try:
        dataset = build_checked(
            {**options, 'test_mode': True, 'serialize_data': False}
        )
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        if str(annotations) in str(error):
            raise
        raise ValueError(
            'COCO data: expected keypoints of persons in COCO format, found '
            f'{annotations}, which cannot be read ({error!r}); correct it'
        ) from error
    infos: dict[Path, list[InstanceInfo]] = {}
    for info in iterate_instances(dataset):
        infos.setdefault(Path(info['img_path']), []).append(info)
    if only is not None:
        infos = {folder / name: infos.get(folder / name, []) for name in only}
    for path, persons in infos.items():
        if not persons:
            raise ValueError(
                f'COCO data: expected labeled persons in {path}, found none '
                f'in {annotations}; give the annotations of this image'
            )
    check_images(
        (info for persons in infos.values() for info in persons), annotations
    )
    return infos


def build_split(
    config: Config,
    split: str = 'val',
    ann_file: Path | None = None,
    images: Path | None = None,
    count: int | None = None,
) -> BaseDataset:
    """Build annotated persons with the validation pipeline.

    Args:
        config: Config with the data set of the split.
        split: ``'val'`` or ``'test'``.
        ann_file: A COCO-format file to read instead of that of the split.
        images: Its image folder, ``images`` beside the file by default.
        count: Keep only the first so many persons; all by default.

    Returns:
        The data set.

    Raises:
        FileNotFoundError: If the file or the folder does not exist.
        ValueError: If there is no person with keypoints.
    """
    cfg: dict[str, Any] = {
        **config[f'{split}_dataloader'].dataset,
        'pipeline': config.val_dataloader.dataset.pipeline,
        'serialize_data': False,  # fails where there is nothing
    }
    if ann_file is not None:
        if images is None:
            images = ann_file.parent / 'images'
        check_exist(ann_file, images, 'correct the path')
        cfg['ann_file'] = str(ann_file.resolve())
        cfg['data_prefix'] = {'img': str(images.resolve())}
    return build_dataset(cfg, count)


def build_dataset(
    cfg: Mapping[str, Any], count: int | None = None
) -> BaseDataset:
    """Build a data set in fixed order that is not empty.

    Args:
        cfg: Its config.
        count: Keep only the first so many persons; all by default.

    Returns:
        The data set.

    Raises:
        ValueError: If there is no person with keypoints.
    """
    dataset = build_checked({**cfg, 'test_mode': True, 'indices': count})
    if not len(dataset):
        raise ValueError(
            'annotations: expected persons with keypoints, found none in '
            f'{dataset.ann_file}; give another file'
        )
    check_dataset_images(dataset)
    return dataset


def check_dataset_images(dataset: BaseDataset) -> None:
    """Raise unless the images of a data set have the annotated sizes.

    Of large data sets, those of 2,000 persons are looked at.

    Args:
        dataset: A data set of MMPose.

    Raises:
        FileNotFoundError: If an image does not exist.
        ValueError: If an image has another size.
    """
    count = min(len(dataset), _MAX_PERSONS)
    rows = np.linspace(0, len(dataset) - 1, count).round().astype(int)
    infos = (BaseDataset.get_data_info(dataset, int(row)) for row in rows)
    check_images(infos, dataset.ann_file)


def plain_crops(config: Config) -> list[dict[str, Any]]:
    """Make the pipeline of crops without augmentation, but with targets.

    Args:
        config: Config with pipelines of training and validation.

    Returns:
        The pipeline of validation, which ends in the ``GenerateTarget`` and
        the ``PackPoseInputs`` of the training.

    Raises:
        ValueError: If the training pipeline lacks one of them.
    """
    ending = ('GenerateTarget', 'PackPoseInputs')
    validation = config.val_dataloader.dataset.pipeline
    training = {
        transform['type']: transform
        for transform in config.train_dataloader.dataset.get('pipeline', ())
    }
    for name in ending:
        if name not in training:
            raise ValueError(
                f'train_dataloader.dataset.pipeline: expected {name}, found '
                f'{", ".join(training) or "nothing"}; give the config with '
                'the training of the pose network'
            )
    crops = [t for t in validation if t['type'] not in ending]
    return [*crops, *(training[name] for name in ending)]


def iterate_instances(dataset: BaseDataset) -> Iterator[InstanceInfo]:
    """Iterate over the persons of a data set, without images.

    Args:
        dataset: A data set of MMPose.

    Yields:
        MMPose's description of each person, without the skeleton.
    """
    for index in range(len(dataset)):
        # not the override of MMPose, which copies the skeleton every time
        yield BaseDataset.get_data_info(dataset, index)


def select_evenly(
    infos: Mapping[Path, Sequence[InstanceInfo]],
    number: int | None,
    min_joints: int,
) -> dict[Path, list[InstanceInfo]]:
    """Keep persons with enough labeled joints, spread evenly.

    Args:
        infos: The persons, by image.
        number: Maximal number of persons; None keeps all.
        min_joints: Minimal number of labeled joints of a person.

    Returns:
        The kept persons, by image.

    Raises:
        ValueError: If no person has enough labeled joints.
    """
    pairs = [
        (path, info)
        for path, persons in infos.items()
        for info in persons
        if (info['keypoints_visible'][0] > 0).sum() >= min_joints
    ]
    if not pairs:
        raise ValueError(
            f'COCO data: expected persons with at least {min_joints} '
            f'labeled joints, found none among '
            f'{sum(map(len, infos.values()))}; give data with more labels'
        )
    count = len(pairs) if number is None else min(number, len(pairs))
    kept = defaultdict(list)
    for index in np.linspace(0, len(pairs) - 1, count).round().astype(int):
        path, info = pairs[index]
        kept[path].append(info)
    return dict(kept)
