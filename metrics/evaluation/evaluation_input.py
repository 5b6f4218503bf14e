"""Predicted joints beside their truth: what every report is made from."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ...constants import PCK_THRESHOLD
from ...skeleton import COCO_SIGMAS
from ..functional import is_correct, joint_errors, person_size
from ..functional.similarity import keypoint_similarity

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Criterion = Literal['bbox', 'oks']

# the smallest keypoint similarity of a right joint under 'oks'
SIMILARITY_THR = 0.5


@dataclass(frozen=True)
class GroundTruth:
    """Annotated persons.

    Attributes:
        keypoints: (N, K, 2) true points in pixels of the image.
        labeled: (N, K) bool, True where the joint has a label.
        boxes: (N, 4) boxes (x1, y1, x2, y2) in pixels of the image.
        image_ids: (N,) id of each person's image.
        person_ids: (N,) id of each person's annotation.
        occluded: (N, K) bool, True where a labeled joint is hidden; None
            where nobody says.
        areas: (N,) segment areas in square pixels; None where nobody says.
    """

    keypoints: Floats
    labeled: Mask
    boxes: Floats
    image_ids: NDArray[np.generic]
    person_ids: NDArray[np.generic]
    occluded: Mask | None = None
    areas: Floats | None = None

    def __len__(self) -> int:
        """Return the number of persons."""
        return len(self.keypoints)

    @cached_property
    def sizes(self) -> Floats:
        """(N,) longer sides of the boxes in pixels."""
        return person_size(self.boxes)

    def take(self, rows: NDArray[np.generic]) -> 'GroundTruth':
        """Return some of the persons.

        Args:
            rows: Positions, or an (N,) mask.

        Returns:
            These persons.
        """
        names = self.__dataclass_fields__
        values = {name: getattr(self, name) for name in names}
        return GroundTruth(
            **{
                name: value if value is None else value[rows]
                for name, value in values.items()
            }
        )


@dataclass(frozen=True)
class EvaluationInput:
    """Predictions of N persons with K joints each, beside the truth.

    Attributes:
        scores: (N, K) scores by name, of any range, higher is surer.
        keypoints: (N, K, 2) predicted points in pixels of the image.
        truth: The N persons that were predicted, in the same order.
        everyone: All annotated persons of the images, for joints placed on
            somebody else; the N persons where nobody else is known.
        notes: What a reader of the report should know.

    Raises:
        ValueError: If there is no person, no score or no labeled joint, if
            shapes do not fit, or if a point or score of a labeled joint is
            NaN or infinite.
    """

    scores: dict[str, Floats]
    keypoints: Floats
    truth: GroundTruth
    everyone: GroundTruth = None  # type: ignore[assignment]
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Check everything once, so that nothing below has to."""
        if self.everyone is None:
            object.__setattr__(self, 'everyone', self.truth)
        _check_shapes(self)
        _check_finite(self)

    @cached_property
    def errors(self) -> Floats:
        """(N, K) errors in units of person size."""
        return joint_errors(
            self.keypoints, self.truth.keypoints, self.truth.sizes
        )

    @cached_property
    def similarity(self) -> Floats:
        """(N, K) keypoint similarities to the truth in [0, 1].

        Raises:
            ValueError: If an area is unknown or the joints are not COCO's.
        """
        if why := self.no_similarity:
            raise ValueError(f'keypoint similarity: {why}.')
        return keypoint_similarity(
            self.keypoints, self.truth.keypoints, self.truth.areas
        )

    @property
    def no_similarity(self) -> str:
        """Why there is no keypoint similarity, empty where there is."""
        count = self.keypoints.shape[1]
        if count != len(COCO_SIGMAS):
            return f'expected the 17 joints of COCO, found {count}'
        for people in (self.truth, self.everyone):
            areas = people.areas
            if areas is None or not (areas > 0).all():
                return (
                    "expected the 'area' of every person, found some without"
                )
        return ''

    def correct(
        self, dist_thr: float = PCK_THRESHOLD, criterion: Criterion = 'bbox'
    ) -> Mask:
        """Tell which joints are right.

        Args:
            dist_thr: Largest error of a right joint in units of person size;
                for 'bbox'.
            criterion: 'bbox': the error is at most ``dist_thr``; 'oks': the
                keypoint similarity of COCO is at least 0.5.

        Returns:
            (N, K) bool; it means nothing for joints without a label.

        Raises:
            ValueError: If the criterion is unknown or cannot be computed.
        """
        check_criterion(criterion)
        if criterion == 'oks':
            return self.similarity >= SIMILARITY_THR
        return is_correct(self.errors, dist_thr)


def check_criterion(criterion: str) -> None:
    """Raise unless there is such a criterion.

    Args:
        criterion: Its name.

    Raises:
        ValueError: If there is none of this name.
    """
    known = get_args(Criterion)
    if criterion not in known:
        raise ValueError(
            f'criterion: expected one of {", ".join(known)}, found '
            f'{criterion!r}; choose one of them.'
        )


def _check_shapes(joints: EvaluationInput) -> None:
    shape = joints.keypoints.shape
    if len(shape) != 3 or shape[2] != 2 or 0 in shape:
        raise ValueError(
            'predicted keypoints: expected shape (N, K, 2) with at least one '
            f'person, found {shape}; give predictions of at least one person.'
        )
    if not joints.scores:
        raise ValueError(
            'scores: expected at least one score per joint, found none; keep '
            'keypoint_scores in the predictions.'
        )
    expected = shape[:2]
    shapes = {
        'true keypoints': joints.truth.keypoints.shape[:2],
        'labeled': joints.truth.labeled.shape,
        **{name: value.shape for name, value in joints.scores.items()},
    }
    for name, found in shapes.items():
        if found != expected:
            raise ValueError(
                f'{name}: expected the shape (N, K) of the predicted '
                f'keypoints {expected}, found {found}; each prediction must '
                'belong to one annotated person.'
            )


def _check_finite(joints: EvaluationInput) -> None:
    labeled = joints.truth.labeled
    if not labeled.any():
        raise ValueError(
            f'expected labeled joints, found none in {len(labeled)} '
            'persons; check that the annotations hold keypoints with '
            'visibility above 0.'
        )
    values = {
        'predicted keypoints': joints.keypoints,
        'true keypoints': joints.truth.keypoints,
        **joints.scores,
    }
    for name, value in values.items():
        bad = ~np.isfinite(value[labeled])
        if bad.any():
            person = np.argwhere(labeled)[bad.reshape(len(bad), -1).any(1)][0]
            raise ValueError(
                f'{name}: expected finite values, found {bad.sum()} NaN or '
                'infinite at labeled joints, first at person '
                f'{joints.truth.person_ids[person[0]]}; correct what wrote '
                'them.'
            )
