"""COCO keypoints with a check that the files exist."""

import os
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
        paths = {
            'annotation file': self.ann_file,
            'image folder': self.data_prefix.get('img', ''),
        }
        for kind, path in paths.items():
            if '://' not in path and not os.path.exists(path):
                raise FileNotFoundError(
                    f'COCO data: expected the {kind} {path}, found nothing '
                    f'there; {_REMEDY}'
                )
        return super().load_data_list()
