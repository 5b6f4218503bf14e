"""Annotated images that a comparison trains or evaluates on."""

from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config
from mmpose.models.pose_estimators.base import BasePoseEstimator
from mmpose.registry import DATASETS
from torch.utils.data import ConcatDataset

from self_verify_pose.engine.skeleton_check import check_skeleton


class ImageSet(NamedTuple):
    """Images with an annotation file in COCO format.

    Args:
        name: Its name in tables.
        annotations: The annotation file.
        images: The image folder.
    """

    name: str
    annotations: Path
    images: Path

    def config(self, pipeline: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the config of a data set of all its annotated persons.

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
    for name, annotations, images in layouts:
        if annotations.is_file() and images.is_dir():
            return ImageSet(name, annotations.resolve(), images.resolve())
    raise FileNotFoundError(
        'images: expected annotations/person_keypoints_'
        f'{split}2017.json and {split}2017/, or annotations.json and images/, '
        f'found neither in {root}; correct the path'
    )


def check_disjoint_sets(
    trained: list[ImageSet], evaluated: list[ImageSet]
) -> None:
    """Raise if a set is used for training and for evaluation.

    Args:
        trained: Sets that something is fitted to.
        evaluated: Sets that are evaluated.

    Raises:
        ValueError: If one is both.
    """
    for one in evaluated:
        if one.annotations in [other.annotations for other in trained]:
            raise ValueError(
                f'--eval: expected images that nothing is fitted to, found '
                f'{one.annotations} among --train or --calib, too; give '
                'other images'
            )


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
    built = [DATASETS.build({**one.config(pipeline), **kind}) for one in sets]
    check_skeleton(model, built[0].metainfo, 'val_dataloader.dataset')
    return ConcatDataset(built)
