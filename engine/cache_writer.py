"""Make a cache: let a frozen network predict and a teacher judge."""

import dataclasses
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset, pseudo_collate
from mmengine.dist import barrier, get_dist_info
from torch.utils.data import DataLoader

from .. import __version__
from ..datasets.coco_instances import build_dataset, iterate_instances
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
from ..models.options import SolvabilityOptions, read_options
from ..models.pose_estimators.pseudo_trust import TeacherOutput
from ..models.pose_estimators.selfverify_topdown import SelfVerifyTopdown
from ..models.sample_fields import person_sizes
from .checkpoint import load_estimator, read_state_dict


@dataclasses.dataclass(frozen=True)
class CacheJob:
    """What is asked for.

    Args:
        config: Config with a teacher and data sets in a fixed order.
        checkpoint: Weights of the pose network.
        split: ``'train'``, ``'val'`` or ``'test'``.
        out: The ``.npz`` to make.
        device: Where the network and the teacher run.
        batch_size: Samples per batch, which is also the unit of resuming.
        workers: Processes that load images.
        max_samples: Judge only the first so many; all by default.
        with_features: Store what the trust head reads as well.
        resume: Go on where an interrupted run stopped.
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
        job: What is asked for.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the config, the checkpoint or the data set does not
            fit, or a resumed run was made from something else.
    """

    def __init__(self, job: CacheJob) -> None:
        self.job = job
        self.model = _build_model(job)
        self.dataset = build_dataset(
            job.config[f'{job.split}_dataloader'].dataset, job.max_samples
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
        self.seconds: Counter[str] = Counter()
        self.made = 0  # samples judged by this process, not resumed ones

    def run(self) -> Iterator[int]:
        """Make the parts of this process.

        Yields:
            The number of samples of each part, also of those that an
            interrupted run has left.
        """
        rank, world = get_dist_info()
        if rank == 0:
            self.parts.begin(self.job.resume)
        barrier()
        mine = range(rank, len(self.batches), world)
        pending = [part for part in mine if not self.parts.is_done(part)]
        for part in set(mine) - set(pending):
            yield len(self.batches[part])
        batches = iter(self.loader(pending))
        for part in pending:
            with self._timed('loading'):
                batch = next(batches)
            columns, evidence = self.label(batch)
            with self._timed('writing'):
                columns['ids'] = self.ids[self.batches[part]]
                self.parts.save(part, columns, evidence)
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
        """Judge the persons of a batch.

        Args:
            batch: What :meth:`loader` gives.

        Returns:
            The columns of the cache but ``ids``, and the features in half
            precision where they are kept.
        """
        with self._timed('network'):
            data = self.model.data_preprocessor(batch)
            view = self.model.view(data['inputs'])
            evidence = None
            if self.job.with_features:
                sizes = person_sizes(
                    data['data_samples'], data['inputs'].device
                )
                rows = self.model.evidence(view, sizes)
                evidence = rows.half().cpu().numpy()
        with self._timed('teacher'):
            judgment = self.model.judge_view(view, data['data_samples'])
            columns = _columns_of(judgment)
        return columns, evidence

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        if self.job.device.type == 'cuda':
            torch.cuda.synchronize(self.job.device)
        self.seconds[name] += time.perf_counter() - begin


def _columns_of(judgment: TeacherOutput) -> Columns:
    result = judgment.result
    tensors = {
        'pseudo_trust': result.trust,
        'residual': result.residual,
        'solvability': result.solvability,
        'identifiability': result.identifiability,
        'energy': result.energy,
        'keypoints': judgment.joints,
    }
    columns = {
        name: values.float().cpu().numpy() for name, values in tensors.items()
    }
    columns['status'] = result.status.to(torch.int8).cpu().numpy()
    # what a teacher could not bring to a number is not judged
    lost = ~np.isfinite(columns['energy'])
    columns['status'][lost] = DEGENERATE
    columns['energy'][lost] = np.nan
    judged = [np.isfinite(columns[name]) for name in PER_JOINT]
    unknown = ~np.logical_and.reduce(judged) | lost[:, None]
    for name in PER_JOINT:
        columns[name][unknown] = np.nan
    return columns


def _build_model(job: CacheJob) -> SelfVerifyTopdown:
    cfg = job.config.model
    for option in ('enable', 'detach'):
        value = cfg.get('solvability_cfg', {}).get(option, option == 'detach')
        if value is not True:
            raise ValueError(
                f'model.solvability_cfg.{option}: expected True to make a '
                f'cache, found {value}; use configs/cachegen_*.py'
            )
    state = read_state_dict(job.checkpoint)
    return load_estimator(
        job.config, state, job.checkpoint, trust=False, device=job.device
    )


def _make_header(
    job: CacheJob, model: SelfVerifyTopdown, dataset: BaseDataset
) -> CacheHeader:
    names = dataset.metainfo['keypoint_id2name']
    return CacheHeader(
        teacher=model.solvability.teacher,
        parameters=teacher_parameters(model.solvability),
        checkpoint_sha256=file_sha256(job.checkpoint),
        annotation_sha256=file_sha256(dataset.ann_file),
        config_sha256=config_sha256(job.config),
        split=job.split,
        keypoint_names=tuple(names[i] for i in range(len(names))),
        samples=len(dataset),
        package_version=__version__,
    )


def teacher_parameters(options: SolvabilityOptions) -> dict[str, Any]:
    """Return the options that decide a label, without the teacher's name."""
    given = dataclasses.asdict(options)
    return {
        name: value
        for name, value in given.items()
        if name not in ('enable', 'teacher', 'detach')
    }


def teacher_options(config: Config) -> SolvabilityOptions:
    """Return the options of a config's teacher, defaults filled in."""
    return read_options(
        SolvabilityOptions,
        'model.solvability_cfg',
        config.model.get('solvability_cfg'),
    )


def config_sha256(config: Config) -> str:
    """Hash the text of a resolved config."""
    return text_sha256(
        json.dumps(config.to_dict(), sort_keys=True, default=str)
    )
