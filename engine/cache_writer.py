"""Making a trust cache: a frozen network predicts, a teacher labels."""

import dataclasses
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset, pseudo_collate
from mmengine.dist import barrier, get_dist_info
from mmpose.registry import MODELS
from torch.utils.data import DataLoader

from .. import __version__
from ..datasets.coco_instances import (
    build_dataset,
    iterate_instances,
    plain_crops,
)
from ..datasets.trust_cache.cache_file import save_cache
from ..datasets.trust_cache.feature_file import features_digest
from ..datasets.trust_cache.files import file_sha256, text_sha256
from ..datasets.trust_cache.parts import CacheParts
from ..datasets.trust_cache.schema import (
    DEGENERATE,
    PER_JOINT,
    CacheHeader,
    Columns,
    check_unique,
)
from ..models.option_checks import read_options
from ..models.options import SolvabilityOptions
from ..models.pose_estimators.selfverify_topdown import SelfVerifyTopdown
from ..models.sample_fields import person_sizes
from ..models.trust_targets.teacher_output import TeacherOutput, run_teacher
from ..skeleton import names_in
from .checkpoint import load_estimator, read_state_dict
from .skeleton_check import check_skeleton


@dataclasses.dataclass(frozen=True)
class CacheJob:
    """Options of one cache.

    Args:
        config: Config with a teacher; persons are cut out as in its
            validation, in the order of the data set.
        checkpoint: Weights of the pose network.
        split: ``'train'``, ``'val'`` or ``'test'``.
        out: The ``.npz`` to make.
        device: Device of the network and the teacher.
        batch_size: Samples per batch, which is also the unit of resuming.
        workers: Processes that load images.
        max_samples: Label only the first so many persons; all by default.
        with_features: Store the input of the trust head as well.
        resume: Continue an interrupted run.
    """

    config: Config
    checkpoint: str
    split: str
    out: Path
    device: torch.device
    batch_size: int = 64
    workers: int = 2
    max_samples: int | None = None
    with_features: bool = False
    resume: bool = False


class CacheWriter:
    """Makes the cache of a job, alone or with other processes.

    The samples are cut into batches in the order of the data set; every
    batch is one part of the cache. Process r of n makes the parts r, r + n,
    and so on, and process 0 puts them together, so that neither the number
    of processes nor an interruption changes a byte.

    Args:
        job: Options of the cache.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the config, the checkpoint or the data set does not
            fit, or a resumed run was made from something else.
    """

    def __init__(self, job: CacheJob) -> None:
        self.job = job
        self.model = _build_model(job)
        data = job.config[f'{job.split}_dataloader'].dataset
        crops = plain_crops(job.config)
        self.dataset = build_dataset(
            {**data, 'pipeline': crops}, job.max_samples
        )
        check_skeleton(
            self.model, self.dataset.metainfo, f'{job.split}_dataloader'
        )
        self.ids = np.array(
            [p['id'] for p in iterate_instances(self.dataset)], np.int64
        )
        check_unique(self.ids, f'in {self.dataset.ann_file}')
        self.header = _make_header(job, self.model, self.dataset)
        size = job.batch_size
        self.batches = [
            list(range(first, min(first + size, len(self.ids))))
            for first in range(0, len(self.ids), size)
        ]
        manifest = self.header.to_dict()
        manifest['with_features'] = job.with_features
        self.parts = CacheParts(
            job.out, manifest, [len(batch) for batch in self.batches]
        )
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.made = 0  # samples labeled by this process, not resumed ones

    def run(self) -> Iterator[int]:
        """Make the parts of this process.

        Yields:
            The number of samples of each part, also of those that an
            interrupted run has left.
        """
        rank, world = get_dist_info()
        with self.parts.reserve() if rank == 0 else nullcontext():
            if rank == 0:
                self.parts.begin(self.job.resume)
            barrier()
            yield from self._make_parts(rank, world)

    def _make_parts(self, rank: int, world: int) -> Iterator[int]:
        mine = range(rank, len(self.batches), world)
        pending = [part for part in mine if not self.parts.is_done(part)]
        for part in set(mine) - set(pending):
            yield len(self.batches[part])
        batches = iter(self.loader(pending))
        for part in pending:
            with self._timed('loading'):
                batch = next(batches)
            columns, features = self.label(batch)
            with self._timed('writing'):
                columns['ids'] = self.ids[self.batches[part]]
                self.parts.save(part, columns, features)
            self.made += len(self.batches[part])
            yield len(self.batches[part])

    def loader(self, parts: Sequence[int]) -> DataLoader:
        """Load the crops of some parts.

        Args:
            parts: Their numbers.

        Returns:
            One collated batch per part.
        """
        return DataLoader(
            self.dataset,
            batch_sampler=[self.batches[part] for part in parts],
            num_workers=self.job.workers,
            collate_fn=pseudo_collate,
        )

    def finish(self) -> Columns | None:
        """Put the parts together.

        Returns:
            The arrays of the cache; None in all processes but the first.
        """
        barrier()
        if get_dist_info()[0] != 0:
            return None
        with self.parts.reserve():
            columns, header = self.parts.collect(), self.header
            if self.job.with_features:
                header = dataclasses.replace(
                    header, features=features_digest(self.parts.features())
                )
                self.parts.publish_features()
            save_cache(self.job.out, header, columns, self.parts.folder)
            self.parts.remove()
        return columns

    @torch.no_grad()
    def label(
        self, batch: dict[str, Any]
    ) -> tuple[Columns, np.ndarray | None]:
        """Label the persons of a batch.

        Args:
            batch: A batch of :meth:`loader`.

        Returns:
            The columns of the cache but ``ids``, and the features in half
            precision where they are kept.
        """
        with self._timed('network'):
            data = self.model.data_preprocessor(batch)
            inputs, samples = data['inputs'], data['data_samples']
            sizes = person_sizes(samples, inputs.device)
            output = self.model.pose_output(inputs, sizes)
            features = None
            if self.job.with_features:
                rows = self.model.packed_features(output)
                features = rows.half().cpu().numpy()
        with self._timed('teacher'):
            columns = _columns_of(
                run_teacher(
                    self.model.teacher,
                    self.model.options.solvability,
                    output.distribution,
                    samples,
                )
            )
        return columns, features

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        if self.job.device.type == 'cuda':
            torch.cuda.synchronize(self.job.device)
        self.seconds[name] += time.perf_counter() - begin


