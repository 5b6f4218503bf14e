"""Short trainings of a narrow estimator in this process."""

from pathlib import Path

import torch
from helpers import SELFVERIFY, load_config, narrow
from mmengine.config import Config
from mmengine.runner import Runner


def small_config(folder: Path, root: Path, **changes: object) -> Config:
    """Make the config of a training of three steps an epoch.

    Args:
        folder: Work directory.
        root: Data in the layout of COCO.
        **changes: Keys to merge; dots as double underscores.
    """
    config = load_config(SELFVERIFY, root)
    narrow(config.model)
    config.custom_hooks[1].switch_epoch = 2
    shorten(config, folder)
    config.merge_from_dict(
        {k.replace('__', '.'): v for k, v in changes.items()}
    )
    return config


def shorten(config: Config, folder: Path) -> None:
    """Let a training have three epochs of three steps.

    Args:
        config: The config, changed in place.
        folder: Work directory.
    """
    config.work_dir = str(folder)
    config.train_dataloader.update(batch_size=3, num_workers=2)
    config.train_dataloader.dataset.indices = 9
    config.val_dataloader.dataset.indices = 4
    for split in ('val', 'test'):
        config[f'{split}_dataloader'].update(
            batch_size=8, num_workers=0, persistent_workers=False
        )
    config.train_cfg.max_epochs = 3
    config.default_hooks.pop('trust_panel')  # takes seconds
    config.default_hooks.logger.interval = 1
    config.default_hooks.checkpoint.max_keep_ckpts = -1
    config.log_level = 'ERROR'
    # one of its own: MMEngine keeps visualizers by name
    config.experiment_name = config.visualizer.name = str(folder)


def run(config: Config) -> Runner:
    """Train, and return the runner."""
    runner = Runner.from_cfg(config)
    runner.train()
    return runner


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    """Read the weights of a checkpoint."""
    checkpoint = torch.load(path, weights_only=True, map_location='cpu')
    return checkpoint['state_dict']
