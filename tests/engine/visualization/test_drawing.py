import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb

from self_verify_pose.engine.visualization.drawing import (
    LOW_TRUST,
    TRUST_COLORS,
    add_marks_legend,
    away_from_neighbors,
    crop_around,
    draw_pose,
    mark_scales,
    outline_colors,
)
from self_verify_pose.metrics.joint_trust_metric import JointTrustMetric


def test_the_crop_holds_the_padded_box_inside_the_image():
    image = np.arange(100 * 80 * 3).reshape(100, 80, 3)
    crop, corner = crop_around(image, np.array([20.0, 30.0, 40.0, 70.0]))
    assert corner.tolist() == [17, 25]
    assert crop.shape == (50, 26, 3)
    assert (crop == image[25:75, 17:43]).all()


def test_the_crop_of_a_box_outside_the_image_is_not_empty():
    image = np.zeros((50, 50, 3))
    crop, _ = crop_around(image, np.array([-30.0, -30.0, 10.0, 10.0]))
    assert crop.size > 0


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def test_joints_and_limbs_take_the_color_of_their_trust(axes):
    keypoints = np.array([[0.0, 0.0], [5.0, 5.0], [9.0, 2.0]])
    trust = np.array([0.1, 0.9, 0.5])
    draw_pose(axes, keypoints, trust, [(0, 1), (1, 2)])
    colors = axes.collections[0].get_facecolors()
    np.testing.assert_allclose(colors, TRUST_COLORS.to_rgba(trust))
    limbs = [line for line in axes.lines if line.get_linewidth() == 2]
    np.testing.assert_allclose(
        [line.get_color() for line in limbs],
        [TRUST_COLORS.to_rgba(0.1), TRUST_COLORS.to_rgba(0.5)],
    )


def test_wrong_joints_are_crossed(axes):
    keypoints = np.array([[0.0, 0.0], [5.0, 5.0]])
    wrong = np.array([False, True])
    draw_pose(axes, keypoints, np.ones(2), [], wrong)
    crosses = axes.collections[-1].get_offsets()
    np.testing.assert_allclose(crosses, keypoints[wrong])


def test_rejected_joints_are_open_rings(axes):
    keypoints = np.array([[0.0, 0.0], [5.0, 5.0]])
    rejected = np.array([False, True])
    trust = np.array([0.9, 0.4])
    draw_pose(axes, keypoints, trust, [], rejected=rejected)
    filled, rings = axes.collections
    np.testing.assert_allclose(filled.get_offsets(), keypoints[~rejected])
    np.testing.assert_allclose(rings.get_offsets(), keypoints[rejected])
    assert rings.get_facecolors()[0, 3] == 0
    np.testing.assert_allclose(
        rings.get_edgecolors(), TRUST_COLORS.to_rgba(trust[rejected])
    )


def test_limbs_of_low_trust_are_dashed(axes):
    keypoints = np.array([[0.0, 0.0], [5.0, 5.0], [9.0, 2.0], [1.0, 3.0]])
    trust = np.array([LOW_TRUST - 0.01, LOW_TRUST, 0.9, np.nan])
    draw_pose(axes, keypoints, trust, [(0, 1), (1, 2)])
    styles = [line.get_linestyle() for line in axes.lines]
    assert styles == ['--', '--', '-', '-']


def test_scores_above_1_have_the_color_of_1(axes):
    draw_pose(axes, np.zeros((2, 2)), np.array([1.0, 1.7]), [])
    one, above = axes.collections[0].get_facecolors()
    np.testing.assert_array_equal(one, above)


def test_outlines_stand_out_from_every_color():
    def luminance(color):
        return np.dot(to_rgb(color), (0.299, 0.587, 0.114))

    for trust in np.linspace(0, 1, 101):
        inside = luminance(TRUST_COLORS.to_rgba(trust)[:3])
        outside = luminance(outline_colors([trust])[0])
        assert abs(inside - outside) > 0.35, trust


def test_numbers_are_those_of_the_joints(axes):
    keypoints = np.array([[0.0, 0.0], [5.0, 5.0], [9.0, 2.0]])
    draw_pose(axes, keypoints, np.array([0.126, 1.0, 1.256]), [], numbers=True)
    assert [text.get_text() for text in axes.texts] == ['.13', '1.00', '1.26']
    np.testing.assert_array_equal([text.xy for text in axes.texts], keypoints)


def test_numbers_are_placed_away_from_neighbors():
    keypoints = np.array([[0.0, 0.0], [4.0, 0.0], [2.0, 3.0], [90.0, 1.0]])
    directions = away_from_neighbors(keypoints)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
    for joint, direction in zip(keypoints, directions, strict=True):
        repulsion = np.zeros(2)
        for other in keypoints:
            if (other != joint).any():
                repulsion += (joint - other) / np.linalg.norm(
                    joint - other
                ) ** 2
        np.testing.assert_allclose(
            direction, repulsion / np.linalg.norm(repulsion)
        )
    assert directions[0][0] < 0 < directions[1][0]
    assert directions[2][1] > 0.9


def test_a_joint_without_repulsion_has_its_number_above():
    one = away_from_neighbors(np.zeros((1, 2)))
    np.testing.assert_array_equal(one, [[0, -1]])
    twins = away_from_neighbors(np.full((2, 2), 7.0))
    np.testing.assert_array_equal(twins, [[0, -1]] * 2)


def test_the_legend_states_the_rule_of_the_metric():
    figure = plt.figure(layout='constrained')
    add_marks_legend(figure, truth=True)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    plt.close(figure)
    assert str(LOW_TRUST) in labels[0]
    assert str(JointTrustMetric().dist_thr) in labels[1]


def test_marks_of_a_body_are_full_even_where_joints_coincide():
    assert (mark_scales(np.zeros((26, 2))) == 1).all()


def test_marks_of_a_face_do_not_cover_each_other():
    body = np.array([[0.0, 0.0], [0.0, 400.0], [200.0, 200.0]])
    x, y = np.divmod(np.arange(60), 10)
    face = np.stack([x, y], 1) * 10 + np.array([80.0, 20.0])
    scales = mark_scales(np.concatenate([body, face]))
    # 0.045 of 400 pixels is the diameter of a full mark
    np.testing.assert_allclose(scales, [1] * 3 + [10 / 18] * 60)
    assert mark_scales(np.zeros((133, 2))).min() == 0.25


def test_numbers_are_written_beside_joints_with_space(axes):
    points = np.zeros((50, 2))
    points[:2] = [[100, 0], [0, 100]]
    draw_pose(axes, points, np.full(50, 0.5), [], numbers=True)
    assert len(axes.texts) == 2
