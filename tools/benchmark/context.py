"""What is measured on: configs, drawn data, networks and batches."""

import copy
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.model import revert_sync_batchnorm
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, MODELS
from torch import nn
from torch.utils.data import Dataset

from self_verify_pose.datasets.synthetic import make_dataset
from self_verify_pose.engine.cache_writer import CacheJob, CacheWriter
from self_verify_pose.tools.benchmark.timing import Plan

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
NAME = '{}_rtmpose_s_1x32g_coco-256x192.py'
BASELINE, SELFVERIFY, SOLVABILITY, CACHEGEN, CACHED = (
    NAME.format(kind)
    for kind in (
        'baseline',
        'selfverify_cycle',
        'solvability',
        'cachegen',
        'solvability_cached_trusthead',
    )
)
Changes = Mapping[str, Any]


@dataclass(frozen=True)
class TrainingSetup:
    """A network in training.

    Args:
        model: The estimator.
        wrapper: Its optimizer.
        batch: A collated batch of its training data.
    """

    model: nn.Module
    wrapper: OptimWrapper
    batch: dict[str, Any]

    def step(self) -> None:
        """Take one training step."""
        self.model.train_step(self.batch, self.wrapper)


@dataclass(frozen=True)
class BenchmarkContext:
    """Where and how everything is measured.

    Args:
        folder: Empty folder for drawn data and caches.
        device: Device of the networks.
        batch_size: Persons per batch.
        plan: How often a step is measured.
        growth: Measure how costs grow as well.
        images: Drawn images to train on; four batches by default.
        compile: Try ``torch.compile``, which takes minutes on a CPU.
    """

    folder: Path
    device: torch.device
    batch_size: int = 32
    plan: Plan = field(default_factory=Plan)
    growth: bool = True
    images: int | None = None
    compile: bool = False

    @cached_property
    def root(self) -> Path:
        """Return the folder of drawn data, made when first asked for."""
        root = self.folder / 'drawn'
        # several batches, also of a cache, which are larger
        count = self.images or max(8, 4 * self.batch_size)
        make_dataset(root, train=count, val=max(8, self.batch_size))
        return root

    def config(
        self, name: str, changes: Changes | None = None, **environment: str
    ) -> Config:
        """Read a config of this package.

        Args:
            name: File in the folder of the configs.
            changes: Options to set, by their dotted names.
            **environment: Variables that the config reads.

        Returns:
            The config, on drawn data and with random initial weights.
        """
        given = {'COCO_ROOT': str(self.root), 'BACKBONE_INIT': 'none'}
        with _environment({**given, **environment}):
            config = Config.fromfile(CONFIGS / name)
        config.merge_from_dict(dict(changes or {}))
        init_default_scope('mmpose')
        return config

    def model(self, config: Config) -> nn.Module:
        """Build the network of a config with fixed random weights."""
        torch.manual_seed(0)
        model = revert_sync_batchnorm(MODELS.build(config.model))
        return model.to(self.device)

    def batch(
        self, config: Config, split: str = 'train', size: int | None = None
    ) -> dict[str, Any]:
        """Load one batch.

        Args:
            config: Config of the data.
            split: ``'train'`` or ``'val'``.
            size: Persons; the context's batch size by default. Few persons
                are repeated.

        Returns:
            The collated batch.
        """
        dataset = DATASETS.build(config[f'{split}_dataloader'].dataset)
        return first_batch(dataset, size or self.batch_size)

    def training(
        self, config: Config, size: int | None = None
    ) -> TrainingSetup:
        """Build what :class:`TrainingSetup` describes from a config."""
        model = self.model(config).train()
        options = copy.deepcopy(config.optim_wrapper)
        wrapper = build_optim_wrapper(model, options)
        return TrainingSetup(model, wrapper, self.batch(config, size=size))

    @cached_property
    def checkpoint(self) -> Path:
        """Return weights of a plain RTMPose-S, random ones."""
        path = self.folder / 'pose.pth'
        model = self.model(self.config(BASELINE))
        torch.save({'state_dict': model.state_dict()}, path)
        return path

    @cached_property
    def cache(self) -> Path:
        """Return a cache of the drawn persons, with features."""
        writer = self.cache_writer('cache', with_features=True)
        make_cache(writer)
        return writer.job.out

    def cache_writer(self, name: str, **options: Any) -> CacheWriter:
        """Prepare to make a cache.

        Args:
            name: Name of its file.
            **options: Fields of :class:`CacheJob`.

        Returns:
            What makes it.
        """
        given = {'batch_size': self.batch_size, 'workers': 0, **options}
        return CacheWriter(
            CacheJob(
                config=self.config(CACHEGEN),
                checkpoint=str(self.checkpoint),
                split='train',
                out=self.folder / f'{name}.npz',
                device=self.device,
                **given,
            )
        )


def first_batch(dataset: Dataset, size: int) -> dict[str, Any]:
    """Load the first persons of a data set.

    Args:
        dataset: The data set; few persons are repeated.
        size: Persons.

    Returns:
        The collated batch.
    """
    rows = [dataset[i] for i in range(min(size, len(dataset)))]
    return pseudo_collate([rows[i % len(rows)] for i in range(size)])


def write_parts(writer: CacheWriter) -> None:
    """Judge all persons of a cache."""
    for _ in writer.run():
        pass


def make_cache(writer: CacheWriter) -> None:
    """Make a cache, from the first to the last step."""
    write_parts(writer)
    writer.finish()


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
