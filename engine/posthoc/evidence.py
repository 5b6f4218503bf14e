"""What tells correct from wrong joints in a file of predictions."""

import numpy as np
from numpy.typing import NDArray

from ...models.kinematics.body import load_body
from ...models.kinematics.bone_lengths import bone_scores
from ...skeleton import FLIP, NUM_JOINTS
from .persons import Floats, PredictedPersons
from .pose_prior import predict_joints

_FLIP = np.array(FLIP)

Singles = NDArray[np.float32]


def joint_evidence(persons: PredictedPersons, logits: Floats) -> Singles:
    """Describe each joint by itself and by its person.

    Of the joint: score, log odds, rank of its score in the person, place,
    distance to the nearest other joint, and its index. Of the person: the
    scores of all joints, their quantiles and means, the places, size and
    shape of the box. For the 17 joints of COCO also the bone lengths and
    their plausibility, the counterpart on the other side, and the pose
    prior: how far the joint is from where the other joints expect it, and
    how well they know it.

    Args:
        persons: N persons with K joints.
        logits: ``(N, K)`` log odds from :class:`ScoreMap`.

    Returns:
        ``(N, K, F)`` features.
    """
    scores, points = persons.scores, persons.points
    count, joints = scores.shape
    of_joint = [
        scores,
        logits,
        scores.argsort(1).argsort(1) / joints,
        points[..., 0],
        points[..., 1],
        _nearest(points),
        np.broadcast_to(np.arange(joints), scores.shape),
    ]
    width, height = (persons.boxes[:, 2:] - persons.boxes[:, :2]).T
    of_person = [
        scores,
        np.quantile(scores, [0, 0.25, 0.5, 0.75], axis=1).T,
        scores.mean(1, keepdims=True),
        logits.mean(1, keepdims=True),
        points.reshape(count, 2 * joints),
        np.log(np.maximum(persons.sizes, 1.0))[:, None],
        np.arctan2(width, height)[:, None],
    ]
    if joints == NUM_JOINTS:
        of_joint += _body_evidence(persons, logits)
        ends = np.array(load_body().bones)
        bones = points[:, ends[:, 0]] - points[:, ends[:, 1]]
        of_person.append(np.linalg.norm(bones, axis=-1))
    own = np.stack(of_joint, -1).astype(np.float32)
    shared = np.concatenate(of_person, 1).astype(np.float32)
    shared = np.repeat(shared[:, None], joints, 1)
    return np.concatenate([own, shared], -1)


def _nearest(points: Floats) -> Floats:
    """(N, K) distance to the nearest other joint."""
    count = points.shape[1]
    nearest = np.full(points.shape[:2], np.inf)
    for step in range(1, count):  # no (N, K, K) array
        other = np.roll(points, step, axis=1)
        distance = np.linalg.norm(points - other, axis=-1)
        np.minimum(nearest, distance, out=nearest)
    return np.where(np.isfinite(nearest), nearest, 0.0)


def _body_evidence(persons: PredictedPersons, logits: Floats) -> list[Floats]:
    """Columns (N, 17) that the body gives."""
    points = persons.points
    confidence = 1 / (1 + np.exp(-logits))
    mean, spread = predict_joints(points, confidence)
    residual = np.linalg.norm(points - mean, axis=-1)
    spread = np.linalg.norm(spread, axis=-1)
    return [
        bone_scores(persons.keypoints),
        residual,
        spread,
        np.hypot(residual, 2 * spread),
        persons.scores[:, _FLIP],
        np.linalg.norm(points - points[:, _FLIP], axis=-1),
    ]
