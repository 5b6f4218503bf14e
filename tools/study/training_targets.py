"""Targets of trust heads, made of extracted features."""

from typing import NamedTuple

import torch
from torch import Tensor

from self_verify_pose.constants import PCK_THRESHOLD
from self_verify_pose.models.options import ConsistencyTarget
from self_verify_pose.models.trust_targets.combine import elementwise_min
from self_verify_pose.models.trust_targets.consistency import agreement_trust
from self_verify_pose.tools.study.extraction import CONSISTENCY, Tensors


class TrainingTargets(NamedTuple):
    """Features and targets that a head is trained on.

    Args:
        features: ``(M, D)`` packed features.
        targets: ``(M, K)`` trust in [0, 1].
        mask: ``(M, K)`` bool, True where there is a target.
    """

    features: Tensor
    targets: Tensor
    mask: Tensor


def _select_views(
    columns: Tensors, targets: Tensor, mask: Tensor, views: slice
) -> TrainingTargets:
    parts = (columns['features'], targets, mask)
    return TrainingTargets(*(part[:, views].flatten(0, 1) for part in parts))


def _rotation(columns: Tensors) -> tuple[Tensor, Tensor]:
    return columns['rotation'], columns['rotation_inside']


def _solvability(columns: Tensors) -> tuple[Tensor, Tensor]:
    trust = columns['free_trust']
    return trust.nan_to_num(0), trust.isfinite()


def rotation_targets(columns: Tensors) -> TrainingTargets:
    """Trust of the crop by rotation consistency.

    Args:
        columns: Result of ``extract_features``.

    Returns:
        One row per person.
    """
    return TrainingTargets(columns['features'][:, 0], *_rotation(columns))


def solvability_targets(columns: Tensors) -> TrainingTargets:
    """Trust of the crop by the free-joint teacher.

    Args:
        columns: Result of ``extract_features``.

    Returns:
        One row per person.
    """
    return TrainingTargets(columns['features'][:, 0], *_solvability(columns))


def unified_targets(columns: Tensors) -> TrainingTargets:
    """Smaller of rotation consistency and solvability.

    Args:
        columns: Result of ``extract_features``.

    Returns:
        One row per person.
    """
    smaller = elementwise_min(_rotation(columns), _solvability(columns))
    return TrainingTargets(columns['features'][:, 0], *smaller)


def strong_view_targets(
    columns: Tensors, target: ConsistencyTarget
) -> TrainingTargets:
    """Agreement of the strongly augmented views with the crop.

    Args:
        columns: Result of ``extract_features``.
        target: See :func:`agreement_trust`.

    Returns:
        One row per strongly augmented view.
    """
    values = _agreement(columns, target)
    return _select_views(columns, values, columns['inside'], slice(1, None))


def _agreement(columns: Tensors, target: ConsistencyTarget) -> Tensor:
    return agreement_trust(
        columns['distance'],
        columns['expected'],
        target,
        CONSISTENCY.alpha,
        PCK_THRESHOLD,
    )


def annotation_targets(columns: Tensors) -> TrainingTargets:
    """Correctness of the keypoints in all views.

    Args:
        columns: Result of ``extract_features``.

    Returns:
        One row per view.
    """
    correct = columns['correct'].float()
    return _select_views(columns, correct, columns['has_label'], slice(None))


def crop_annotation_targets(columns: Tensors) -> TrainingTargets:
    """Correctness of the keypoints in the crop alone.

    Args:
        columns: Result of ``extract_features``.

    Returns:
        One row per person.
    """
    correct = columns['correct'].float()
    return _select_views(columns, correct, columns['has_label'], slice(1))


def mixed_targets(columns: Tensors) -> TrainingTargets:
    """Correctness where there is a label, else agreement.

    Args:
        columns: Result of ``extract_features``.

    Returns:
        One row per view.
    """
    has_label = columns['has_label']
    soft = _agreement(columns, 'self_estimate')
    targets = torch.where(has_label, columns['correct'].float(), soft)
    strong = torch.zeros_like(has_label)
    strong[:, 1:] = True
    mask = has_label | (columns['inside'] & strong)
    return _select_views(columns, targets, mask, slice(None))
