"""Let a trained estimator predict annotated persons and judge its joints."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from mmengine.dataset import BaseDataset, pseudo_collate
from torch import nn
from torch.utils.data import DataLoader

from ..constants import PCK_THRESHOLD
from ..metrics.functional import is_correct
from ..metrics.joint_trust_metric import JointTrustMetric


@torch.no_grad()
def evaluate_dataset(
    model: nn.Module,
    dataset: BaseDataset,
    fields: Sequence[str],
    dist_thr: float = PCK_THRESHOLD,
    batch_size: int = 32,
    workers: int = 0,
    advance: Callable[[int], object] = lambda count: None,
) -> dict[str, JointTrustMetric]:
    """Predict a data set and keep scores and errors of its labeled joints.

    Args:
        model: An estimator in eval mode.
        dataset: Annotated persons, with the pipeline of a validation.
        fields: Scores in ``pred_instances`` to keep.
        dist_thr: Largest error of a right joint in units of person size.
        batch_size: Persons per batch.
        workers: Processes that load images.
        advance: Called with the number of persons after each batch.

    Returns:
        One metric for each field, which has processed all persons.
    """
    metrics = {name: JointTrustMetric(name, dist_thr) for name in fields}
    loader = DataLoader(
        dataset, batch_size, num_workers=workers, collate_fn=pseudo_collate
    )
    for batch in loader:
        samples = model.test_step(batch)
        for metric in metrics.values():
            metric.process(batch, samples)
        advance(len(samples))
    return metrics


def joint_scores(metric: JointTrustMetric) -> tuple[np.ndarray, np.ndarray]:
    """Return what a metric has kept.

    Args:
        metric: A metric that has processed persons.

    Returns:
        ``(N,)`` scores of all labeled joints, and ``(N,)`` bool, whether
        each is right.
    """
    scores = np.concatenate([row['scores'] for row in metric.results])
    errors = np.concatenate([row['errors'] for row in metric.results])
    return scores, is_correct(errors, metric.dist_thr)
