"""Predictions beside their truth, drawn at random for tests."""

import numpy as np

from self_verify_pose.metrics.evaluation.evaluation_input import (
    EvaluationInput,
    GroundTruth,
)


def make_joints(persons=12, seed=0, decimals=8, shift=None):
    """Persons of three joints or more whose scores know something.

    Args:
        persons: Number of persons, about two per image.
        seed: Seed of the random numbers.
        decimals: Decimals of the scores; 1 makes ties.
        shift: Error of every joint in person sizes; random by default.
    """
    rng = np.random.default_rng(seed)
    points = rng.uniform(100, 300, (persons, 17, 2))
    corner = rng.uniform(0, 50, (persons, 2))
    boxes = np.hstack([corner, corner + rng.uniform(150, 400, (persons, 2))])
    labeled = rng.random((persons, 17)) < 0.7
    truth = GroundTruth(
        keypoints=points,
        labeled=labeled,
        boxes=boxes,
        image_ids=rng.integers(0, max(persons // 2, 1), persons) * 7 + 3,
        person_ids=np.arange(persons) + 1000,
        occluded=labeled & (rng.random((persons, 17)) < 0.3),
        areas=0.5 * np.prod(boxes[:, 2:] - boxes[:, :2], axis=1),
    )
    errors = rng.exponential(0.05, (persons, 17))
    if shift is not None:
        errors = np.full((persons, 17), shift)
    angle = rng.uniform(0, 2 * np.pi, (persons, 17))
    step = np.stack([np.cos(angle), np.sin(angle)], -1)
    predicted = points + (errors * truth.sizes[:, None])[..., None] * step
    clear = np.exp(-8 * errors)
    scores = {
        name: np.round(
            np.clip(clear + rng.normal(0, noise, clear.shape), 0, 1), decimals
        )
        for name, noise in (('keypoint_scores', 0.3), ('keypoint_trust', 0.1))
    }
    return EvaluationInput(scores, predicted, truth)
