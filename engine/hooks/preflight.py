"""Validate config, checkpoint and initial weights before a run starts."""

import inspect
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.hooks import CheckpointHook, Hook
from mmengine.model import BaseModule
from mmengine.runner import Runner
from mmengine.runner.checkpoint import CheckpointLoader
from mmpose.datasets.datasets.base import BaseCocoStyleDataset
from mmpose.datasets.transforms import PackPoseInputs, RandomBBoxTransform
from mmpose.evaluation.metrics import CocoMetric
from mmpose.models.pose_estimators.base import BasePoseEstimator
from mmpose.registry import HOOKS

from ...datasets.coco import check_dataset
from ...datasets.coco_instances import check_dataset_images
from ..checkpoint import (
    check_pose_weights,
    read_state_dict,
    state_dict_of,
    unwrap_weights,
)
from ..limited_data import limit_ap
from ..metric_check import check_best_metric, check_metrics
from ..model_wrapper import unwrap_model
from ..resume import prepare_resume
from ..skeleton_check import check_skeleton

# top-level keys that mmengine or mmpose read besides the runner's arguments
_READ_BY_NAME = frozenset({'compile', 'preprocess_cfg', 'runner_type'})
_NO_KEYS = frozenset({'self', 'kwargs'})
_TIMEOUT_SECONDS = 5


