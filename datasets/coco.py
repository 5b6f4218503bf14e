"""COCO keypoints with a check that the files exist."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.logging import print_log
from mmpose.datasets.datasets.base import BaseCocoStyleDataset
from mmpose.datasets.datasets.body import CocoDataset
from mmpose.registry import DATASETS

from ..coco_annotations import (
    check_annotations,
    count_left_out,
    describe_left_out,
)
from ..coco_fields import read_json, shown


class CheckedFiles(BaseCocoStyleDataset):
    """A data set in COCO format with a check of its files first.

    Attributes:
        title: Name of the data set in messages.
        remedy: What the user can do where a file is missing.

    Raises:
        FileNotFoundError: If the annotation file or the image folder does
            not exist.
    """

    title: str
    remedy: str

    def load_data_list(self) -> list[dict[str, Any]]:
        """Check that the files exist, then read the annotations.

        Returns:
            One dict per person.
        """
        images = self.data_prefix.get('img', '')
        check_exist(self.ann_file, images, self.remedy, self.title)
        return super().load_data_list()

    def _load_annotations(self) -> tuple[list[dict], list[dict]]:
        """Read the annotations, check them and tell who is left out.

        Raises:
            ValueError: If the file is not in COCO format.
        """
        try:
            loaded = super()._load_annotations()
        except Exception:  # the file decides what is raised
            if '://' not in self.ann_file:
                check_for_mmpose(read_json(self.ann_file), self.ann_file)
            raise
        content = self.coco.dataset
        check_for_mmpose(content, self.ann_file)
        left_out = describe_left_out(count_left_out(content))
        if left_out:
            print_log(f'{self.ann_file}: {left_out}', 'current')
        return loaded

    def parse_data_info(self, raw_data_info: dict) -> dict | None:
        """Add the annotated size of the image to a person.

        Args:
            raw_data_info: The annotation, and that of its image.

        Returns:
            MMPose's description of the person with ``annotated_size``, width
            and height; None if it is left out.
        """
        info: dict | None = super().parse_data_info(raw_data_info)
        if info is not None:
            image = raw_data_info['raw_img_info']
            info['annotated_size'] = (image['width'], image['height'])
        return info


@DATASETS.register_module()
class CheckedCocoDataset(CheckedFiles, CocoDataset):
    """:class:`CocoDataset` with a check of its files first."""

    title = 'COCO'
    remedy = (
        'set COCO_ROOT to a folder with train2017/, val2017/ and '
        'annotations/person_keypoints_{train,val}2017.json '
        '(docs/training.md, "Data")'
    )


def check_for_mmpose(content: Any, path: str | Path) -> None:
    """Raise unless MMPose's data sets of COCO format read a file correctly.

    Args:
        content: Its content.
        path: Its path, for messages.

    Raises:
        ValueError: If a field is missing or holds something else.
    """
    check_annotations(content, path)
    for part in ('images', 'annotations'):
        for number, entry in enumerate(content[part]):
            where = f'{path}: {part}[{number}]'
            if type(entry['id']) is not int:
                raise ValueError(
                    f'{where}: id: expected an integer, which MMPose needs, '
                    f'found {shown(entry["id"])}; number the {part}'
                )
            needed = 'file_name' if part == 'images' else 'category_id'
            if needed not in entry:
                raise ValueError(
                    f"{where}: expected '{needed}', which MMPose needs, found "
                    f'only {", ".join(sorted(entry))}; add it'
                )
    lengths = {
        len(person['keypoints'])
        for person in content['annotations']
        if 'keypoints' in person
    }
    if len(lengths) > 1:
        raise ValueError(
            f'{path}: expected the same keypoints for all annotations, found '
            f'lists of lengths {sorted(lengths)}; keep one category'
        )


def check_exist(
    annotations: str | Path,
    images: str | Path,
    remedy: str,
    title: str = 'COCO',
) -> None:
    """Raise unless an annotation file and its image folder exist.

    Args:
        annotations: The file, or its URL.
        images: The folder, or its URL.
        remedy: What the user can do, for the message.
        title: Name of the data set, for the message.

    Raises:
        FileNotFoundError: If one does not exist.
    """
    for kind, path in (
        ('annotation file', str(annotations)),
        ('image folder', str(images)),
    ):
        if '://' not in path and not os.path.exists(path):
            raise FileNotFoundError(
                f'{title} data: expected the {kind} {path}, found nothing '
                f'there; {remedy}'
            )


def build_checked(cfg: Mapping[str, Any]) -> Any:
    """Build a data set; its annotations are checked where they are COCO's.

    Args:
        cfg: Its config.

    Returns:
        The data set.

    Raises:
        ValueError: If the annotations are not in COCO format.
    """
    kind = cfg['type']
    kind = DATASETS.get(kind) if isinstance(kind, str) else kind
    path = os.path.join(cfg.get('data_root') or '', cfg.get('ann_file', ''))
    try:
        dataset = DATASETS.build(dict(cfg))
    except Exception:  # the file decides what is raised
        _check_unchecked(kind, path)
        raise
    _check_unchecked(kind, path)
    return dataset


def check_dataset(dataset: BaseCocoStyleDataset) -> None:
    """Check the annotations of a data set that has not checked them itself.

    Args:
        dataset: A data set of MMPose.

    Raises:
        ValueError: If its file is in COCO format, and a field is missing or
            holds something else.
    """
    _check_unchecked(type(dataset), dataset.ann_file)


def _check_unchecked(kind: Any, path: str) -> None:
    """Check a file that MMPose's own reader of COCO format reads."""
    reader = getattr(kind, '_load_annotations', None)
    if (
        reader is BaseCocoStyleDataset._load_annotations
        and '://' not in path
        and os.path.isfile(path)
    ):
        check_for_mmpose(read_json(path), path)
