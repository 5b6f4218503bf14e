import math
from statistics import quantiles

import numpy as np
import pytest

from self_verify_pose.models.kinematics.body import load_body
from self_verify_pose.models.kinematics.bone_lengths import bone_scores
from self_verify_pose.skeleton import JOINTS

REST = np.array(load_body().rest)[:, :2]


def by_loops(points):
    skeleton = load_body()
    ratios = [
        math.dist(points[a], points[b]) / length
        for (a, b), length in zip(
            skeleton.bones, skeleton.lengths, strict=True
        )
    ]
    scale = quantiles(ratios, n=4, method='inclusive')[2]
    scores = []
    for joint in range(17):
        off = [
            abs(math.log(max(ratio / scale, 0.01)))
            for bone, ratio in zip(skeleton.bones, ratios, strict=True)
            if joint in bone
        ]
        scores.append(math.exp(-sum(off) / len(off)))
    return scores


def test_scores_equal_loops_over_the_bones():
    points = 200 * REST + np.random.default_rng(0).normal(0, 15, (5, 17, 2))
    for found, person in zip(bone_scores(points), points, strict=True):
        np.testing.assert_allclose(found, by_loops(person))


def test_place_and_scale_do_not_matter():
    points = 200 * REST + np.random.default_rng(1).normal(0, 15, (3, 17, 2))
    np.testing.assert_allclose(
        bone_scores(3 * points + 40), bone_scores(points)
    )


def test_a_joint_far_off_loses_most():
    points = 200 * np.array(REST)[None]
    before = bone_scores(points)[0]
    wrist = JOINTS.index('left_wrist')
    points[0, wrist] += 150
    after = bone_scores(points)[0]
    assert (before - after).argmax() == wrist


def test_a_collapsed_figure_is_scored_low():
    found = bone_scores(np.zeros((1, 17, 2)))
    assert np.isfinite(found).all()
    assert found.max() < 0.05


def test_other_joints_are_a_clear_error():
    with pytest.raises(ValueError, match=r'\(N, 17, 2\), found \(2, 16, 2\)'):
        bone_scores(np.zeros((2, 16, 2)))
