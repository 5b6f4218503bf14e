"""Data sets beside COCO that trust is evaluated on, with checked files."""

import os
from typing import Any

from mmpose.datasets.datasets.body import (
    CrowdPoseDataset,
    ExlposeDataset,
    HumanArtDataset,
    OCHumanDataset,
)
from mmpose.registry import DATASETS

from .coco import CheckedFiles


class CheckedImages(CheckedFiles):
    """A data set in COCO format with a check of every image first.

    The annotations of some name their folder in the names of the images, so
    that there is no image folder to check.

    Raises:
        FileNotFoundError: If the annotation file or an image does not exist.
    """

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read the annotations, then check that the images exist.

        Returns:
            One dict per person.
        """
        persons = super().load_data_list()
        images = sorted({person['img_path'] for person in persons})
        missing = [
            path
            for path in images
            if '://' not in path and not os.path.exists(path)
        ]
        if missing:
            raise FileNotFoundError(
                f'{self.title} data: expected the {len(images)} images of '
                f'{self.ann_file}, found {len(missing)} missing, first '
                f'{missing[0]}; {self.remedy}'
            )
        return persons


@DATASETS.register_module()
class CheckedOCHumanDataset(CheckedImages, OCHumanDataset):
    """:class:`OCHumanDataset` with a check of its files first."""

    title = 'OCHuman'
    remedy = (
        'set OCHUMAN_ROOT to a folder with images/ and '
        'annotations/ochuman_coco_format_test_range_0.00_1.00.json'
    )


@DATASETS.register_module()
class CheckedHumanArtDataset(CheckedImages, HumanArtDataset):
    """:class:`HumanArtDataset` with a check of its files first."""

    title = 'Human-Art'
    remedy = (
        'set HUMANART_ROOT to the folder that holds HumanArt/images/ and '
        'HumanArt/annotations/validation_humanart.json'
    )


@DATASETS.register_module()
class CheckedCrowdPoseDataset(CheckedImages, CrowdPoseDataset):
    """:class:`CrowdPoseDataset` with a check of its files first."""

    title = 'CrowdPose'
    remedy = (
        'set CROWDPOSE_ROOT to a folder with images/ and '
        'annotations/mmpose_crowdpose_{trainval,test}.json'
    )


@DATASETS.register_module()
class CheckedExlposeDataset(CheckedImages, ExlposeDataset):
    """:class:`ExlposeDataset` with a check of its files first."""

    title = 'ExLPose'
    remedy = (
        'set EXLPOSE_ROOT to a folder with the images and '
        'annotations/ExLPose/ExLPose_{train_LL,test_LL-A}.json'
    )
