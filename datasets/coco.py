"""COCO keypoints with a check that the files exist."""

import os
from pathlib import Path
from typing import Any

from mmpose.datasets.datasets.body import CocoDataset
from mmpose.registry import DATASETS

_REMEDY = (
    'set COCO_ROOT to a folder with train2017/, val2017/ and '
    'annotations/person_keypoints_{train,val}2017.json (README, "Data")'
)


@DATASETS.register_module()
class CheckedCocoDataset(CocoDataset):
    """:class:`CocoDataset` with a check of its files first.

    Raises:
        FileNotFoundError: If the annotation file or the image folder does
            not exist.
    """

    def load_data_list(self) -> list[dict[str, Any]]:
        """Check that the files exist, then read the annotations.

        Returns:
            One dict per person.
        """
        check_exist(self.ann_file, self.data_prefix.get('img', ''), _REMEDY)
        return super().load_data_list()


def check_exist(
    annotations: str | Path, images: str | Path, remedy: str
) -> None:
    """Raise unless an annotation file and its image folder exist.

    Args:
        annotations: The file, or its URL.
        images: The folder, or its URL.
        remedy: What the user can do, for the message.

    Raises:
        FileNotFoundError: If one does not exist.
    """
    for kind, path in (
        ('annotation file', str(annotations)),
        ('image folder', str(images)),
    ):
        if '://' not in path and not os.path.exists(path):
            raise FileNotFoundError(
                f'COCO data: expected the {kind} {path}, found nothing '
                f'there; {remedy}'
            )
