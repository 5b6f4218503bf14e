"""Further training of the pose network of a comparison."""

import copy
from pathlib import Path

from mmengine.config import Config
from mmengine.runner import Runner
from mmpose.registry import DATASETS

from self_verify_pose.tools.study.image_sets import ImageSet

BASELINE = 'baseline_rtmpose_s_1x32g_coco-256x192.py'
_SMALL_SET = 1000  # smaller sets come twice in an epoch


def train_pose(
    config: Config,
    sets: list[ImageSet],
    checkpoint: str,
    epochs: int,
    lr: float,
    work_dir: Path,
    workers: int,
) -> Path:
    """Train the baseline further, with a bfloat16 backbone where it is fast.

    Args:
        config: The baseline config.
        sets: Images to train on.
        checkpoint: Weights to start from.
        epochs: Epochs of training.
        lr: Largest learning rate; it falls to 2 % of that.
        work_dir: Folder of the run.
        workers: Processes that load images.

    Returns:
        The checkpoint, with averaged weights.
    """
    done = work_dir / f'epoch_{epochs}.pth'
    if done.exists():
        return done
    config = _pose_config(config, sets, epochs, lr)
    config.merge_from_dict(
        {
            'load_from': checkpoint,
            'work_dir': str(work_dir),
            'train_dataloader.num_workers': workers,
            'train_dataloader.persistent_workers': workers > 0,
        }
    )
    Runner.from_cfg(config).train()
    return done


def _pose_config(
    config: Config, sets: list[ImageSet], epochs: int, lr: float
) -> Config:
    config = copy.deepcopy(config)
    counts = [len(DATASETS.build(one.config([]))) for one in sets]
    small = [
        one
        for one, count in zip(sets, counts, strict=True)
        if count < _SMALL_SET
    ]
    config.train_dataloader.dataset = {
        'type': 'CombinedDataset',
        'metainfo': {'from_file': 'configs/_base_/datasets/coco.py'},
        'pipeline': config.train_pipeline,
        'datasets': [one.config([]) for one in (*sets, *small)],
    }
    persons = sum(counts) + sum(c for c in counts if c < _SMALL_SET)
    steps = epochs * -(-persons // config.train_dataloader.batch_size)
    if 'type' not in config.optim_wrapper:
        config.optim_wrapper.update(
            type='BFloat16OptimWrapper', only_where_fast=True
        )
    config.optim_wrapper.optimizer.update(lr=lr, weight_decay=0.02)
    _adjust_schedule(config, steps, lr)
    config.train_cfg = {'by_epoch': True, 'max_epochs': epochs}
    averaging, switch = config.custom_hooks
    averaging.momentum = 1e-3
    switch.switch_epoch = max(epochs - 5, 0)
    config.custom_hooks.append({'type': 'ChannelsLastHook'})
    config.default_hooks.checkpoint.max_keep_ckpts = 1
    config.default_hooks.checkpoint.pop('save_best', None)
    for part in ('val', 'test'):
        for key in ('dataloader', 'cfg', 'evaluator'):
            config[f'{part}_{key}'] = None
    return config


def _adjust_schedule(config: Config, steps: int, lr: float) -> None:
    """Warm up, then fall along a cosine; both by steps."""
    steps = max(steps, 2)  # one each
    warm = max(1, min(150, steps // 10))
    warmup, cosine = config.param_scheduler
    warmup.update(start_factor=1e-3, end=warm)
    cosine.update(
        eta_min=lr / 50,
        by_epoch=False,
        convert_to_iter_based=False,
        begin=warm,
        end=steps,
        T_max=steps - warm,
    )
