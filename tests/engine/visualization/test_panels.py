import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from self_verify_pose.engine.visualization.drawing import TRUST_COLORS
from self_verify_pose.engine.visualization.panels import (
    ContactSheetTile,
    Pose,
    SideBySide,
    contact_sheet,
    draw_panel,
)

LINKS = [(0, 1), (1, 2)]


def pose(size=200.0, wrong=None):
    keypoints = np.array([[0.0, 0.0], [0.5, 1.0], [1.0, 0.2]]) * size + 10
    return Pose(
        keypoints, np.array([0.1, 0.8, 0.9]), np.array([0.3, 0.4, 1.4]), wrong
    )


def picture(height=300, width=260):
    return np.full((height, width, 3), 90, np.uint8)


@pytest.fixture
def axes():
    figure = Figure((4, 4), dpi=100)
    FigureCanvasAgg(figure)
    return figure.subplots()


@pytest.mark.parametrize('field', ['trust', 'score'])
def test_the_chosen_values_color_the_joints(axes, field):
    draw_panel(axes, picture(), [pose()], LINKS, field, 'title')
    np.testing.assert_allclose(
        axes.collections[0].get_facecolors(),
        TRUST_COLORS.to_rgba(getattr(pose(), field)),
    )
    assert axes.get_title() == 'title'


def test_drawing_again_replaces_what_was_there(axes):
    for _ in range(2):
        draw_panel(axes, picture(), [pose(), pose()], LINKS, 'trust', '')
        assert len(axes.images) == 1
        assert len(axes.collections) == 2
        # pixel centers are integers, y is down
        assert axes.get_xlim() == (-0.5, 259.5)
        assert axes.get_ylim() == (299.5, -0.5)


def test_marks_shrink_with_the_person_and_numbers_go(axes):
    def drawn(size):
        draw_panel(
            axes, picture(), [pose(size)], LINKS, 'trust', '', numbers=True
        )
        return axes.collections[0].get_sizes()[0], len(axes.texts)

    (large, all_numbers), (small, no_numbers) = drawn(230.0), drawn(30.0)
    assert small < large / 2
    assert (all_numbers, no_numbers) == (3, 0)


@pytest.mark.parametrize('shape', [(300, 260), (40, 400), (401, 33)])
def test_pictures_of_a_video_have_one_even_size(shape):
    painter = SideBySide(*shape, LINKS)
    first = painter.draw(picture(*shape), [pose()])
    second = painter.draw(picture(*shape) // 2, [])
    assert first.dtype == np.uint8
    assert first.shape == second.shape
    assert first.shape[2] == 3
    assert not (np.array(first.shape[:2]) % 2).any()
    assert (first != second).any()


def test_trust_stands_beside_the_raw_score():
    painter = SideBySide(300, 260, LINKS, truth=True)
    wrong = np.array([True, False, False])
    drawn = painter.draw(picture(), [pose(wrong=wrong)])
    titles = [axes.get_title() for axes in painter.panels]
    assert titles == ['trust', 'raw score']
    for axes, field in zip(painter.panels, ('trust', 'score'), strict=True):
        np.testing.assert_allclose(
            axes.collections[0].get_facecolors(),
            TRUST_COLORS.to_rgba(getattr(pose(), field)),
        )
        assert len(axes.collections[1].get_offsets()) == 1
    # nothing is cut off: the margin is white
    margin = np.concatenate([drawn[:2].ravel(), drawn[:, -2:].ravel()])
    assert (margin == 255).all()


def test_a_contact_sheet_shows_every_person_twice():
    wrong = np.array([False, True, False])
    cases = [
        ContactSheetTile(
            picture(), pose(wrong=wrong), f'person {i}', (f't{i}', f's{i}')
        )
        for i in range(4)
    ]
    title = 'a title that is longer than one line of it: ' + 60 * 'four '
    figure = contact_sheet(cases, LINKS, title, columns=3)
    figure.canvas.draw()
    titles = [axes.get_title() for axes in figure.axes if axes.images]
    assert titles == ['t0', 's0', 't1', 's1', 't2', 's2', 't3', 's3']
    assert figure.get_suptitle().split() == title.split()
    drawn = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    assert (drawn[:, [0, 1, -2, -1]] == 255).all()  # nothing is cut off
