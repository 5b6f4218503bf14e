"""Evaluation of a trained estimator on annotated persons."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from mmengine.dataset import BaseDataset, pseudo_collate
from mmengine.model import BaseModel
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from ..constants import PCK_THRESHOLD
from ..metrics.evaluation.evaluation_input import EvaluationInput
from ..metrics.evaluation.io.dump import from_dump
from ..metrics.functional import is_correct
from ..metrics.joint_trust_metric import JointTrustMetric


@torch.no_grad()
def evaluate_dataset(
    model: BaseModel,
    dataset: BaseDataset,
    fields: Sequence[str],
    dist_thr: float = PCK_THRESHOLD,
    batch_size: int = 32,
    workers: int = 0,
    advance: Callable[[int], object] = lambda count: None,
) -> dict[str, JointTrustMetric]:
    """Predict a data set and collect scores and errors of labeled joints.

    Args:
        model: An estimator in eval mode.
        dataset: Annotated persons, with the pipeline of a validation.
        fields: Scores in ``pred_instances`` to collect.
        dist_thr: Largest error of a correct joint in units of person size.
        batch_size: Persons per batch.
        workers: Processes that load images.
        advance: Called with the number of persons after each batch.

    Returns:
        One metric per field, which has processed all persons.
    """
    metrics = {name: JointTrustMetric(name, dist_thr) for name in fields}
    for batch in _load(dataset, batch_size, workers):
        samples = model.test_step(batch)
        for metric in metrics.values():
            metric.process(batch, samples)
        advance(len(samples))
    return metrics


@torch.no_grad()
def predict_dataset(
    model: BaseModel,
    dataset: BaseDataset,
    batch_size: int = 32,
    workers: int = 0,
) -> EvaluationInput:
    """Predict a data set, and keep all joints with their labels.

    Args:
        model: An estimator in eval mode.
        dataset: Annotated persons, with the pipeline of a validation.
        batch_size: Persons per batch.
        workers: Processes that load images.

    Returns:
        The predictions, as from a dump of ``mim test``.
    """
    samples = [
        sample.cpu().to_dict()
        for batch in _load(dataset, batch_size, workers)
        for sample in model.test_step(batch)
    ]
    return from_dump(samples)


def _load(dataset: BaseDataset, batch_size: int, workers: int) -> DataLoader:
    return DataLoader(
        dataset, batch_size, num_workers=workers, collate_fn=pseudo_collate
    )


def joint_scores(
    metric: JointTrustMetric,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return scores and correctness of the labeled joints of a metric.

    Args:
        metric: A metric that has processed persons.

    Returns:
        ``(N,)`` scores of all labeled joints, and ``(N,)`` bool, whether
        each is correct.
    """
    scores = np.concatenate([row['scores'] for row in metric.results])
    errors = np.concatenate([row['errors'] for row in metric.results])
    return scores, is_correct(errors, metric.dist_thr)
