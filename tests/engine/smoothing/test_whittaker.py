import numpy as np
import pytest

from self_verify_pose.engine.smoothing import smooth_poses, smooth_video


def dense(points, weights, stiffness):
    """The same by the normal equations, one joint."""
    second = np.diff(np.eye(len(points)), 2, axis=0)
    system = np.diag(weights) + stiffness * second.T @ second
    return np.linalg.solve(system, weights[:, None] * points)


@pytest.mark.parametrize('count', [3, 4, 30])
def test_the_normal_equations_are_solved(count):
    rng = np.random.default_rng(0)
    points, trust = rng.normal(size=(count, 2, 2)), rng.random((count, 2))
    found = smooth_poses(points, trust, 2.0, 5.0)
    weights = 1 / (trust + (1 - trust) * 25)
    for joint in range(2):
        expected = dense(points[:, joint], weights[:, joint], 2.0)
        np.testing.assert_allclose(found[:, joint], expected)


def test_constant_velocity_is_kept():
    line = np.arange(20.0)[:, None, None] * (3, -1) + (7, 2)
    np.testing.assert_allclose(smooth_poses(line), line, atol=1e-9)


def test_an_outlier_without_trust_is_replaced():
    line = np.arange(20.0)[:, None, None] * (3, -1)
    wrong, trust = line.copy(), np.ones((20, 1))
    wrong[9], trust[9] = 500, 0
    off = np.abs(smooth_poses(wrong, trust) - line).max()
    assert off < 0.05 * np.abs(smooth_poses(wrong) - line).max()


def test_nothing_is_smoothed_without_stiffness_or_frames():
    points = np.random.default_rng(0).normal(size=(6, 2, 2))
    np.testing.assert_allclose(smooth_poses(points, None, 0.0), points)
    np.testing.assert_array_equal(smooth_poses(points[:2]), points[:2])


@pytest.mark.parametrize(
    ('points', 'trust', 'message'),
    [
        (np.zeros((5, 2)), np.ones((5, 2)), 'found shapes'),
        (np.zeros((5, 2, 2)), np.ones((5, 3)), 'found shapes'),
        (np.full((5, 2, 2), np.nan), None, 'finite pixels'),
        (np.zeros((5, 2, 2)), np.full((5, 2), 1.5), r'in \[0, 1\]'),
        (np.zeros((5, 2, 2)), np.full((5, 2), np.nan), r'in \[0, 1\]'),
    ],
)
def test_wrong_input_is_refused(points, trust, message):
    with pytest.raises(ValueError, match=message):
        smooth_poses(points, trust)


def test_each_person_of_a_video_is_smoothed_alone():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 8, 3, 2))
    trust = rng.random((2, 8, 3))
    boxes = np.array([[0, 0, 10, 10], [90, 0, 99, 10]])
    orders = [[0, 1], [1, 0]] * 4
    found, numbers = smooth_video(
        [boxes[order] for order in orders],
        [np.array([one[t], other[t]])[o] for t, o in enumerate(orders)],
        [trust[:, t][o] for t, o in enumerate(orders)],
    )
    assert [list(n) for n in numbers] == orders
    expected = smooth_poses(one, trust[0]), smooth_poses(other, trust[1])
    for frame, order in enumerate(orders):
        for row, person in enumerate(order):
            np.testing.assert_allclose(
                found[frame][row], expected[person][frame]
            )
