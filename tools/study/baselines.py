"""What a user would try first: classical learners on scores and geometry."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from self_verify_pose.models.distributions.simcc import NUM_STATISTICS
from self_verify_pose.models.heads.trust_features import TrustFeatures
from self_verify_pose.models.kinematics.body import load_body

_AXIS_MAXIMA = (4, 4 + NUM_STATISTICS // 2)
_PLACE = slice(NUM_STATISTICS + 2, NUM_STATISTICS + 4)
_MOST = 60_000  # joints that a learner is fitted to

LEARNERS: dict[str, Callable] = {
    'logistic regression': lambda: make_pipeline(
        StandardScaler(), LogisticRegression(C=0.1, max_iter=300)
    ),
    'gradient boosting': lambda: HistGradientBoostingClassifier(
        max_iter=200,
        learning_rate=0.06,
        max_leaf_nodes=15,
        min_samples_leaf=40,
        l2_regularization=5.0,
        random_state=0,
    ),
}


def describe_joints(evidence: TrustFeatures) -> NDArray[np.float32]:
    """Describe each joint by the scores and the geometry of its person.

    Args:
        evidence: What the trust head reads of N persons; its features are
            left out.

    Returns:
        ``(N, K, F)``: the joint's own numbers, which joint it is, and of
        all joints the raw scores, the places in person sizes and the
        lengths of the bones.
    """
    numbers = evidence.numbers.numpy()
    count, joints, _ = numbers.shape
    raw = numbers[..., list(_AXIS_MAXIMA)].min(-1)
    places = numbers[..., _PLACE]
    ends = np.array(load_body().bones)
    bones = np.linalg.norm(
        places[:, ends[:, 0]] - places[:, ends[:, 1]], axis=-1
    )
    person = np.concatenate([raw, places.reshape(count, -1), bones], 1)
    which = np.broadcast_to(np.eye(joints), (count, joints, joints))
    return np.concatenate(
        [numbers, which, np.repeat(person[:, None], joints, 1)], -1
    ).astype(np.float32)


def fit_learner(
    name: str,
    described: NDArray[np.float32],
    right: NDArray[np.bool_],
    known: NDArray[np.bool_],
    seed: int,
) -> Callable[[NDArray[np.float32]], NDArray[np.float64]]:
    """Fit a learner to joints whose truth is known.

    Args:
        name: One of ``LEARNERS``.
        described: ``(N, K, F)`` what :func:`describe_joints` returns.
        right: ``(N, K)`` whether each joint is right.
        known: ``(N, K)`` whether that is known.
        seed: Of the joints that are drawn where there are too many.

    Returns:
        A function from descriptions to ``(N, K)`` chances of being right.
    """
    inputs, targets = described[known], right[known]
    if len(inputs) > _MOST:
        rows = np.random.default_rng(seed).choice(
            len(inputs), _MOST, replace=False
        )
        inputs, targets = inputs[rows], targets[rows]
    learner = LEARNERS[name]().fit(inputs, targets)

    def predict(rows: NDArray[np.float32]) -> NDArray[np.float64]:
        flat = rows.reshape(-1, rows.shape[-1])
        return learner.predict_proba(flat)[:, 1].reshape(rows.shape[:2])

    return predict
