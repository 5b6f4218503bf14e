"""Figure of a few fixed persons after each validation, colored by trust."""

from collections import ChainMap
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.dist import all_gather_object, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, Runner
from mmpose.registry import HOOKS

from ...constants import TRUST
from ..visualization.panels import draw_validation_panel
from ..visualization.predicted_pose import PredictedPose


@HOOKS.register_module()
class TrustPanelHook(Hook):
    """Send a figure of a few persons to the backends of the visualizer.

    The persons are spread evenly over the data set and the same after each
    validation, with any number of processes. Each is drawn twice, colored by
    trust and by the raw score (once without trust); crosses mark wrong
    joints, off by more than 0.05 of the person size. The figure is called
    ``trust_panel`` (``score_panel`` without trust), its step is the epoch. A
    test sends one at step 0. A figure that cannot be drawn or sent is left
    out with a warning.

    Args:
        num: Number of persons; 0 for no figure.

    Raises:
        ValueError: If ``num`` is negative.
    """

    def __init__(self, num: int = 8) -> None:
        if num < 0:
            raise ValueError(
                f'TrustPanelHook.num: expected at least 0, found {num}; '
                'give a number of persons, or 0 for no figure'
            )
        self.num = num
        self._ids: list[int] = []
        self._poses: dict[int, PredictedPose] = {}

    def _before_epoch(self, runner: Runner, mode: str = 'train') -> None:
        """Select persons by position in the data set, and store their ids."""
        if mode == 'train':
            return
        dataset = _dataset(runner, mode)
        count = min(self.num, len(dataset))
        positions = np.linspace(0, len(dataset) - 1, count).astype(int)
        self._ids = [dataset.get_data_info(int(i))['id'] for i in positions]
        self._poses = {}

    def _after_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
        mode: str = 'train',
    ) -> None:
        """Store the poses of the selected persons of a batch."""
        if mode == 'train':
            return
        for sample in outputs:
            if sample.id in self._ids:
                self._poses[sample.id] = PredictedPose.from_sample(
                    sample, sample.gt_instances
                )

    def _after_epoch(self, runner: Runner, mode: str = 'train') -> None:
        """Gather the poses of all processes and draw them."""
        if mode == 'train' or not self.num:
            return
        gathered = ChainMap(*all_gather_object(self._poses))
        if not is_main_process():
            return
        try:
            self._draw(runner, [gathered[key] for key in self._ids], mode)
        except Exception as error:  # the run matters more
            runner.logger.warning(
                f'No panel of trust after this {mode}: '
                f'{type(error).__name__}: {error}'
            )

    def _draw(
        self, runner: Runner, poses: list[PredictedPose], mode: str
    ) -> None:
        links = _dataset(runner, mode).metainfo['skeleton_links']
        with_trust = TRUST in poses[0].scores
        runner.visualizer.add_image(
            'trust_panel' if with_trust else 'score_panel',
            draw_validation_panel(poses, links),
            step=_epoch(runner),
        )


def _dataset(runner: Runner, mode: str) -> BaseDataset:
    return getattr(runner, f'{mode}_dataloader').dataset


def _epoch(runner: Runner) -> int:
    """Epoch of a training; 0 without one, which ``runner.epoch`` builds."""
    return runner.epoch if isinstance(runner._train_loop, BaseLoop) else 0
