"""Predicted pose of one person, as it is drawn."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample
from numpy.typing import NDArray

from ...constants import ACCEPTED, PCK_THRESHOLD, RAW_SCORE, TRUST
from ...metrics.functional import brier, is_correct, joint_errors, person_size

Array = NDArray[Any]


@dataclass(frozen=True)
class PredictedPose:
    """Predicted pose of one person, small enough to pass between processes.

    Attributes:
        keypoints: ``(K, 2)`` predicted joints ``(x, y)`` in pixels.
        scores: ``(K,)`` scores by field; trust, if any, before raw scores.
        bbox: ``(4,)`` box ``(x0, y0, x1, y1)`` in pixels of the image.
        labeled: ``(K,)`` boolean, joints with a label; none without ground
            truth.
        wrong: ``(K,)`` boolean, labeled joints off by more than
            ``PCK_THRESHOLD`` of the person size.
        image_path: Path of the image; empty for an image in memory.
        rejected: ``(K,)`` boolean, joints that the certificate of the model
            rejects; None without a certificate.
    """

    keypoints: Array
    scores: dict[str, Array]
    bbox: Array
    labeled: NDArray[np.bool_]
    wrong: NDArray[np.bool_]
    image_path: str = ''
    rejected: NDArray[np.bool_] | None = None

    @classmethod
    def from_sample(
        cls, sample: PoseDataSample, truth: InstanceData | None = None
    ) -> 'PredictedPose':
        """Take the pose from a prediction of one person.

        Args:
            sample: Prediction of one person.
            truth: Ground truth with ``bboxes`` ``(1, 4)``, ``keypoints``
                ``(1, K, 2)`` and ``keypoints_visible`` ``(1, K)`` or
                ``(1, K, 2)``, such as ``sample.gt_instances``.

        Returns:
            The pose.
        """
        predicted = sample.pred_instances
        labeled = wrong = np.zeros(len(predicted.keypoints[0]), bool)
        if truth is not None:
            size = person_size(truth.bboxes)
            errors = joint_errors(predicted.keypoints, truth.keypoints, size)
            visible = np.asarray(truth.keypoints_visible)
            labeled = visible.reshape(len(labeled), -1)[:, 0] > 0
            wrong = labeled & ~is_correct(errors[0], PCK_THRESHOLD)
        return cls(
            keypoints=predicted.keypoints[0],
            scores={
                name: predicted[name][0]
                for name in (TRUST, RAW_SCORE)
                if name in predicted
            },
            bbox=(predicted if truth is None else truth).bboxes[0],
            labeled=labeled,
            wrong=wrong,
            image_path=sample.metainfo.get('img_path') or '',
            rejected=(
                ~predicted[ACCEPTED][0] if ACCEPTED in predicted else None
            ),
        )

    @property
    def wrong_count(self) -> str:
        """Number of wrong joints among the labeled ones, as a phrase."""
        return f'{self.wrong.sum()} of {self.labeled.sum()} wrong'

    def brier(self, field: str) -> float:
        """Compute the Brier score of a score on the labeled joints.

        Args:
            field: Name of the score, which is clipped to [0, 1].

        Returns:
            Mean squared gap between the score and correctness.

        Raises:
            ValueError: If the pose has no labeled joint.
        """
        if not self.labeled.any():
            raise ValueError(
                f'{self.image_path}: expected labeled joints, found none; '
                'compute Brier scores of poses with ground truth only'
            )
        scores = np.clip(self.scores[field][self.labeled], 0, 1)
        return brier(scores, ~self.wrong[self.labeled])

    def shifted(self, origin: Array) -> 'PredictedPose':
        """Express the keypoints in pixels of a crop.

        Args:
            origin: ``(2,)`` upper left pixel ``(x, y)`` of the crop.

        Returns:
            The pose with shifted keypoints.
        """
        return replace(self, keypoints=self.keypoints - origin)
