"""Configs, synthetic data, networks and batches that are measured."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset, pseudo_collate
from mmengine.model import revert_sync_batchnorm
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.registry import init_default_scope
from mmpose.models import TopdownPoseEstimator
from mmpose.registry import DATASETS, MODELS

from self_verify_pose.datasets.synthetic import make_dataset
from self_verify_pose.engine.cache_writer import CacheJob, CacheWriter

from ..command_line import CONFIGS
from .timing import PairedTiming, Plan, Work, alternate, median_seconds

POSE_NETWORK = 'rtmpose_s_1x32g_coco-256x192'
Changes = Mapping[str, Any]


@dataclass(frozen=True)
class TrainingSetup:
    """A network in training, its optimizer and one batch.

    Args:
        model: The estimator, perhaps in a distributed wrapper.
        optimizer: Wrapper of its optimizer.
        batch: Collated batch of its training data.
    """

    model: TopdownPoseEstimator
    optimizer: OptimWrapper
    batch: dict[str, Any]

    def step(self) -> None:
        """Take one training step."""
        self.model.train_step(self.batch, self.optimizer)


@dataclass(frozen=True)
class BenchmarkContext:
    """Input that all measurements share.

    Args:
        folder: Empty folder for synthetic data, weights and caches.
        device: Device of the networks.
        batch_size: Persons per batch.
        plan: Number of runs of a measurement.
        scaling: Measure how cost scales, and possible optimizations, too.
        images: Synthetic training images; four batches by default.
        compile: Measure ``torch.compile``, which takes minutes on a CPU.
        config_file: A config with trust that is measured instead of the
            package's own; None for those on RTMPose-S.
        checkpoint_file: Weights for it; random without.
    """

    folder: Path
    device: torch.device
    batch_size: int = 32
    plan: Plan = field(default_factory=Plan)
    scaling: bool = True
    images: int | None = None
    compile: bool = False
    config_file: Path | None = None
    checkpoint_file: Path | None = None

    @cached_property
    def root(self) -> Path:
        """Folder of the synthetic data, made on first use."""
        root = self.folder / 'synthetic'
        # several batches, also of a cache, which are larger
        count = self.images or max(8, 4 * self.batch_size)
        make_dataset(root, train=count, val=max(8, self.batch_size))
        return root

    @cached_property
    def checkpoint(self) -> Path:
        """Checkpoint of a plain RTMPose-S with random weights."""
        path = self.folder / 'pose.pth'
        model = self.model(self.config('baseline'))
        torch.save({'state_dict': model.state_dict()}, path)
        return path

    @cached_property
    def cache(self) -> Path:
        """Cache of the synthetic persons' labels and features."""
        writer = self.cache_writer('cache', with_features=True)
        write_cache(writer)
        return writer.job.out

    def write_inputs(self) -> None:
        """Write data and weights, which new processes then share."""
        _ = self.root, self.checkpoint

    def config(
        self, name: str, changes: Changes | None = None, **environment: str
    ) -> Config:
        """Read a config of this package.

        Args:
            name: Name of the config before that of the pose network.
            changes: Options to set, by their dotted names.
            **environment: Variables that the config reads.

        Returns:
            The config, with synthetic data and random initial weights.
        """
        data = {'COCO_ROOT': str(self.root), 'BACKBONE_INIT': 'none'}
        with mock.patch.dict(os.environ, {**data, **environment}):
            config = Config.fromfile(CONFIGS / f'{name}_{POSE_NETWORK}.py')
        config.merge_from_dict(dict(changes or {}))
        init_default_scope('mmpose')
        return config

    def model(self, config: Config) -> TopdownPoseEstimator:
        """Build the network of a config.

        Args:
            config: The config.

        Returns:
            The network, with random weights that are always the same.
        """
        torch.manual_seed(0)
        model = revert_sync_batchnorm(MODELS.build(config.model))
        return model.to(self.device)

    def batch(
        self, config: Config, split: str = 'train', size: int | None = None
    ) -> dict[str, Any]:
        """Load the first persons of a data set.

        Args:
            config: Config of the data.
            split: ``'train'`` or ``'val'``.
            size: Number of persons; by default the context's batch size.

        Returns:
            The collated batch, see :func:`first_batch`.
        """
        dataset = DATASETS.build(config[f'{split}_dataloader'].dataset)
        return first_batch(dataset, size or self.batch_size)

    def training(
        self,
        name: str,
        changes: Changes | None = None,
        size: int | None = None,
        **environment: str,
    ) -> TrainingSetup:
        """Build the training of a config.

        Args:
            name: Name of the config before that of the pose network.
            changes: Options to set, by their dotted names.
            size: Persons per batch; by default the context's batch size.
            **environment: Variables that the config reads.

        Returns:
            The network in training mode, its optimizer and a batch.
        """
        config = self.config(name, changes, **environment)
        model = self.model(config).train()
        optimizer = build_optim_wrapper(model, config.optim_wrapper)
        return TrainingSetup(model, optimizer, self.batch(config, size=size))

    def cache_writer(self, name: str, **options: Any) -> CacheWriter:
        """Prepare the writing of a cache.

        Args:
            name: Name of its file, without suffix.
            **options: Fields of :class:`CacheJob`.

        Returns:
            The writer.
        """
        defaults = {'batch_size': self.batch_size, 'workers': 0}
        return CacheWriter(
            CacheJob(
                config=self.config('cachegen'),
                checkpoint=str(self.checkpoint),
                split='train',
                out=self.folder / f'{name}.npz',
                device=self.device,
                **{**defaults, **options},
            )
        )

    def seconds(self, work: Work) -> float:
        """Time a function by itself.

        Args:
            work: The function.

        Returns:
            Median wall time in seconds.
        """
        return median_seconds(work, self.plan, self.device)

    def compare(
        self, candidate: Work, baseline: Work, times: int = 1
    ) -> PairedTiming:
        """Time two functions in alternation.

        Args:
            candidate: The function to be measured.
            baseline: The function it is compared with.
            times: Multiple of the plan's repeats.

        Returns:
            The times of both.
        """
        plan = replace(self.plan, repeats=times * self.plan.repeats)
        return alternate(candidate, baseline, plan, self.device)


def first_batch(dataset: BaseDataset, size: int) -> dict[str, Any]:
    """Load the first persons of a data set.

    Args:
        dataset: The data set; its persons are repeated if it has too few.
        size: Number of persons.

    Returns:
        The collated batch.
    """
    samples = [dataset[i] for i in range(min(size, len(dataset)))]
    return pseudo_collate([samples[i % len(samples)] for i in range(size)])


def write_cache(writer: CacheWriter) -> None:
    """Write a cache, all its parts and the final file.

    Args:
        writer: Writer of the cache.
    """
    list(writer.run())
    writer.finish()
