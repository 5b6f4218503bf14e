"""Predicted joints with their ground truth: the input of an evaluation."""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ...constants import PCK_THRESHOLD
from ...skeleton import JOINTS, LINKS
from ..functional import is_correct, joint_errors, person_size
from ..functional.similarity import keypoint_similarity

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Criterion = Literal['bbox', 'oks']

# Smallest keypoint similarity of a correct joint under 'oks'
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
        occluded: (N, K) bool, True where a labeled joint is occluded; None
            if unknown.
        areas: (N,) segment areas in square pixels, NaN where unknown; all
            unknown by default.
        joint_names: Names of the K joints; without K names those of COCO
            for 17 joints, else numbers.
        dataset_name: MMPose's name of the data set, where it is known and
            ``joint_names`` were not; else empty.
        limbs: Pairs of joints that a line connects, where the data set names
            them; else empty.

    Example:
        >>> truth = GroundTruth(
        ...     keypoints=np.array([[[20.0, 30], [60, 70]]] * 4),
        ...     labeled=np.ones((4, 2), bool),
        ...     boxes=np.array([[0.0, 0, 100, 100]] * 4),
        ...     image_ids=np.array([6, 7, 8, 9]),
        ...     person_ids=np.array([1, 2, 3, 4]),
        ...     joint_names=('shoulder', 'wrist'),
        ... )
        >>> truth.sizes
        array([100., 100., 100., 100.])
    """

    keypoints: Floats
    labeled: Mask
    boxes: Floats
    image_ids: NDArray[np.generic]
    person_ids: NDArray[np.generic]
    occluded: Mask | None = None
    areas: Floats = None  # type: ignore[assignment]
    joint_names: tuple[str, ...] = ()
    dataset_name: str = ''
    limbs: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        """Fill in the defaults."""
        count = self.keypoints.shape[1]
        if len(self.joint_names) != count:
            numbers = tuple(map(str, range(count)))
            names = JOINTS if count == len(JOINTS) else numbers
            object.__setattr__(self, 'joint_names', names)
        if self.areas is None:
            object.__setattr__(self, 'areas', np.full(len(self), np.nan))

    def __len__(self) -> int:
        """Return the number of persons."""
        return len(self.keypoints)

    @cached_property
    def sizes(self) -> Floats:
        """(N,) longer sides of the boxes in pixels."""
        return person_size(self.boxes)

    @property
    def links(self) -> tuple[tuple[int, int], ...]:
        """The limbs; where unknown those of COCO between its joints."""
        if self.limbs:
            return self.limbs
        at = {name: k for k, name in enumerate(self.joint_names)}
        named = [(JOINTS[a], JOINTS[b]) for a, b in LINKS]
        return tuple((at[a], at[b]) for a, b in named if {a, b} <= at.keys())

    @property
    def no_similarity(self) -> str:
        """Reason why there is no keypoint similarity; empty if there is."""
        if self.joint_names != JOINTS:
            shown = ', '.join(self.joint_names[:3])
            return (
                'expected the 17 joints of COCO, found '
                f'{len(self.joint_names)} ({shown}, …)'
            )
        if not (self.areas > 0).all():
            return "expected the 'area' of every person, found some without"
        return ''

    def take(self, rows: NDArray[np.generic]) -> 'GroundTruth':
        """Select some of the persons.

        Args:
            rows: (M,) positions, or an (N,) mask.

        Returns:
            The selected persons.
        """
        selected: dict[str, Any] = {
            f.name: value[rows]
            for f in fields(self)
            if isinstance(value := getattr(self, f.name), np.ndarray)
        }
        return replace(self, **selected)


@dataclass(frozen=True)
class EvaluationInput:
    """Predictions of N persons with K joints each and their ground truth.

    Attributes:
        scores: (N, K) scores by name, of any range, higher means more certain.
        keypoints: (N, K, 2) predicted points in pixels of the image.
        truth: The N persons that were predicted, in the same order.
        everyone: All annotated persons of the images, to find joints
            predicted on another person; by default the N persons.
        notes: Remarks to be printed in the report.
        predicted_boxes: (N, 4) boxes (x1, y1, x2, y2) in pixels that came
            with the predictions; None if there were none.

    Raises:
        ValueError: If there is no person, no score or no labeled joint, if
            shapes do not fit, or if a point or score of a labeled joint is
            NaN or infinite.

    Example:
        With the ``truth`` of :class:`GroundTruth`:

        >>> off = np.array([[0.0, 3], [1, 30], [2, 1], [40, 2]])  # in pixels
        >>> raw = np.array([[0.9, 0.8], [0.7, 0.6], [0.8, 0.5], [0.4, 0.9]])
        >>> trust = np.array([[0.9, 0.8], [0.9, 0.1], [0.7, 0.8], [0.2, 0.6]])
        >>> joints = EvaluationInput(
        ...     scores={'keypoint_scores': raw, 'keypoint_trust': trust},
        ...     keypoints=truth.keypoints + off[..., None] * (1, 0),
        ...     truth=truth,
        ... )
        >>> joints.correct()
        array([[ True,  True],
               [ True, False],
               [ True,  True],
               [False,  True]])
    """

    scores: dict[str, Floats]
    keypoints: Floats
    truth: GroundTruth
    everyone: GroundTruth = None  # type: ignore[assignment]
    notes: tuple[str, ...] = ()
    predicted_boxes: Floats | None = None

    def __post_init__(self) -> None:
        """Fill in the default and check shapes and values."""
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
        if reason := self.no_similarity:
            raise ValueError(
                f'keypoint similarity: {reason}; choose the criterion bbox.'
            )
        return keypoint_similarity(
            self.keypoints, self.truth.keypoints, self.truth.areas
        )

    @property
    def no_similarity(self) -> str:
        """Reason why there is no keypoint similarity; empty if there is."""
        return self.truth.no_similarity or self.everyone.no_similarity

    def correct(
        self, dist_thr: float = PCK_THRESHOLD, criterion: Criterion = 'bbox'
    ) -> Mask:
        """Apply the rule for correct joints.

        Args:
            dist_thr: Largest error of a correct joint in units of person
                size; for 'bbox'.
            criterion: 'bbox': the error is at most ``dist_thr``; 'oks': the
                keypoint similarity of COCO is at least 0.5.

        Returns:
            (N, K) bool; arbitrary for joints without a label.

        Raises:
            ValueError: If the criterion is unknown or cannot be computed.
        """
        names = get_args(Criterion)
        if criterion not in names:
            raise ValueError(
                f'criterion: expected one of {", ".join(names)}, found '
                f'{criterion!r}; choose one of them.'
            )
        if criterion == 'oks':
            return self.similarity >= SIMILARITY_THR
        return is_correct(self.errors, dist_thr)


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
    for name, shape in shapes.items():
        if shape != expected:
            raise ValueError(
                f'{name}: expected the shape (N, K) of the predicted '
                f'keypoints {expected}, found {shape}; each prediction must '
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
