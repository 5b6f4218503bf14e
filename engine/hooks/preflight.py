"""Validate config, checkpoint and initial weights before a run starts."""

import inspect
import os
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlparse

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.model import BaseModule
from mmengine.runner import BaseLoop, Runner
from mmpose.registry import HOOKS

from ...models.heads.base import BaseTrustHead
from ..checkpoint import check_pose_weights, read_state_dict
from ..model_wrapper import unwrap_model

# top-level keys that mmengine or mmpose read besides the runner's arguments
_READ_BY_NAME = frozenset({'compile', 'preprocess_cfg', 'runner_type'})
_TIMEOUT_SECONDS = 5


@HOOKS.register_module()
class PreflightHook(Hook):
    """Check configuration, data set, checkpoint and initial weights.

    A misspelled top-level key, a data set of other keypoints than the
    model's and a checkpoint that cannot be read or belongs to another
    architecture stop the run with an error of one sentence. Initial weights
    of the backbone that cannot be downloaded are replaced by random weights
    with a warning. If the model has no trust head, the metrics of its trust
    are removed.
    """

    priority = 'VERY_HIGH'

    def before_run(self, runner: Runner) -> None:
        """Run all checks.

        Args:
            runner: The runner that is about to start.

        Raises:
            ValueError: If a key is unknown, the data set has another number
                of keypoints than the model, or the checkpoint cannot be read
                or belongs to another architecture.
            FileNotFoundError: If the checkpoint or a local file of initial
                weights does not exist.
        """
        _check_keys(runner.cfg)
        model = unwrap_model(runner.model)
        checkpoint = runner._load_from
        if checkpoint is not None and '://' not in checkpoint:
            check_pose_weights(model, read_state_dict(checkpoint), checkpoint)
        if getattr(model, 'trust_head', None) is None:
            _drop_trust_metrics(runner)
        else:
            _check_keypoints(runner, model.trust_head)
        _resolve_backbone_init(
            model.backbone, checkpoint is not None or runner._resume, runner
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
                'The model has no trust head: trust is not evaluated.'
            )


def _evaluates_trust(metric: object) -> bool:
    return getattr(metric, 'score_field', None) == 'keypoint_trust'


def _check_keypoints(runner: Runner, head: BaseTrustHead) -> None:
    """Raise if validation or test has other keypoints than the model."""
    for loop in (runner._val_loop, runner._test_loop):
        if not isinstance(loop, BaseLoop):  # None or a config: not built
            continue
        data = loop.dataloader.dataset.metainfo
        if data['num_keypoints'] != head.num_keypoints:
            raise ValueError(
                f'data set: expected the {head.num_keypoints} keypoints of '
                f'the model, found {data["num_keypoints"]} in '
                f'{data["dataset_name"]}; test a model for the keypoints of '
                'the data set'
            )


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
