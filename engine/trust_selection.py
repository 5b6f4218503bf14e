"""What is kept of a trust head: decisions on held-out images."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from ..metrics.functional import auroc
from ..models.distributions import log_odds
from ..models.heads.anchor import ONE_DOMAIN, DomainClassifier
from ..models.trust_targets.base import LARGEST_WITHOUT_LABELS

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
# Agreement of views tells less than labels: views agree on wrong keypoints,
# which the residual then learns, too. A head whose gain by agreement was below
# this one ranked joints worse by labels (docs/results.md).
LEAST_GAIN_WITHOUT_LABELS = 0.005
_FOLDS = 4
# inverse strengths of the pull of each keypoint's map to the common one
_FREEDOM = (1e-4, 1e-3, 1e-2, 1e-1)
_COMMON = 1e3  # keeps the common slope and shift free of that pull
_NUM_DRAWS = 100
_ERRORS = 2.0  # standard errors that a gain by labels must exceed
_DOMAIN_FREEDOM = 0.01  # inverse strength of the pull of its weights to 0

Floats = NDArray[np.float64]


class HeldOutJoints(NamedTuple):
    """Scores and targets of the persons of one data set.

    Args:
        free_scores: ``(N, K)`` free scores in [0, 1].
        residuals: ``(N, K)`` residuals of the trust head.
        correct: ``(N, K)`` boolean.
        targets: ``(N, K)`` probability that each keypoint is correct.
        known: ``(N, K)`` boolean, True where the two are known.
        images: ``(N,)`` image of each person.
        domain_features: ``(N, C)``, see ``domain_features`` of
            ``models.heads.trust_features``.
    """

    free_scores: Floats
    residuals: Floats
    correct: NDArray[np.bool_]
    targets: Floats
    known: NDArray[np.bool_]
    images: NDArray[np.int64]
    domain_features: Floats


class Kept(NamedTuple):
    """What is kept of the residual.

    Args:
        shares: Share of the residual for each data set, of ``SHARES``; one
            for all where views evaluate.
        gain: Mean over the data sets of the AUROC of the trust minus that of
            the free score.
        error: Standard error of the gain, by drawing images.
    """

    shares: tuple[float, ...]
    gain: float
    error: float


NOTHING = Kept((0.0,), 0.0, 0.0)


def free_logits(free_scores: Floats) -> Floats:
    """Return the log odds of free scores, bounded as in the trust head.

    Args:
        free_scores: Scores in [0, 1] of any shape.

    Returns:
        Logits of the same shape.
    """
    return np.asarray(log_odds(torch.from_numpy(free_scores)))


def fit_anchor(sets: Sequence[HeldOutJoints]) -> tuple[Floats, Floats]:
    """Calibrate the free score of each keypoint.

    Logistic regression with a slope and a shift for all keypoints, and
    deviations from them for each keypoint whose size cross-validation by
    image chooses. All data sets count the same.

    Args:
        sets: Joints of each data set.

    Returns:
        ``(K,)`` slopes, which are positive, and ``(K,)`` shifts of the log
        odds; ones and zeros where the free score does not tell correct from
        wrong keypoints, or too few images hold known ones.
    """
    count = sets[0].free_scores.shape[1]
    identity = np.ones(count), np.zeros(count)
    parts = [_known_joints(one, index) for index, one in enumerate(sets)]
    logits, targets, joint, image, weights = map(
        np.concatenate, zip(*parts, strict=True)
    )
    if len(np.unique(image)) < _FOLDS or not 0 < targets.mean() < 1:
        return identity
    own = np.eye(count)[joint]
    common = _COMMON * np.column_stack([logits, np.ones(len(logits))])
    inputs = np.column_stack([common, own, own * logits[:, None]])
    # a soft target is a correct and a wrong keypoint with its weights
    both = np.concatenate([targets, 1 - targets]) * np.tile(weights, 2)
    used = both > 0
    rows = np.tile(np.arange(len(logits)), 2)[used]
    labels = np.repeat([1, 0], len(logits))[used]
    data = (inputs[rows], labels, both[used])
    folds = list(GroupKFold(_FOLDS).split(rows, groups=image[rows]))
    if any(len(np.unique(labels[fitted])) < 2 for fitted, _ in folds):
        return identity
    losses = [_held_out_loss(freedom, data, folds) for freedom in _FREEDOM]
    best = _FREEDOM[int(np.argmin(losses))]
    found = _fit(best, *data).coef_[0]
    slopes = _COMMON * found[0] + found[2 + count :]
    shifts = _COMMON * found[1] + found[2 : 2 + count]
    return (slopes, shifts) if (slopes > 0).all() else identity


def _fit(
    freedom: float, inputs: Floats, labels: NDArray, weights: Floats
) -> LogisticRegression:
    model = LogisticRegression(C=freedom, fit_intercept=False, max_iter=1000)
    return model.fit(inputs, labels, sample_weight=weights)


def _held_out_loss(
    freedom: float,
    data: tuple[Floats, NDArray, Floats],
    folds: Sequence[tuple[NDArray, NDArray]],
) -> float:
    """Mean cross-entropy of the folds that a model was not fitted to."""
    found = []
    for fitted, tested in folds:
        model = _fit(freedom, *(values[fitted] for values in data))
        inputs, labels, weights = (values[tested] for values in data)
        found.append(
            log_loss(
                labels,
                model.predict_proba(inputs),
                sample_weight=weights,
                labels=[0, 1],
            )
        )
    return float(np.mean(found))


def _known_joints(
    joints: HeldOutJoints, index: int
) -> tuple[NDArray, NDArray, NDArray, NDArray, NDArray]:
    """Log odds, targets, keypoints, images and weights of known joints."""
    known = joints.known
    images = np.broadcast_to(joints.images[:, None], known.shape)[known]
    count = max(int(known.sum()), 1)
    return (
        free_logits(joints.free_scores[known]),
        joints.targets[known],
        np.nonzero(known)[1],
        images + index * 2**40,  # images of other sets are other images
        np.full(len(images), 1000 / count),
    )


def decide(
    sets: Sequence[HeldOutJoints],
    scale: Floats,
    shift: Floats,
    labels: bool,
    seed: int = 0,
    largest: float = LARGEST_WITHOUT_LABELS,
) -> tuple[Kept, DomainClassifier]:
    """Decide what the anchor of a trust head keeps of the residual.

    Args:
        sets: Joints of each data set; none keep nothing.
        scale: As of :func:`choose_shares`.
        shift: As of :func:`choose_shares`.
        labels: As of :func:`choose_shares`.
        seed: As of :func:`choose_shares`.
        largest: As of :func:`choose_shares`.

    Returns:
        The shares, and the classifier of the data sets that they are of.
    """
    if not sets:
        return NOTHING, ONE_DOMAIN
    kept = choose_shares(sets, scale, shift, labels, seed, largest)
    several = len(kept.shares) > 1
    return kept, fit_domains(sets) if several else ONE_DOMAIN


def choose_shares(
    sets: Sequence[HeldOutJoints],
    scale: Floats,
    shift: Floats,
    labels: bool,
    seed: int = 0,
    largest: float = LARGEST_WITHOUT_LABELS,
) -> Kept:
    """Choose the shares of the residual that rank joints best.

    By labels the share of each data set is the one whose gain over the free
    score, less twice its standard error, is largest. By agreement of views,
    which tells less, one share is chosen for all: no data set loses more
    than its own standard error, and the gain exceeds its error.

    Args:
        sets: Joints of each data set.
        scale: ``(K,)`` slopes of the anchor.
        shift: ``(K,)`` shifts of the anchor.
        labels: Whether ``correct`` is known by labels. By agreement of views
            none is kept whose gain is below ``LEAST_GAIN_WITHOUT_LABELS``.
        seed: Seed of the draws of images.
        largest: Largest share that agreement of views may keep, see
            ``TrustSource.largest_share``.

    Returns:
        The shares, with their gain; 0 where none helps.
    """
    rows = [
        _Gains(one, scale, shift, seed) if _has_auroc(one) else None
        for one in sets
    ]
    if not any(rows):
        return Kept((0.0,) * (len(sets) if labels else 1), 0.0, 0.0)
    if labels:
        return _shares_by_labels(rows)
    return _share_by_agreement([row for row in rows if row], largest)


def _shares_by_labels(rows: Sequence['_Gains | None']) -> Kept:
    shares, gains, errors = [], [], []
    for row in rows:
        if row is None:  # nothing tells whether the residual helps
            shares.append(0.0)
            continue
        found = {share: row.at(share) for share in SHARES[1:]}
        bounds = {
            share: gain - _ERRORS * error
            for share, (gain, error) in found.items()
        }
        best = max(bounds, key=bounds.__getitem__)
        helps = bounds[best] > 0
        gain, error = found[best] if helps else (0.0, 0.0)
        shares.append(best if helps else 0.0)
        gains.append(gain)
        errors.append(error)
    error = float(np.linalg.norm(errors)) / len(errors)
    return Kept(tuple(shares), float(np.mean(gains)), error)


def _share_by_agreement(rows: Sequence['_Gains'], largest: float) -> Kept:
    best = NOTHING
    for share in SHARES[1:]:
        if share > largest:
            break
        found = [row.at(share) for row in rows]
        gain = float(np.mean([gain for gain, _ in found]))
        error = float(np.linalg.norm([error for _, error in found]))
        error /= len(found)
        loses = any(gain < -error for gain, error in found)
        least = max(best.gain, error, LEAST_GAIN_WITHOUT_LABELS)
        if gain > least and not loses:
            best = Kept((share,), gain, error)
    return best


def fit_domains(sets: Sequence[HeldOutJoints]) -> DomainClassifier:
    """Fit the classifier that tells which data set a person resembles.

    Logistic regression; all data sets count the same.

    Args:
        sets: Joints of each data set.

    Returns:
        The classifier, of the features as they are.
    """
    if len(sets) == 1:
        return ONE_DOMAIN
    features = np.concatenate([one.domain_features for one in sets])
    names = np.repeat(range(len(sets)), [len(one.images) for one in sets])
    scaler = StandardScaler().fit(features)
    model = LogisticRegression(
        C=_DOMAIN_FREEDOM, class_weight='balanced', max_iter=1000
    ).fit(scaler.transform(features), names)
    weight, bias = model.coef_ / scaler.scale_, model.intercept_
    bias = bias - weight @ scaler.mean_
    if len(sets) == 2:  # the logit of the second one against the first
        weight = np.concatenate([np.zeros_like(weight), weight])
        bias = np.concatenate([np.zeros_like(bias), bias])
    return DomainClassifier(weight, bias)


def person_shares(
    kept: Kept, domains: DomainClassifier, joints: HeldOutJoints
) -> Floats:
    """Return the share of the residual that prediction keeps of each person.

    Args:
        kept: What is kept.
        domains: The classifier of the data sets.
        joints: Joints of one data set.

    Returns:
        ``(N,)`` shares in [0, 1].
    """
    if len(kept.shares) == 1:
        return np.full(len(joints.images), kept.shares[0])
    scores = joints.domain_features @ domains.weight.T + domains.bias
    return np.asarray(softmax(scores, -1) @ np.array(kept.shares))


def _has_auroc(joints: HeldOutJoints) -> bool:
    """Whether there are correct and wrong joints."""
    correct = joints.correct[joints.known]
    return bool(0 < correct.sum() < correct.size)


class _Gains:
    """AUROC of trust minus that of the free score, in one data set."""

    def __init__(
        self, joints: HeldOutJoints, scale: Floats, shift: Floats, seed: int
    ) -> None:
        known = joints.known
        anchor = scale * free_logits(joints.free_scores) + shift
        self.anchor, self.residual = anchor[known], joints.residuals[known]
        self.correct = joints.correct[known]
        images = np.broadcast_to(joints.images[:, None], known.shape)[known]
        names, self.image = np.unique(images, return_inverse=True)
        draws = np.random.default_rng(seed)
        self.counts = draws.multinomial(
            len(names), np.full(len(names), 1 / len(names)), _NUM_DRAWS
        )

        self.free = self._aurocs(joints.free_scores[known])

    def at(self, share: float) -> tuple[float, float]:
        """Gain of a share, and its standard error."""
        gains = self._aurocs(self.anchor + share * self.residual) - self.free
        return float(gains[0]), float(np.nanstd(gains[1:]))

    def _aurocs(self, scores: Floats) -> Floats:
        """AUROC of all joints, and of each draw of images."""
        weights = [np.ones(len(scores)), *self.counts[:, self.image]]
        return np.array(
            [auroc(scores, self.correct, sample_weight=one) for one in weights]
        )
