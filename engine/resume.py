"""Find what a run that is to be resumed continues."""

import os
from pathlib import Path

from mmengine.config import Config
from mmengine.runner import Runner


def prepare_resume(runner: Runner) -> bool:
    """Let a run resume from its newest checkpoint, or start as configured.

    MMEngine follows ``last_checkpoint``, which is empty if the process was
    killed while it wrote it, and names a missing file in a folder that was
    moved; checkpoints themselves are whole. Where there is no checkpoint yet,
    ``--resume`` of MMPose starts without the ``load_from`` of the config.

    Args:
        runner: The runner that is about to start, changed in place.

    Returns:
        Whether it continues a checkpoint.
    """
    if not runner._resume or runner._load_from is not None:
        return bool(runner._resume)
    folder = Path(runner.work_dir)
    record = folder / 'last_checkpoint'
    if record.is_file() and Path(record.read_text().strip()).is_file():
        return True
    saved = [*folder.glob('epoch_*.pth'), *folder.glob('iter_*.pth')]
    if saved:
        newest = max(saved, key=lambda path: path.stat().st_mtime_ns)
        runner.logger.info(f'{record} names no checkpoint: found {newest}.')
        runner._load_from = str(newest)
        return True
    runner._resume = False
    filename = runner.cfg.filename
    if filename is not None and os.path.exists(filename):
        runner._load_from = Config.fromfile(filename).get('load_from')
    runner.logger.info(f'{folder} has no checkpoint: the run starts anew.')
    return False