def _columns_of(output: TeacherOutput) -> Columns:
    result = output.result
    tensors = {
        'pseudo_trust': result.trust,
        'residual': result.residual,
        'solvability': result.solvability,
        'identifiability': result.identifiability,
        'energy': result.energy,
        'keypoints': output.keypoints,
    }
    columns = {
        name: values.float().cpu().numpy() for name, values in tensors.items()
    }
    columns['status'] = result.status.to(torch.int8).cpu().numpy()
    # a fit without a finite energy gives no target
    lost = ~np.isfinite(columns['energy'])
    columns['status'][lost] = DEGENERATE
    columns['energy'][lost] = np.nan
    finite = [np.isfinite(columns[name]) for name in PER_JOINT]
    missing = ~np.logical_and.reduce(finite) | lost[:, None]
    for name in PER_JOINT:
        columns[name][missing] = np.nan
    return columns


def _build_model(job: CacheJob) -> SelfVerifyTopdown:
    cfg = job.config.model
    if not issubclass(MODELS.get(cfg.type) or object, SelfVerifyTopdown):
        raise ValueError(
            "config: expected model.type='SelfVerifyTopdown', found "
            f'{cfg.type!r}; attach a trust head (docs/offline.md)'
        )
    for option in ('enable', 'detach'):
        value = cfg.get('solvability_cfg', {}).get(option, option == 'detach')
        if value is not True:
            raise ValueError(
                f'model.solvability_cfg.{option}: expected True to make a '
                f'cache, found {value}; change it'
            )
    state = read_state_dict(job.checkpoint)
    model = load_estimator(
        job.config,
        state,
        job.checkpoint,
        trust=False,
        device=str(job.device),
    )
    assert isinstance(model, SelfVerifyTopdown)  # see above
    return model


def _make_header(
    job: CacheJob, model: SelfVerifyTopdown, dataset: BaseDataset
) -> CacheHeader:
    return CacheHeader(
        teacher=model.options.solvability.teacher,
        parameters=teacher_parameters(model.options.solvability),
        checkpoint_sha256=file_sha256(job.checkpoint),
        annotation_sha256=file_sha256(dataset.ann_file),
        config_sha256=config_sha256(job.config),
        split=job.split,
        keypoint_names=names_in(dataset.metainfo),
        samples=len(dataset),
        package_version=__version__,
    )


def teacher_parameters(options: SolvabilityOptions) -> dict[str, Any]:
    """Return the options that a target depends on.

    Args:
        options: Options of the teacher.

    Returns:
        Options by name, without the name of the teacher.
    """
    given = dataclasses.asdict(options)
    return {
        name: value
        for name, value in given.items()
        if name not in ('enable', 'teacher', 'detach')
    }


def teacher_options(config: Config) -> SolvabilityOptions:
    """Return the options of a config's teacher, defaults filled in.

    Args:
        config: A config of this package.

    Returns:
        The options.
    """
    return read_options(
        SolvabilityOptions,
        'model.solvability_cfg',
        config.model.get('solvability_cfg'),
    )


def config_sha256(config: Config) -> str:
    """Hash the text of a resolved config.

    Args:
        config: A config.

    Returns:
        Hexadecimal digits of the SHA-256.
    """
    return text_sha256(
        json.dumps(config.to_dict(), sort_keys=True, default=str)
    )
