"""Stop a run at the first number that is not finite."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS
from torch import Tensor

from ...output_files import write_json

_FIELDS = ('img_path', 'img_id', 'id')


@HOOKS.register_module()
class FiniteTrainingHook(Hook):
    """Stop at the first loss, weight or pixel that is NaN or infinite.

    The samples of the batch are written to ``non_finite_rank0.json`` in the
    work directory (the number is that of the process). No checkpoint is saved
    afterwards: those of before stay as they are.
    """

    priority = 'VERY_HIGH'  # before the weights are averaged or saved

    def __init__(self) -> None:
        self._samples: Sequence[Any] = ()

    def _before_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        mode: str = 'train',
    ) -> None:
        """Raise if a crop has a pixel that is not finite."""
        self._samples = data_batch['data_samples']
        for crop, sample in zip(
            data_batch['inputs'], self._samples, strict=True
        ):
            if not _is_finite(crop):
                self._samples = [sample]
                raise self._error(
                    runner, f'{mode}: expected finite pixels', 'this crop'
                )

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Tensor] | None = None,
    ) -> None:
        """Check the losses of a step.

        Args:
            runner: The runner of the training.
            batch_idx: Unused number of the batch.
            data_batch: Unused batch.
            outputs: Logged values of the step, 'loss' among them.

        Raises:
            ValueError: If a loss is NaN or infinite.
        """
        losses = {k: v for k, v in (outputs or {}).items() if 'loss' in k}
        if 'loss' in losses and not _is_finite(losses['loss']):
            found = ', '.join(f'{k}={float(v):g}' for k, v in losses.items())
            raise self._error(runner, 'train: expected finite losses', found)

    def before_save_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Check the weights before they take the place of others.

        Args:
            runner: The runner of the training.
            checkpoint: What is to be saved.

        Raises:
            ValueError: If a weight is NaN or infinite.
        """
        state: Mapping[str, Tensor] = checkpoint['state_dict']
        for name, weight in state.items():
            if not _is_finite(weight):
                raise self._error(
                    runner, 'train: expected finite weights', f"'{name}'"
                )

    def _error(self, runner: Runner, expected: str, found: str) -> ValueError:
        """Write the samples of the batch; return the error that names them."""
        # a test has no training, which runner.iter would build
        step = getattr(runner._train_loop, 'iter', 0)
        path = Path(runner.work_dir) / f'non_finite_rank{get_rank()}.json'
        samples = [
            {k: _plain(sample.metainfo[k]) for k in _FIELDS if k in sample}
            for sample in self._samples
        ]
        write_json(path, {'step': step, 'found': found, 'samples': samples})
        return ValueError(
            f'{expected}, found {found} at step {step}, for the samples in '
            f'{path}; correct these samples or lower '
            'optim_wrapper.optimizer.lr, and continue from the last '
            'checkpoint with --resume'
        )


def _is_finite(values: Tensor) -> bool:
    return not values.is_floating_point() or bool(
        torch.isfinite(values.detach()).all()
    )


def _plain(value: Any) -> Any:
    """Turn NumPy's numbers into Python's."""
    return value.item() if hasattr(value, 'item') else value
