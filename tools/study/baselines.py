"""Baselines: classical learners on scores and geometry."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from self_verify_pose.models.kinematics.body import load_body
from self_verify_pose.skeleton import JOINTS
from self_verify_pose.tools.study.head_variants import FeatureLayout

Learned = Callable[[NDArray[np.float32]], NDArray[np.float64]]
_MAX_JOINTS = 60_000  # joints that a learner is fitted to

LEARNERS: dict[str, Callable[[], Any]] = {
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


def describe_joints(
    rows: Tensor, raw: Tensor, layout: FeatureLayout
) -> NDArray[np.float32]:
    """Describe each keypoint by the scores and the geometry of its person.

    Args:
        rows: ``(N, D)`` packed features; the feature maps are not used.
        raw: ``(N, K)`` raw scores.
        layout: What the features consist of.

    Returns:
        ``(N, K, F)``: the keypoint's own scalar features, its index as a
        one-hot vector, and of all keypoints the raw scores, the positions in
        person sizes and, of those of COCO, the lengths of the bones.
    """
    scalars = layout.unpack(rows)[0].scalar_features.numpy()
    count, joints, _ = scalars.shape
    places = scalars[..., layout.columns(('x_from_mean', 'y_from_mean'))]
    person = [raw.numpy(), places.reshape(count, -1)]
    if layout.keypoints == JOINTS:
        ends = np.array(load_body().bones)
        bones = places[:, ends[:, 0]] - places[:, ends[:, 1]]
        person.append(np.linalg.norm(bones, axis=-1))
    shared = np.concatenate(person, 1)
    one_hot = np.broadcast_to(np.eye(joints), (count, joints, joints))
    return np.concatenate(
        [scalars, one_hot, np.repeat(shared[:, None], joints, 1)], -1
    ).astype(np.float32)


def fit_learner(
    name: str,
    described: NDArray[np.float32],
    correct: NDArray[np.bool_],
    has_label: NDArray[np.bool_],
    seed: int,
) -> Learned:
    """Fit a learner to labeled keypoints.

    Args:
        name: One of ``LEARNERS``.
        described: ``(N, K, F)`` result of :func:`describe_joints`.
        correct: ``(N, K)`` whether each keypoint is correct.
        has_label: ``(N, K)`` whether that is labeled.
        seed: Seed of the subset where there are too many keypoints.

    Returns:
        A function from descriptions to ``(N, K)`` probabilities of being
        correct.

    Raises:
        ValueError: If all keypoints are correct, or all wrong.
    """
    inputs, targets = described[has_label], correct[has_label]
    if len(np.unique(targets)) < 2:
        raise ValueError(
            '--train: expected correct and wrong keypoints, found '
            f'{targets.sum()} correct of {len(targets)}; give other images, '
            'or a pose network that suits them'
        )
    if len(inputs) > _MAX_JOINTS:
        rows = np.random.default_rng(seed).choice(
            len(inputs), _MAX_JOINTS, replace=False
        )
        inputs, targets = inputs[rows], targets[rows]
    learner = LEARNERS[name]().fit(inputs, targets)

    def predict(rows: NDArray[np.float32]) -> NDArray[np.float64]:
        flat = rows.reshape(-1, rows.shape[-1])
        return learner.predict_proba(flat)[:, 1].reshape(rows.shape[:2])

    return predict
