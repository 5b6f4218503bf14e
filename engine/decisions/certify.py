"""Making of certificates from predictions with labels."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...constants import PCK_THRESHOLD, TRUST
from ...datasets.trust_cache.files import file_sha256
from ...metrics.evaluation.evaluation_input import EvaluationInput
from ...metrics.evaluation.io.coco import read_results
from ...metrics.evaluation.io.dump import predictions_from_dump, read_dump
from ...skeleton import joint_groups
from .certificate import Certificate
from .risk_control import LabeledScores, Threshold, choose_threshold
from .shift_check import MAX_IMAGES

_DIGITS = 5
# An image has full weight from this share of a person's joints on
_FULL_WEIGHT = 0.25


class Promise(NamedTuple):
    """What a certificate is to promise.

    Args:
        risk: Largest share of wrong joints among the kept ones, in (0, 1).
        confidence: Probability with which the promise holds, in (0, 1).
        dist_thr: Largest error of a correct joint in person sizes.
        score: Name of the score.
    """

    risk: float = 0.05
    confidence: float = 0.9
    dist_thr: float = PCK_THRESHOLD
    score: str = TRUST

    def check(self) -> None:
        """Raise unless the numbers are in their ranges.

        Raises:
            ValueError: If one is not.
        """
        for name in ('risk', 'confidence'):
            value = getattr(self, name)
            if not 0 < value < 1:
                raise ValueError(
                    f'{name}: expected a number between 0 and 1, found '
                    f'{value:g}; correct it'
                )
        if not (math.isfinite(self.dist_thr) and self.dist_thr > 0):
            raise ValueError(
                'dist-thr: expected a number above 0, found '
                f'{self.dist_thr:g}; correct it'
            )


def describe_files(**paths: Path) -> dict[str, dict[str, str]]:
    """Name the files behind a certificate.

    Args:
        **paths: The files by their role.

    Returns:
        Name and SHA-256 hash of each.
    """
    return {
        role: {'name': path.name, 'sha256': file_sha256(path)}
        for role, path in paths.items()
    }


def certify(
    predictions: EvaluationInput,
    promise: Promise,
    image_scores: NDArray[np.float64],
    data: Mapping[str, Any],
    seed: int = 0,
) -> Certificate:
    """Choose thresholds for all joints, for groups and for each joint.

    Args:
        predictions: Predictions with labels that the score was not fitted to.
        promise: The guarantee that is wanted.
        image_scores: See :func:`scores_of_images`; of more than 1,000 images
            the certificate keeps as many at random.
        data: Names and hashes of the files, for the certificate.
        seed: Seed of the division of the images.

    Returns:
        The certificate.

    Raises:
        ValueError: If the predictions lack the score.
    """
    promise.check()
    scores = pick_score(predictions.scores, promise.score)
    correct = predictions.correct(promise.dist_thr)
    truth = predictions.truth

    def choose(columns: Sequence[int]) -> Threshold:
        joints = select_joints(
            scores, correct, truth.labeled, truth.image_ids, columns
        )
        full = full_weight(len(columns))
        risk, confidence = promise[:2]
        return choose_threshold(joints, risk, confidence, full, seed)

    names = truth.joint_names
    kept = np.random.default_rng(seed).permutation(image_scores)[:MAX_IMAGES]
    groups = joint_groups(names)
    return Certificate(
        promise.score,
        promise.risk,
        promise.confidence,
        promise.dist_thr,
        names,
        choose(range(len(names))),
        {name: choose(columns) for name, columns in groups.items()},
        {name: choose([k]) for k, name in enumerate(names)},
        len(truth),
        data,
        tuple(map(tuple, np.round(kept, _DIGITS).tolist())),
    )


def full_weight(num_joints: int) -> int:
    """Number of kept joints from which on an image has full weight.

    Args:
        num_joints: Number of joints of a person.

    Returns:
        A quarter of it, rounded up.
    """
    return math.ceil(_FULL_WEIGHT * num_joints)


def select_joints(
    scores: NDArray[np.float64],
    correct: NDArray[np.bool_],
    labeled: NDArray[np.bool_],
    images: NDArray[np.generic],
    columns: Sequence[int] | slice = slice(None),
) -> LabeledScores:
    """Select the labeled joints of some columns.

    Args:
        scores: ``(N, K)`` scores.
        correct: ``(N, K)`` whether each joint is correct.
        labeled: ``(N, K)`` where that is known.
        images: ``(N,)`` image of each person.
        columns: Positions of the joints.

    Returns:
        The labeled joints.
    """
    known = labeled[:, columns]
    images = np.broadcast_to(images[:, None], known.shape)
    return LabeledScores(
        scores[:, columns][known], correct[:, columns][known], images[known]
    )


def pick_score(
    scores: Mapping[str, NDArray[np.float64]], name: str
) -> NDArray[np.float64]:
    """Return a score by its name.

    Args:
        scores: Scores by name.
        name: The name.

    Returns:
        The score.

    Raises:
        ValueError: If it is missing.
    """
    if name not in scores:
        raise ValueError(
            f'score: expected {name}, found predictions with '
            f'{", ".join(scores)}; choose one of these (--score), or add '
            'trust with apply_trust.py'
        )
    return scores[name]


def read_image_scores(path: Path, score: str) -> NDArray[np.float64]:
    """Read predictions and average a score over the persons of each image.

    Args:
        path: A dump of ``mim test`` or results in COCO format; labels are
            not needed.
        score: Name of the score.

    Returns:
        ``(I, K)`` means, in the order in which the images appear.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds no such predictions.
    """
    if path.suffix.lower() in ('.pkl', '.pickle'):
        samples = read_dump(path)
        try:
            predictions = predictions_from_dump(samples)
        except ValueError as error:
            raise ValueError(f'{path}: {error}') from error
    else:
        predictions = read_results(path)
    try:
        values = pick_score(predictions.scores, score)
        return scores_of_images(values, predictions.image_ids)
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from error


def scores_of_images(
    scores: NDArray[np.float64], images: NDArray[np.generic]
) -> NDArray[np.float64]:
    """Average each joint's score over the persons of each image.

    Args:
        scores: ``(N, K)`` scores.
        images: ``(N,)`` image of each person.

    Returns:
        ``(I, K)`` means, in the order in which the images appear.

    Raises:
        ValueError: If a score is NaN or infinite.
    """
    missing = ~np.isfinite(scores).all(1)
    if missing.any():
        raise ValueError(
            f'scores: expected finite ones, found NaN or infinite ones of '
            f'{missing.sum()} of {len(scores)} persons; predict them again'
        )
    _, first, positions = np.unique(
        images, return_index=True, return_inverse=True
    )
    sums = np.zeros((len(first), scores.shape[1]))
    np.add.at(sums, positions, scores)
    means = sums / np.bincount(positions)[:, None]
    return np.asarray(means[np.argsort(first)])
