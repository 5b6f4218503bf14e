"""Seed the random numbers of each epoch, so that a resumed run repeats it."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS
from torch import Tensor
from torch.utils.data import DataLoader, get_worker_info

Initialize = Callable[[int], None]


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Derive all random numbers of an epoch from seed, epoch and process.

    Python, NumPy and torch, on the CPU and on the GPU, are seeded at the start
    of each epoch; in loader workers they are seeded for each sample. The order
    of the samples follows the seed of the run as well. A run that is resumed
    thus continues as if it had not been interrupted. Since it may have been
    interrupted in a validation, that of its last epoch is repeated, without
    which the best checkpoint could be missed.
    """

    # the validation may save a best checkpoint, and so comes after all
    # preparations, those of CheckpointHook (VERY_LOW) among them
    priority = 'LOWEST'

    def __init__(self) -> None:
        # read by the workers, which may live longer than an epoch
        self._worker_seed = torch.zeros(2, dtype=torch.int64).share_memory_()

    def before_train(self, runner: Runner) -> None:
        """Prepare the loader; validate the epoch of a resumed run.

        Args:
            runner: The runner that is about to train.
        """
        loop = runner.train_loop
        seed_workers(loop.dataloader, self._worker_seed)
        if not runner._resume or not runner.epoch:
            return
        if not runner._randomness_cfg.get('diff_rank_seed', False):
            # built before the seed of the checkpoint was read
            sampler = loop.dataloader.batch_sampler.sampler
            if hasattr(sampler, 'seed'):
                sampler.seed = runner.seed
        is_due = runner.epoch % loop.val_interval == 0
        if runner.val_loop is not None and is_due:
            runner.val_loop.run()

    def before_train_epoch(self, runner: Runner) -> None:
        """Seed the epoch.

        Args:
            runner: The runner of the training.
        """
        seed, epoch = int(runner.seed or 0), int(runner.epoch)
        self._worker_seed.copy_(torch.tensor([seed, epoch]))
        state = _mix(seed, epoch, get_rank())
        seed_all(state)
        torch.cuda.manual_seed_all(state)  # nothing without a GPU


def seed_all(seed: int) -> None:
    """Seed Python, NumPy and torch.

    Args:
        seed: Number in [0, 2**32).
    """
    random.seed(seed)
    np.random.seed(seed)
    torch.default_generator.manual_seed(seed)


def seed_workers(loader: DataLoader[Any], epoch: Tensor) -> None:
    """Let the workers of a loader seed each sample.

    Args:
        loader: A loader whose workers have not started.
        epoch: ``(2,)`` seed and number of the epoch, in shared memory.
    """
    loader.worker_init_fn = _WorkerSeeding(loader.worker_init_fn, epoch)
    # a start of workers would draw a number from torch's generator otherwise
    loader.generator = torch.Generator()


class _WorkerSeeding:
    """Prepare a worker; a class, since spawned workers pickle it."""

    def __init__(self, first: Initialize | None, epoch: Tensor) -> None:
        self.first, self.epoch = first, epoch

    def __call__(self, worker: int) -> None:
        if self.first is not None:
            self.first(worker)
        info = get_worker_info()
        assert info is not None  # called in a worker
        dataset: Any = info.dataset
        prepare = getattr(dataset, 'prepare_data', None)
        if prepare is None:  # a data set without transforms
            return

        def prepare_seeded(index: int) -> Any:
            seed_all(_mix(*self.epoch.tolist(), int(index)))
            return prepare(index)

        dataset.prepare_data = prepare_seeded


def _mix(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
