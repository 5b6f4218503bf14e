import doctest

import numpy as np
import pytest

from self_verify_pose.metrics.functional import (
    correctness,
    is_correct,
    joint_errors,
    person_size,
)


def test_docstring_examples_run():
    result = doctest.testmod(correctness)
    assert result.attempted >= 3
    assert result.failed == 0


def test_person_size_is_the_longer_side():
    boxes = [[0, 0, 30, 10], [5, 5, 15, 45.5]]
    np.testing.assert_array_equal(person_size(boxes), [30, 40.5])


def test_joint_errors_match_plain_loop():
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(0, 500, (5, 17, 2))
    target = rng.uniform(0, 500, (5, 17, 2))
    size = rng.uniform(20, 300, 5)
    errors = joint_errors(keypoints, target, size)
    for i in range(5):
        for k in range(17):
            dx, dy = keypoints[i, k] - target[i, k]
            assert errors[i, k] == pytest.approx(
                (dx * dx + dy * dy) ** 0.5 / size[i]
            )


def test_joint_errors_do_not_change_with_image_scale():
    rng = np.random.default_rng(1)
    keypoints, target = rng.uniform(0, 500, (2, 3, 17, 2))
    boxes = np.array([[0, 0, 10, 80], [5, 5, 100, 40], [1, 2, 3, 4]])
    once = joint_errors(keypoints, target, person_size(boxes))
    twice = joint_errors(2 * keypoints, 2 * target, person_size(2 * boxes))
    np.testing.assert_allclose(once, twice)


def test_threshold_itself_is_correct():
    np.testing.assert_array_equal(
        is_correct([[0.25, 0.2500001]], 0.25), [[True, False]]
    )


@pytest.mark.parametrize(
    'box', [[0, 0, 0, 0], [9, 9, 3, 3], [0, 0, np.nan, 1]]
)
def test_person_size_rejects_bad_box(box):
    with pytest.raises(ValueError, match='finite and positive'):
        person_size([box])


def test_person_size_rejects_wrong_axis():
    with pytest.raises(ValueError, match=r'\(\.\.\., 4\)'):
        person_size(np.ones((2, 5)))


@pytest.mark.parametrize(
    ('keypoints', 'target', 'size', 'match'),
    [
        ((17, 3), (17, 3), (), r'\(\.\.\., K, 2\)'),
        ((1, 17, 2), (1, 16, 2), (1,), 'expected target'),
        ((2, 17, 2), (2, 17, 2), (1,), 'expected target'),
    ],
)
def test_joint_errors_rejects_wrong_shape(keypoints, target, size, match):
    with pytest.raises(ValueError, match=match):
        joint_errors(np.ones(keypoints), np.ones(target), np.ones(size))


def test_joint_errors_rejects_zero_size():
    with pytest.raises(ValueError, match='positive'):
        joint_errors(np.ones((1, 2, 2)), np.ones((1, 2, 2)), [0.0])


@pytest.mark.parametrize('dist_thr', [0, -0.1, np.nan, np.inf])
def test_is_correct_rejects_threshold(dist_thr):
    with pytest.raises(ValueError, match='dist_thr must be a positive'):
        is_correct([0.1], dist_thr)
