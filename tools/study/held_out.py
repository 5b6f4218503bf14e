"""Held-out training persons, which decide what is kept of a trust head.

The decisions are those of ``TrustSelectionHook``: labels evaluate the heads
that learn from labels, the agreement of strong views with the crop the others.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from self_verify_pose.constants import PCK_THRESHOLD
from self_verify_pose.engine.trust_selection import (
    HeldOutJoints,
    Kept,
    decide,
    fit_anchor,
)
from self_verify_pose.models.heads.trust_features import TrustFeatures
from self_verify_pose.models.heads.trust_head import TrustHead
from self_verify_pose.models.trust_targets.base import LARGEST_WITHOUT_LABELS
from self_verify_pose.tools.study.extraction import Tensors, correct_joints
from self_verify_pose.tools.study.head_variants import FeatureLayout

_SHARE = 0.2  # of the images of each set
_CHUNK = 1024
Floats = NDArray[np.float64]


def hold_out_images(
    image_ids: NDArray[np.int64], seed: int
) -> NDArray[np.bool_]:
    """Choose a fifth of the images of a set, the same ones for one seed.

    Args:
        image_ids: ``(N,)`` image of each person.
        seed: Seed of the choice.

    Returns:
        ``(N,)`` True for the persons of these images; none of one image.
    """
    names = np.unique(image_ids)
    count = max(1, round(_SHARE * len(names))) if len(names) > 1 else 0
    chosen = np.random.default_rng(seed).permutation(names)[:count]
    return np.isin(image_ids, chosen)


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """Held-out persons of the training sets, and the anchor fitted to them.

    Args:
        persons: ``(N,)`` True for the held-out persons of each set.
        rows: ``(M, D)`` packed features of the evaluated views, of each set
            that has any.
        joints: What is known of them; the residuals are zero.
        scale: ``(K,)`` slopes of the anchor.
        shift: ``(K,)`` shifts of the anchor.
        labels: Whether labels evaluate, not the agreement of views.
        seed: Seed of the choice of images and of their draws.
        largest: Largest share that agreement of views may keep.
    """

    persons: list[NDArray[np.bool_]]
    rows: list[Tensor]
    joints: list[HeldOutJoints]
    scale: Floats
    shift: Floats
    labels: bool
    seed: int
    largest: float = LARGEST_WITHOUT_LABELS

    @classmethod
    def choose(
        cls,
        sets: Sequence[Tensors],
        layout: FeatureLayout,
        labels: bool,
        seed: int,
    ) -> 'HeldOut':
        """Hold out persons, and calibrate the free score on them.

        Args:
            sets: Extracted features of each training set.
            layout: What the features consist of.
            labels: Whether labels evaluate, not the agreement of views.
            seed: Seed of the choice.

        Returns:
            The held-out persons.
        """
        persons = [
            hold_out_images(one['ids'][:, 0].numpy(), seed) for one in sets
        ]
        describe = _labeled_crops if labels else _strong_views
        found = [
            describe(one, held, layout)
            for one, held in zip(sets, persons, strict=True)
            if held.any()
        ]
        joints = [one for _, one in found]
        count = len(layout.keypoints)
        scale, shift = np.ones(count), np.zeros(count)
        if joints:
            scale, shift = fit_anchor(joints)
        rows = [rows for rows, _ in found]
        return cls(persons, rows, joints, scale, shift, labels, seed)

    def anchor(self, head: TrustHead) -> None:
        """Let a head start from the calibrated free score.

        Args:
            head: The head.
        """
        head.anchor.scale.copy_(torch.from_numpy(self.scale))
        head.anchor.shift.copy_(torch.from_numpy(self.shift))

    @torch.no_grad()
    def decide(
        self, head: TrustHead, select: Callable[[Tensor], Tensor]
    ) -> Kept:
        """Choose the share of the residual that a head keeps.

        Args:
            head: The head, in eval mode; its share is set.
            select: Reduces packed features to those of the head.

        Returns:
            What is kept.
        """
        joints = [
            one._replace(residuals=_residuals(head, rows, select))
            for rows, one in zip(self.rows, self.joints, strict=True)
        ]
        kept, domains = decide(
            joints,
            self.scale,
            self.shift,
            self.labels,
            self.seed,
            self.largest,
        )
        head.anchor.keep(kept.shares, domains)
        return kept


def _residuals(
    head: TrustHead, rows: Tensor, select: Callable[[Tensor], Tensor]
) -> Floats:
    parts = []
    for part in rows.split(_CHUNK):
        features, _ = TrustFeatures.unpacked(
            select(part),
            sum(head.in_channels),
            head.num_keypoints,
            head.num_scalars,
        )
        parts.append(head.forward_features(features))
    return np.asarray(torch.cat(parts).double())


def _labeled_crops(
    columns: Tensors, held: NDArray[np.bool_], layout: FeatureLayout
) -> tuple[Tensor, HeldOutJoints]:
    """Evaluate the crops by labels."""
    rows = columns['features'][:, 0][torch.from_numpy(held)]
    correct = correct_joints(columns)[held]
    free_scores = layout.unpack(rows)[1].double().numpy()
    return rows, HeldOutJoints(
        free_scores,
        np.zeros_like(free_scores),
        correct,
        correct.astype(np.float64),
        columns['labeled'].numpy()[held],
        columns['ids'][:, 0].numpy()[held],
        layout.domain_features(rows).double().numpy(),
    )


def _strong_views(
    columns: Tensors, held: NDArray[np.bool_], layout: FeatureLayout
) -> tuple[Tensor, HeldOutJoints]:
    """Evaluate strong views by their agreement with the crop."""

    def views(name: str) -> Tensor:
        chosen = columns[name][torch.from_numpy(held)]
        return chosen[:, 1:].flatten(0, 1)

    rows = views('features')
    agrees = (views('distance') <= PCK_THRESHOLD).numpy()
    free_scores = layout.unpack(rows)[1].double().numpy()
    images = columns['ids'][:, 0].numpy()[held]
    return rows, HeldOutJoints(
        free_scores,
        np.zeros_like(free_scores),
        agrees,
        (agrees + views('expected').double().numpy()) / 2,
        views('inside').numpy(),
        np.repeat(images, len(rows) // max(len(images), 1)),
        layout.domain_features(rows).double().numpy(),
    )
