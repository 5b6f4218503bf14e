"""Persons of a made-up estimator, whose scores tell little."""

import numpy as np

from self_verify_pose.engine.posthoc.model_choice import (
    CrossValidation,
    fit_map,
)
from self_verify_pose.engine.posthoc.persons import PredictedPersons
from self_verify_pose.engine.posthoc.posthoc_trust import (
    LabeledPersons,
    PosthocTrust,
)


def make_persons(count=60, joints=5, informative=False, seed=0):
    """Make persons whose wrong joints lie at the top of the box.

    Where ``informative``, the score is all that there is to know; otherwise
    it is a random number in [0, 1].
    """
    rng = np.random.default_rng(seed)
    correct = rng.random((count, joints)) < 0.6
    x = rng.uniform(0, 80, (count, joints))
    y = rng.uniform(20, 100, (count, joints))
    scores = rng.random((count, joints))
    if informative:
        scores = (scores + correct) / 2
    else:
        y = np.where(correct, y, rng.uniform(0, 30, y.shape))
    boxes = np.tile([0.0, 0.0, 80.0, 100.0], (count, 1))
    corner = rng.uniform(0, 500, (count, 1, 2))
    keypoints = np.stack([x, y], -1) + corner
    boxes += np.tile(corner[:, 0], 2)
    return LabeledPersons(
        PredictedPersons(keypoints, scores, boxes),
        correct,
        rng.random((count, joints)) < 0.9,
        np.arange(count) // 2,
    )


def map_trust(known):
    """Fit the score map alone, without a choice: in no time."""
    found = CrossValidation(0.5, 0.5, 0.5, 0.0, 0.0)
    return PosthocTrust(
        fit_map(known), 'map', None, 0.0, 1.0, 0.0, False, found
    )
