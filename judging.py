"""Let a trained estimator predict annotated persons and judge its joints."""

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset, Compose, pseudo_collate
from mmengine.model import revert_sync_batchnorm
from mmpose.datasets.transforms import LoadImage
from mmpose.registry import DATASETS, MODELS
from torch import Tensor, nn
from torch.utils.data import DataLoader

from .datasets.transforms.corrupt_image import CorruptImage
from .metrics.functional import is_correct
from .metrics.joint_trust_metric import JointTrustMetric
from .models.hooks.pose_checkpoint import TRUST_PREFIX, check_pose_weights

TRUST_FIELD = 'keypoint_trust'


def load_estimator(
    config: Config,
    state: dict[str, Tensor],
    path: str,
    fields: Sequence[str],
    device: str = 'cpu',
) -> nn.Module:
    """Build the estimator of a config with the weights of a checkpoint.

    Args:
        config: A config of this package or of MMPose.
        state: The weights, as ``read_state_dict`` returns them.
        path: Where they were read, for messages.
        fields: Scores that the estimator is to predict.
        device: Where it is to run.

    Returns:
        The estimator, in eval mode.

    Raises:
        ValueError: If the weights belong to another architecture, or trust
            is asked for and the config or the checkpoint has none.
    """
    model = revert_sync_batchnorm(MODELS.build(config.model))
    check_pose_weights(model, state, path)
    if TRUST_FIELD in fields:
        _check_trust(model, state, path, config)
    model.load_state_dict(state, strict=False)
    return model.to(device).eval()


def _check_trust(
    model: nn.Module, state: dict[str, Tensor], path: str, config: Config
) -> None:
    names = [n for n, _ in model.named_parameters()]
    names = [n for n in names if n.startswith(TRUST_PREFIX)]
    missing = [n for n in names if n not in state]
    if missing or not names:
        found = (
            f'no {missing[0]} in {path}'
            if missing
            else f'none in the config {config.filename}'
        )
        raise ValueError(
            f"'{TRUST_FIELD}': expected a trained trust head, found {found}; "
            'give a self-verify config and a checkpoint trained with it'
        )


def build_dataset(
    config: Config,
    split: str = 'val',
    ann_file: Path | None = None,
    images: Path | None = None,
    count: int | None = None,
) -> BaseDataset:
    """Build annotated persons with the pipeline of validation.

    Args:
        config: Config with the data set of the split.
        split: ``'val'`` or ``'test'``.
        ann_file: A COCO-format file to read instead of that of the split.
        images: Its image folder, ``images`` beside the file by default.
        count: Only the first so many persons; all by default.

    Returns:
        The data set.

    Raises:
        FileNotFoundError: If the file or the folder does not exist.
        ValueError: If there is no person with key points.
    """
    cfg: dict[str, Any] = {
        **config[f'{split}_dataloader'].dataset,
        'pipeline': config.val_dataloader.dataset.pipeline,
        'test_mode': True,
        'indices': count,
        'serialize_data': False,  # fails where there is nothing
    }
    if ann_file is not None:
        if images is None:
            images = ann_file.parent / 'images'
        for kind, path in (('file', ann_file), ('image folder', images)):
            if not path.exists():
                raise FileNotFoundError(
                    f'annotations: expected the {kind} {path}, found nothing '
                    'there; correct the path'
                )
        cfg['ann_file'] = str(ann_file.resolve())
        cfg['data_prefix'] = {'img': str(images.resolve())}
    dataset = DATASETS.build(cfg)
    if not len(dataset):
        raise ValueError(
            'annotations: expected persons with key points, found none in '
            f'{dataset.ann_file}; give another file'
        )
    return dataset


def with_corruption(
    dataset: BaseDataset, corruption: CorruptImage
) -> BaseDataset:
    """Return the same data set with damaged images.

    Args:
        dataset: What :func:`build_dataset` returns; it stays as it is.
        corruption: The damage, done right after an image is loaded.

    Returns:
        A data set of the same persons.

    Raises:
        ValueError: If the pipeline loads no image.
    """
    transforms = list(dataset.pipeline.transforms)
    loading = [i for i, t in enumerate(transforms) if isinstance(t, LoadImage)]
    if not loading:
        raise ValueError(
            'pipeline: expected LoadImage, found '
            f'{[type(t).__name__ for t in transforms]}; add it'
        )
    transforms.insert(loading[0] + 1, corruption)
    damaged = copy.copy(dataset)
    damaged.pipeline = Compose(transforms)
    return damaged


@torch.no_grad()
def judge_dataset(
    model: nn.Module,
    dataset: BaseDataset,
    fields: Sequence[str],
    dist_thr: float = 0.05,
    batch_size: int = 32,
    workers: int = 0,
    advance: Callable[[int], object] = lambda count: None,
) -> dict[str, JointTrustMetric]:
    """Predict a data set and keep scores and errors of its labelled joints.

    Args:
        model: What :func:`load_estimator` returns.
        dataset: What :func:`build_dataset` returns.
        fields: Scores in ``pred_instances`` to keep.
        dist_thr: Largest error of a right joint in units of person size.
        batch_size: Persons per batch.
        workers: Processes that load images.
        advance: Called with the number of persons after each batch.

    Returns:
        One metric for each field, which has processed all persons.
    """
    metrics = {name: JointTrustMetric(name, dist_thr) for name in fields}
    loader = DataLoader(
        dataset, batch_size, num_workers=workers, collate_fn=pseudo_collate
    )
    for batch in loader:
        samples = model.test_step(batch)
        for metric in metrics.values():
            metric.process(batch, samples)
        advance(len(samples))
    return metrics


def joint_scores(metric: JointTrustMetric) -> tuple[np.ndarray, np.ndarray]:
    """Return what a metric has kept.

    Args:
        metric: A metric that has processed persons.

    Returns:
        ``(N,)`` scores of all labelled joints, and ``(N,)`` bool, whether
        each is right.
    """
    scores = np.concatenate([row['scores'] for row in metric.results])
    errors = np.concatenate([row['errors'] for row in metric.results])
    return scores, is_correct(errors, metric.dist_thr)
