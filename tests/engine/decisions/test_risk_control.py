"""Thresholds that keep a risk."""

import numpy as np
import pytest
from mapie.risk_control.methods import compute_hoeffding_bentkus_p_value

from self_verify_pose.engine.decisions.risk_control import (
    LabeledScores,
    betting_p_values,
    choose_threshold,
    count_kept,
    fewest_images,
    wrong_share,
)


def draw_joints(images, seed, per_image=8):
    """Calibrated scores; the joints of an image share their difficulty."""
    rng = np.random.default_rng(seed)
    easy = rng.normal(1.5, 1, (images, 1))
    logits = easy + rng.normal(0, 1.5, (images, per_image))
    scores = 1 / (1 + np.exp(-logits))
    correct = rng.random(scores.shape) < scores
    names = np.repeat(np.arange(images), per_image)
    return LabeledScores(scores.ravel(), correct.ravel(), names)


def test_counts_are_those_of_a_plain_loop():
    joints = draw_joints(5, 0)
    grid = np.array([0.9, 0.7, joints.scores[3], 0.1])
    grid = np.sort(grid)[::-1]
    kept, wrong = count_kept(joints, grid)
    for column, threshold in enumerate(grid):
        for image in range(5):
            mine = (joints.images == image) & (joints.scores >= threshold)
            assert kept[image, column] == mine.sum()
            assert wrong[image, column] == (mine & ~joints.correct).sum()


def test_the_share_of_single_persons_is_the_plain_one():
    joints = draw_joints(30, 1)
    kept = joints.scores >= 0.6
    expected = (~joints.correct[kept]).mean()
    assert wrong_share(joints, 0.6, 8) == pytest.approx(expected)
    assert wrong_share(joints, 2.0, 8) == 0


def test_p_values_are_valid_and_smaller_than_those_of_hoeffding_bentkus():
    rng = np.random.default_rng(0)
    at_risk = rng.beta(0.2, 1.8, (100, 2000))  # their mean is .1
    assert (betting_p_values(at_risk, 0.1) <= 0.1).mean() <= 0.1
    below = rng.beta(0.1, 1.9, (100, 200))
    ours = betting_p_values(below, 0.1)
    theirs = compute_hoeffding_bentkus_p_value(below.mean(0), 100, 0.1)[:, 0]
    assert (ours <= 0.1).mean() > (theirs <= 0.1).mean() + 0.2


def test_too_few_images_say_so():
    few = fewest_images(0.1, 0.9) - 1
    found = choose_threshold(draw_joints(few, 0), 0.1, 0.9)
    assert found.threshold is None
    assert found.reason.startswith(f'too few labels: {few} images')
    assert (found.images, found.joints) == (few, 8 * few)


def test_scores_that_tell_nothing_get_no_threshold():
    joints = draw_joints(100, 0)
    noise = np.random.default_rng(1).random(len(joints.scores))
    found = choose_threshold(joints._replace(scores=noise), 0.05, 0.9)
    assert found.threshold is None
    assert 'no threshold' in found.reason


def test_the_promise_is_broken_no_more_often_than_stated():
    everyone = draw_joints(4000, 0)
    shares = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        images = rng.choice(4000, 150, replace=False)
        known = everyone.take(np.isin(everyone.images, images))
        found = choose_threshold(known, 0.1, 0.9, 2, seed)
        if found.threshold is not None:
            shares.append(wrong_share(everyone, found.threshold, 2))
    assert len(shares) > 30
    assert (np.array(shares) > 0.1).mean() <= 0.1 + 2 * 0.04


def test_scores_of_any_range_give_the_same_decision():
    joints = draw_joints(150, 3)
    found = choose_threshold(joints, 0.1, 0.9, 2)
    other = choose_threshold(
        joints._replace(scores=100 * joints.scores - 7), 0.1, 0.9, 2
    )
    assert other.threshold == pytest.approx(100 * found.threshold - 7)
    assert other.kept == found.kept
    assert 0 < found.kept < 1
    assert found.wrong < 0.1
