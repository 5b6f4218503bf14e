"""One training step: its views, and what is computed of them once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..augmentations.similarity import SimilarityTransform
from ..distributions import DistributionReader, KeypointDistribution
from ..geometry.coordinates import inside_crop
from ..losses.masked import masked_mean
from ..losses.rotation_consistency import (
    robust_consistency_loss,
    rotation_inconsistency,
)
from ..options import SelfVerifyOptions
from ..sample_fields import Samples, head_targets, labeled_joints
from ..teachers.joint_mapping import TeacherFunction
from .teacher_output import TeacherOutput, run_teacher


class PoseOutput(NamedTuple):
    """Output of the pose network for one view of a batch.

    Args:
        features: ``(B, C_i, h_i, w_i)`` feature maps that the pose head
            reads; of several stages those of the last one.
        distribution: Predicted distributions of the keypoints.
        head_output: What the pose head returned; the loss of the pose is
            computed from it.
        head_input: What the pose head was given.
    """

    features: tuple[Tensor, ...]
    distribution: KeypointDistribution
    head_output: Any = None
    head_input: Any = None

    def detach(self) -> 'PoseOutput':
        """Return the same output, cut from the graph.

        Returns:
            An output that shares the data.
        """
        features = tuple(level.detach() for level in self.features)
        return PoseOutput(features, self.distribution.detach())


class AugmentedView(NamedTuple):
    """A view of the crops of a batch.

    Args:
        output: Output of the pose network for the view.
        transform: Transform from the crops to the view.
    """

    output: PoseOutput
    transform: SimilarityTransform


@dataclass(frozen=True)
class TrainingStep:
    """A batch in training; derived values are computed when first read.

    Args:
        data_samples: B training samples.
        view: The crops themselves.
        augmented: The rotated or strongly augmented crops, where the loss or
            the trust source needs them; read ``second_view``.
        reader: Reader of the pose head's outputs and targets.
        options: Options of the estimator.
        teacher: The inverse-kinematics teacher, where there is one.
        is_first: Whether it is the first step; the numbers that components
            return are then checked, for which the host waits for the device.
    """

    data_samples: Samples
    view: AugmentedView
    augmented: AugmentedView | None
    reader: DistributionReader
    options: SelfVerifyOptions
    teacher: TeacherFunction | None
    is_first: bool = False

    @property
    def second_view(self) -> AugmentedView:
        """The rotated or strongly augmented crops.

        Raises:
            ValueError: If there are none.
        """
        if self.augmented is None:
            raise ValueError(
                'TrainingStep.second_view: expected a second view, found '
                "none; add 'second_view' to `requires` of the trust source"
            )
        return self.augmented

    @property
    def learned_views(self) -> list[AugmentedView]:
        """The crops and, if there is one, the strongly augmented view."""
        if self.options.consistency.hard_view is None:
            return [self.view]
        return [self.view, self.second_view]

    def compare(
        self, view: AugmentedView, points: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Compare the predictions for a view with given keypoints.

        Args:
            view: One of the views.
            points: ``(B, K, 2)`` keypoints in pixels of the crops.

        Returns:
            ``(B, K)`` boolean, True where the prediction is at most
            ``trust_cfg.dist_thr`` person sizes away, and ``(B, K)`` boolean,
            True where the given keypoint is inside the view.
        """
        distribution = view.output.distribution
        given = view.transform.apply_to_points(points, distribution.input_size)
        errors = keypoint_distances(distribution.hard_decode(), given)
        limits = self.options.trust.dist_thr * distribution.sizes[:, None]
        return errors <= limits, inside_crop(given, distribution.input_size)

    @cached_property
    def shape(self) -> tuple[int, int]:
        """``(B, K)``, number of samples and of keypoints."""
        batch, keypoints = self.view.output.distribution.raw_scores().shape
        return batch, keypoints

    @cached_property
    def labeled(self) -> Tensor:
        """``(B, K)`` boolean, keypoints with a label inside the crop."""
        return labeled_joints(self.data_samples)

    @cached_property
    def head_targets(self) -> dict[str, Tensor]:
        """Targets of the pose head by name."""
        return head_targets(self.data_samples, self.reader.target_fields)

    @cached_property
    def true_keypoints(self) -> Tensor:
        """``(B, K, 2)`` annotated keypoints in pixels of the crop."""
        sizes = self.view.output.distribution.sizes
        return self.reader.read_targets(self.head_targets, sizes).hard_decode()

    @cached_property
    def soft_inconsistency(self) -> tuple[Tensor, Tensor]:
        """Inconsistency of soft-decoded keypoints, differentiable.

        Returns ``(B, K)`` distances in person sizes and a ``(B, K)`` mask of
        the keypoints that count, see :func:`rotation_inconsistency`.
        """
        distance, mask = self._inconsistency(lambda d: d.soft_decode())
        if self.options.consistency.use_gt_visible:
            mask = mask & self.labeled
        return distance, mask

    @property
    def consistency_loss(self) -> Tensor:
        """Scalar loss of the inconsistency, see ``ConsistencyOptions``."""
        distance, mask = self.soft_inconsistency
        if not self.options.consistency.robust:
            return masked_mean(distance, mask)
        with torch.no_grad():
            own = self.view.output.distribution.expected_correctness()
        width = self.options.trust.dist_thr
        return robust_consistency_loss(distance, own, mask, width)

    @cached_property
    def hard_inconsistency(self) -> tuple[Tensor, Tensor]:
        """Inconsistency of hard-decoded keypoints, without gradient.

        Returns ``(B, K)`` distances in person sizes and a ``(B, K)`` mask of
        the keypoints that are inside the second view.
        """
        return self._inconsistency(lambda d: d.hard_decode())

    @cached_property
    def decoded_inconsistency(self) -> tuple[Tensor, Tensor]:
        """Inconsistency that trust targets are made of.

        Of hard-decoded keypoints; of soft-decoded ones where gradients are to
        flow into the targets (``trust_cfg.detach_pseudo=False``).
        """
        distance, mask = self.soft_inconsistency
        if self.options.trust.detach_pseudo:
            distance, _ = self.hard_inconsistency
        return distance, mask

    @cached_property
    def teacher_output(self) -> TeacherOutput:
        """Output of the teacher for the keypoints decoded from the crops.

        Raises:
            ValueError: If there is no teacher.
        """
        if self.teacher is None:
            raise ValueError(
                'TrainingStep.teacher_output: expected a teacher, found none; '
                "add 'teacher' to `requires` of the trust source"
            )
        return run_teacher(
            self.teacher,
            self.options.solvability,
            self.view.output.distribution,
            self.data_samples,
        )

    def _inconsistency(
        self, decode: Callable[[KeypointDistribution], Tensor]
    ) -> tuple[Tensor, Tensor]:
        second = self.second_view.output.distribution
        return rotation_inconsistency(
            decode(self.view.output.distribution.detach()),
            decode(second),
            self.second_view.transform,
            second.sizes,
            second.input_size,
        )


def keypoint_distances(predicted: Tensor, true: Tensor) -> Tensor:
    """Return distances between keypoints.

    Args:
        predicted: ``(B, K, 2)`` points in pixels.
        true: ``(B, K, 2)`` points in pixels.

    Returns:
        ``(B, K)`` distances in pixels.
    """
    return torch.linalg.vector_norm(predicted - true, dim=-1)
