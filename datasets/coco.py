"""COCO keypoints with a check that the files exist."""

import os
from pathlib import Path
from typing import Any

from mmpose.datasets.datasets.base import BaseCocoStyleDataset
from mmpose.datasets.datasets.body import CocoDataset
from mmpose.registry import DATASETS


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


@DATASETS.register_module()
class CheckedCocoDataset(CheckedFiles, CocoDataset):
    """:class:`CocoDataset` with a check of its files first."""

    title = 'COCO'
    remedy = (
        'set COCO_ROOT to a folder with train2017/, val2017/ and '
        'annotations/person_keypoints_{train,val}2017.json (README, "Data")'
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
