"""Keep ``latest.pth`` pointing to the newest checkpoint."""

import os
from pathlib import Path

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS


@HOOKS.register_module()
class LatestLinkHook(Hook):
    """Link ``latest.pth`` in the work directory after each checkpoint.

    MMEngine writes the path of the newest checkpoint into the text file
    ``last_checkpoint``; the link gives the checkpoint a fixed name.
    """

    priority = 'LOWEST'  # after CheckpointHook (VERY_LOW)

    @master_only
    def after_train_epoch(self, runner: Runner) -> None:
        """Point the link to the newest checkpoint.

        Args:
            runner: The running runner.
        """
        record = Path(runner.work_dir) / 'last_checkpoint'
        if not record.exists():
            return
        target = Path(record.read_text().strip())
        link = Path(runner.work_dir) / 'latest.pth'
        new_link = link.with_name('latest.pth.new')
        new_link.unlink(missing_ok=True)
        new_link.symlink_to(os.path.relpath(target, link.parent.resolve()))
        new_link.replace(link)
