import numpy as np
import pytest
from matplotlib import pyplot as plt

from self_verify_pose.drawing import TRUST_COLORS, crop_around, draw_pose


def test_the_crop_holds_the_padded_box_inside_the_image():
    image = np.arange(100 * 80 * 3).reshape(100, 80, 3)
    cut, corner = crop_around(image, np.array([20.0, 30.0, 40.0, 70.0]))
    assert corner.tolist() == [17, 25]
    assert cut.shape == (50, 26, 3)
    assert (cut == image[25:75, 17:43]).all()


def test_a_box_outside_the_image_still_gives_a_picture():
    image = np.zeros((50, 50, 3))
    cut, _ = crop_around(image, np.array([-30.0, -30.0, 10.0, 10.0]))
    assert cut.size > 0


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def test_joints_and_limbs_take_the_colour_of_their_trust(axes):
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
