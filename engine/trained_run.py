"""Checkpoint and config of a finished training, for its test."""

from pathlib import Path

from mmengine.config import Config

from .checkpoint import read_checkpoint
from .config_file import load_config


def best_checkpoint(folder: Path) -> Path:
    """Find the best checkpoint of the last training in a work directory.

    A ``best_*.pth`` of an earlier training in the same folder is not taken.

    Args:
        folder: The work directory.

    Returns:
        The best checkpoint that the last training has saved or resumed from,
        else its last one.

    Raises:
        FileNotFoundError: If there is neither.
        ValueError: If the last checkpoint cannot be read.
    """
    best = sorted(folder.glob('best_*.pth'), key=lambda p: p.stat().st_mtime)
    last = folder / 'latest.pth'
    if not last.is_file():
        if best:
            return best[-1]
        raise FileNotFoundError(
            f'expected best_*.pth or latest.pth in {folder}, found neither; '
            'give a checkpoint or the work directory of a training'
        )
    # saved in the validation that follows the last checkpoint
    if best and best[-1].stat().st_mtime >= last.stat().st_mtime:
        return best[-1]
    hub = read_checkpoint(last).get('message_hub') or {}
    recorded = hub.get('runtime_info', {}).get('best_ckpt')
    found = folder / Path(recorded).name if recorded else last
    return found if found.is_file() else last


def config_as_trained(config: Path, copy: Path) -> Config:
    """Combine a config with what a training has changed of it.

    Args:
        config: The config: its data are tested on.
        copy: The training's copy of it, with the options of its command.

    Returns:
        The config with the model, the crops and the imports of the copy.
    """
    combined, trained = load_config(config), load_config(copy)
    combined.model = trained.model
    pipeline = trained.test_dataloader.dataset.get('pipeline')
    if pipeline:
        combined.test_dataloader.dataset.pipeline = pipeline
    if 'custom_imports' in trained:
        combined.custom_imports = trained.custom_imports
    return combined
