"""What tells correct from wrong joints in a file of predictions."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...models.kinematics.body import load_body
from ...models.kinematics.bone_lengths import bone_scores
from ...skeleton import FLIP, NUM_JOINTS
from .persons import Floats, PredictedPersons
from .pose_prior import predict_joints

_FLIP = np.array(FLIP)
# within which two estimators agree, in person sizes
_RADII = (0.025, 0.05, 0.1, 0.2)
_FARTHEST = 1.0  # distance between two predictions that counts

Singles = NDArray[np.float32]
Mask = NDArray[np.bool_]


class Evidence(NamedTuple):
    """Features of the joints of N persons with K joints each.

    What the joints of a person share is stored, and compared with the
    thresholds of trees, once for each person.

    Args:
        own: ``(A, N, K)`` features of each joint.
        shared: ``(B, N)`` features of each person.
    """

    own: Singles
    shared: Singles

    def joined(self, which: Mask) -> Singles:
        """Write the features of some joints as rows.

        Args:
            which: ``(N, K)`` the joints.

        Returns:
            ``(M, A + B)`` features, the own ones first.
        """
        persons = np.nonzero(which)[0]
        return np.vstack([self.own[:, which], self.shared[:, persons]]).T


def joint_evidence(persons: PredictedPersons, logits: Floats) -> Evidence:
    """Describe each joint by itself and by its person.

    Of the joint: score, log odds, rank of its score in the person, place,
    distance to the nearest other joint, and its index. Of the person: the
    scores of all joints, their quantiles and means, the places, size and
    shape of the box. For the 17 joints of COCO also the bone lengths and
    their plausibility, the counterpart on the other side, and the pose
    prior: how far the joint is from where the other joints expect it, and
    how well they know it. With a second estimator, its distance, agreement
    within several radii and score, and the means over the person.

    Args:
        persons: N persons with K joints.
        logits: ``(N, K)`` log odds from :class:`ScoreMap`.

    Returns:
        The features.
    """
    scores = persons.scores.astype(np.float32)
    odds = logits.astype(np.float32)
    points = persons.points.astype(np.float32)
    count, joints = scores.shape
    ordered = np.sort(scores, axis=1)
    own = [
        scores,
        odds,
        _ranks(scores),
        points[..., 0],
        points[..., 1],
        _nearest(points),
        np.broadcast_to(np.arange(joints, dtype=np.float32), scores.shape),
    ]
    width, height = (persons.boxes[:, 2:] - persons.boxes[:, :2]).T
    shared = [
        *scores.T,
        *_quantiles(ordered),
        scores.mean(1),
        odds.mean(1),
        *points.reshape(count, 2 * joints).T,
        np.log(np.maximum(persons.sizes, 1.0)),
        np.arctan2(width, height),
    ]
    if joints == NUM_JOINTS:
        own += _body_evidence(persons, points, scores, odds)
        ends = np.array(load_body().bones)
        shared += [*_lengths(points[:, ends[:, 0]] - points[:, ends[:, 1]]).T]
    if persons.second is not None:
        of_joints, of_persons = _second_evidence(persons)
        own += of_joints
        shared += of_persons
    return Evidence(np.array(own, np.float32), np.array(shared, np.float32))


def _lengths(vectors: Singles) -> Singles:
    return np.sqrt(vectors[..., 0] ** 2 + vectors[..., 1] ** 2)


def _ranks(scores: Singles) -> Singles:
    """(N, K) share of the person's joints with a lower score."""
    count, joints = scores.shape
    places = np.empty(scores.shape, np.float32)
    shares = np.arange(joints, dtype=np.float32) / np.float32(joints)
    places[np.arange(count)[:, None], scores.argsort(1)] = shares
    return places


def _quantiles(ordered: Singles) -> list[Singles]:
    """Smallest value and lower quartiles of ascending rows, (N,) each."""
    places = np.array([0, 0.25, 0.5, 0.75]) * (ordered.shape[1] - 1)
    below = places.astype(int)
    above = np.minimum(below + 1, ordered.shape[1] - 1)
    part = (places - below).astype(np.float32)
    return [
        (1 - p) * ordered[:, b] + p * ordered[:, a]
        for b, a, p in zip(below, above, part, strict=True)
    ]


def _nearest(points: Singles) -> Singles:
    """(N, K) distance to the nearest other joint."""
    x, y = np.ascontiguousarray(points.transpose(2, 1, 0))
    count = len(x)
    nearest = np.full(x.shape, np.inf, np.float32)
    for step in range(1, count // 2 + 1):  # no (N, K, K) array
        other = (np.arange(count) + step) % count
        squared = (x - x[other]) ** 2 + (y - y[other]) ** 2
        np.minimum(nearest, squared, out=nearest)
        nearest[other] = np.minimum(nearest[other], squared)
    return np.sqrt(np.where(np.isfinite(nearest), nearest, 0)).T


def _body_evidence(
    persons: PredictedPersons, points: Singles, scores: Singles, odds: Singles
) -> list[NDArray[np.floating]]:
    """Columns (N, 17) that the body gives."""
    mean, spread = predict_joints(points, 1 / (1 + np.exp(-odds)))
    residual, spread = _lengths(points - mean), _lengths(spread)
    return [
        bone_scores(persons.keypoints),
        residual,
        spread,
        np.sqrt(residual**2 + 4 * spread**2),
        scores[:, _FLIP],
        _lengths(points - points[:, _FLIP]),
    ]


def _second_evidence(
    persons: PredictedPersons,
) -> tuple[list[Singles], list[Singles]]:
    """Columns (N, K) and (N,) of the agreement; 0 where nothing is known."""
    assert persons.second is not None
    points, scores = persons.second
    offset = (points - persons.keypoints).astype(np.float32)
    sizes = np.maximum(persons.sizes, 1.0).astype(np.float32)
    distance = np.minimum(_lengths(offset) / sizes[:, None], _FARTHEST)
    known = np.isfinite(distance) & np.isfinite(scores)
    count = np.maximum(known.sum(1), 1)
    with np.errstate(invalid='ignore'):
        agrees = [(distance <= radius) & known for radius in _RADII]
    own = [
        known.astype(np.float32),
        np.where(known, distance, 0).astype(np.float32),
        *(one.astype(np.float32) for one in agrees),
        np.where(known, scores, 0).astype(np.float32),
    ]
    return own, [(one.sum(1) / count).astype(np.float32) for one in own]
