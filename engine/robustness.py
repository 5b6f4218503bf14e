"""Evaluation of an estimator on clean and on corrupted images."""

from collections.abc import Callable, Sequence
from functools import partial

from mmengine.dataset import BaseDataset
from mmengine.model import BaseModel

from ..constants import PCK_THRESHOLD
from ..datasets.transforms.corrupt_image import CorruptImage, with_corruption
from ..metrics.evaluation.report.robustness import CLEAN, CorruptionResult
from .evaluation import evaluate_dataset, joint_scores


def corruption_levels(
    corruptions: Sequence[str], strengths: Sequence[int]
) -> list[tuple[str, int]]:
    """List what an evaluation of the robustness goes through.

    Args:
        corruptions: Names of corruptions.
        strengths: Strengths from 1 to 5.

    Returns:
        Clean images with strength 0, then each corruption with ascending
        strengths; repeated values are dropped.

    Examples:
        >>> corruption_levels(['jpeg'], [5, 2])
        [('clean', 0), ('jpeg', 2), ('jpeg', 5)]
    """
    return [(CLEAN, 0)] + [
        (name, strength)
        for name in dict.fromkeys(corruptions)
        for strength in sorted(set(strengths))
    ]


def evaluate_robustness(
    model: BaseModel,
    dataset: BaseDataset,
    fields: Sequence[str],
    levels: Sequence[tuple[str, int]],
    dist_thr: float = PCK_THRESHOLD,
    seed: int = 0,
    batch_size: int = 32,
    workers: int = 0,
    advance: Callable[[str, int], object] = lambda title, count: None,
) -> list[CorruptionResult]:
    """Evaluate scores on a data set under each corruption.

    Args:
        model: An estimator in eval mode.
        dataset: Annotated persons, with the pipeline of a validation.
        fields: Scores in ``pred_instances`` to evaluate.
        levels: Corruptions and strengths; strength 0 leaves images clean.
        dist_thr: Largest error of a correct joint in units of person size.
        seed: Seed of the corruptions.
        batch_size: Persons per batch.
        workers: Processes that load images.
        advance: Called after each batch with a title such as ``'jpeg 5'`` and
            the number of persons.

    Returns:
        One result per corruption, strength and score, in this order.
    """
    results = []
    for name, strength in levels:
        corrupted = dataset
        if strength:
            transform = CorruptImage(name, strength, seed)
            corrupted = with_corruption(dataset, transform)
        metrics = evaluate_dataset(
            model,
            corrupted,
            fields,
            dist_thr,
            batch_size,
            workers,
            partial(advance, f'{name} {strength or ""}'),
        )
        results += [
            CorruptionResult.from_scores(
                name, strength, field, *joint_scores(metric)
            )
            for field, metric in metrics.items()
        ]
    return results