@HOOKS.register_module()
class PreflightHook(Hook):
    """Check configuration, data set, checkpoint and initial weights.

    A misspelled top-level key, data with other keypoints than the model,
    turned crops whose angle the teacher is not told, and a checkpoint that
    cannot be read or belongs to another architecture stop the run with an
    error of one sentence. Initial weights of the backbone that cannot be
    downloaded are replaced by random weights with a warning; a warm-up longer
    than the training is named in another. A pose network
    that is frozen without weights is refused. If the model predicts no trust,
    the metrics of trust are removed; AP is that of the persons that are used.
    """

    priority = 'VERY_HIGH'

    def before_run(self, runner: Runner) -> None:
        """Run all checks.

        Args:
            runner: The runner that is about to start.

        Raises:
            ValueError: If a key is unknown, also one of the hook that saves
                checkpoints, model and data differ in their keypoints, crops
                are turned without their angle for the teacher, the checkpoint
                cannot be read or belongs to another architecture, a frozen
                pose network has no weights, or AP cannot be computed for the
                persons that are used.
            FileNotFoundError: If the checkpoint or a local file of initial
                weights does not exist.
        """
        _check_keys(runner.cfg)
        check_hooks(runner)
        model = unwrap_model(runner.model)
        _check_data(model, runner)
        _check_files(runner)
        check_metrics(runner)
        if getattr(model, 'teacher', None) is not None:
            _check_angles(runner)
        resumes = prepare_resume(runner)
        checkpoint = runner._load_from
        if checkpoint is not None:
            if '://' in checkpoint:
                # MMEngine keeps what it downloads, and MMPose renames the
                # weights of its old versions: compare what both have
                loaded = CheckpointLoader.load_checkpoint(checkpoint, 'cpu')
                unwrap_weights(loaded)
                state = model.state_dict() | state_dict_of(loaded)
            else:
                state = read_state_dict(checkpoint)
            check_pose_weights(model, state, checkpoint)
        elif not resumes:
            _check_frozen(model, runner)
        _limit_ap(runner)
        _warn_of_long_warm_up(runner)
        if not getattr(model, 'gives_trust', False):
            _drop_trust_metrics(runner)
        check_best_metric(runner)
        _resolve_backbone_init(
            model.backbone, checkpoint is not None or resumes, runner
        )

    def after_load_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Let MMEngine find the weights, see :func:`unwrap_weights`.

        Args:
            runner: The runner that loads the checkpoint.
            checkpoint: Its content, changed in place.
        """
        unwrap_weights(checkpoint)


def _check_data(model: BasePoseEstimator, runner: Runner) -> None:
    """Raise unless all data have the keypoints of the model."""
    for split in ('train', 'val', 'test'):
        loader = getattr(getattr(runner, f'_{split}_loop'), 'dataloader', None)
        if loader is None:  # not built
            continue
        dataset = loader.dataset
        where = f'{split}_dataloader.dataset'
        check_skeleton(model, getattr(dataset, 'metainfo', {}), where)
        if not isinstance(dataset, BaseCocoStyleDataset) or not len(dataset):
            continue
        expected = dataset.metainfo['num_keypoints']
        found = dataset.get_data_info(0)['keypoints'].shape[-2]
        if found != expected:
            raise ValueError(
                f'{where}: expected {expected} keypoints a person, as the '
                f'metainfo of the data set has, found {found} in '
                f'{dataset.ann_file}; set its type or metainfo to those of '
                'the annotations'
            )


def _check_frozen(model: BasePoseEstimator, runner: Runner) -> None:
    """Raise if a pose network is frozen in training, without weights."""
    is_training = getattr(runner._train_loop, 'dataloader', None) is not None
    if is_training and not getattr(model, 'full_param_train', True):
        raise ValueError(
            'load_from: expected the weights of a trained pose network with '
            'model.full_param_train=False, found none: the head would learn '
            'the trust of random predictions; set load_from=pose.pth'
        )


def _check_files(runner: Runner) -> None:
    """Check annotations and images of all data that are built."""
    for loop in (runner._train_loop, runner._val_loop, runner._test_loop):
        loader = getattr(loop, 'dataloader', None)  # None: not built
        for dataset in _coco_parts(getattr(loader, 'dataset', None)):
            check_dataset(dataset)
            check_dataset_images(dataset)


def _coco_parts(dataset: Any) -> Iterator[BaseCocoStyleDataset]:
    """The data sets of persons in a data set that combines some."""
    if isinstance(dataset, BaseCocoStyleDataset):
        if len(dataset) and dataset.data_mode == 'topdown':
            yield dataset
        return
    inner = getattr(dataset, 'dataset', None)
    for part in getattr(dataset, 'datasets', [inner] if inner else []):
        yield from _coco_parts(part)


def _check_angles(runner: Runner) -> None:
    """Raise if training turns crops and does not pack their angle."""
    loader = getattr(runner._train_loop, 'dataloader', None)
    if loader is None:  # not built
        return
    data = 'train_dataloader.dataset.pipeline'
    pipelines = {data: getattr(loader.dataset, 'pipeline', None)}
    for hook in runner._hooks:
        if hasattr(hook, 'switch_pipeline'):
            where = f'{type(hook).__name__}.switch_pipeline'
            pipelines[where] = Compose(hook.switch_pipeline)
    for where, pipeline in pipelines.items():
        transforms = getattr(pipeline, 'transforms', ())
        turning = [
            t.rotate_factor and t.rotate_prob
            for t in transforms
            if isinstance(t, RandomBBoxTransform)
        ]
        for pack in transforms:
            if not any(turning) or not isinstance(pack, PackPoseInputs):
                continue
            if 'bbox_rotation' not in pack.meta_keys:
                raise ValueError(
                    f"{where}: expected meta_keys with 'bbox_rotation' in "
                    'PackPoseInputs where RandomBBoxTransform turns crops '
                    'and a teacher turns their poses upright, found '
                    f"{', '.join(pack.meta_keys)}; add 'bbox_rotation' "
                    '(pack_inputs of configs/_base_/data.py)'
                )


def _drop_trust_metrics(runner: Runner) -> None:
    """Remove the metrics of trust from validation and test."""
    for loop in (runner._val_loop, runner._test_loop):
        evaluator = getattr(loop, 'evaluator', None)  # None: not built
        if evaluator is None:
            continue
        kept = [m for m in evaluator.metrics if not _evaluates_trust(m)]
        if len(kept) < len(evaluator.metrics):
            evaluator.metrics = kept
            runner.logger.info(
                'The model predicts no trust: trust is not evaluated.'
            )


def _warn_of_long_warm_up(runner: Runner) -> None:
    """Warn where the learning rate would still rise as the training ends."""
    total = getattr(runner._train_loop, 'max_iters', None)
    schedulers = runner.cfg.get('param_scheduler') or []
    if isinstance(schedulers, dict):
        schedulers = [schedulers]
    for number, scheduler in enumerate(schedulers):
        end = 0 if scheduler.get('by_epoch', True) else scheduler.get('end')
        is_rising = scheduler['type'] in ('LinearLR', 'ConstantLR')
        if is_rising and total is not None and end and end >= total:
            runner.logger.warning(
                f'param_scheduler.{number}.end: expected a warm-up shorter '
                f'than the training of {total} iterations, found {end}: the '
                'learning rate never reaches its value; set a smaller one, '
                f'such as {max(1, total // 10)}, or train longer'
            )


def _limit_ap(runner: Runner) -> None:
    """Let AP of validation and test be over the persons that are used."""
    for split in ('val', 'test'):
        loop = getattr(runner, f'_{split}_loop')
        evaluator = getattr(loop, 'evaluator', None)  # None: not built
        for metric in getattr(evaluator, 'metrics', ()):
            if not isinstance(metric, CocoMetric):
                continue
            dataset, where = loop.dataloader.dataset, f'{split}_dataloader'
            count = limit_ap(metric, dataset, f'{where}.dataset')
            if count:
                runner.logger.info(
                    f'{where}: AP is over the {count} persons that are used.'
                )


def _evaluates_trust(metric: object) -> bool:
    return getattr(metric, 'score_field', None) == 'keypoint_trust'


def _check_keys(cfg: Config) -> None:
    if cfg.filename is None or not os.path.exists(cfg.filename):
        return
    allowed = {
        *Config.fromfile(cfg.filename),
        *inspect.signature(Runner.__init__).parameters,
        *_READ_BY_NAME,
    }
    for key in cfg:
        if key not in allowed:
            raise ValueError(
                f'config: expected the keys of {cfg.filename}, found the '
                f"unknown key '{key}'; correct its name or remove it"
            )


def check_hooks(runner: Runner) -> None:
    """Raise for keys that a hook passes on, unchecked, when it saves.

    Args:
        runner: The runner, with its hooks.

    Raises:
        ValueError: If saving takes no such key.
    """
    known = inspect.signature(Runner.save_checkpoint).parameters
    for hook in runner._hooks:
        if not isinstance(hook, CheckpointHook):
            continue
        for key in hook.args:
            if key not in known:
                own = inspect.signature(CheckpointHook.__init__).parameters
                names = ', '.join(k for k in own if k not in _NO_KEYS)
                raise ValueError(
                    f'default_hooks.checkpoint: expected keys of {names}, '
                    f"found the unknown key '{key}'; correct its name or "
                    'remove it'
                )


def _resolve_backbone_init(
    backbone: BaseModule, overwritten: bool, runner: Runner
) -> None:
    """Drop initial weights that are overwritten or cannot be downloaded."""
    init = backbone.init_cfg
    if not isinstance(init, dict) or init.get('type') != 'Pretrained':
        return
    source = init['checkpoint']
    if overwritten:
        backbone.init_cfg = None
    elif '://' not in source:
        if not Path(source).is_file():
            raise FileNotFoundError(
                'BACKBONE_INIT: expected a file with backbone weights, found '
                f'nothing at {source}; correct the path or set '
                'BACKBONE_INIT=none'
            )
    elif not _is_available(source):
        runner.logger.warning(
            f'{source} cannot be reached: the backbone starts from random '
            'weights, which needs far more training. To start from ImageNet '
            'weights, download the file elsewhere and set '
            'BACKBONE_INIT=/path/to/it; to start from random weights on '
            'purpose, set BACKBONE_INIT=none.'
        )
        backbone.init_cfg = None


def _is_available(url: str) -> bool:
    """Tell whether a file is in torch's cache or can be downloaded."""
    name = os.path.basename(urlparse(url).path)
    if (Path(torch.hub.get_dir()) / 'checkpoints' / name).exists():
        return True
    request = urllib.request.Request(url, method='HEAD')
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):
            return True
    except (urllib.error.URLError, OSError):
        return False
