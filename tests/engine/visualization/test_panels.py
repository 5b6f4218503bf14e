import cv2
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from self_verify_pose.engine.visualization.drawing import TRUST_COLORS
from self_verify_pose.engine.visualization.panels import (
    SideBySideFigure,
    draw_contact_sheet,
    draw_poses,
    draw_validation_panel,
)
from self_verify_pose.engine.visualization.predicted_pose import PredictedPose

LINKS = [(0, 1), (1, 2)]


FIELDS = ('keypoint_trust', 'keypoint_scores')


def pose(size=200.0, wrong=(False,) * 3, path='', fields=FIELDS):
    keypoints = np.array([[0.0, 0.0], [0.5, 1.0], [1.0, 0.2]]) * size + 10
    scores = dict(zip(FIELDS, ([0.1, 0.8, 0.9], [0.3, 0.4, 1.4]), strict=True))
    return PredictedPose(
        keypoints,
        {name: np.array(scores[name]) for name in fields},
        np.array([10.0, 10.0, 10 + size, 10 + size]),
        np.array([True, True, False]),
        np.array(wrong),
        str(path),
    )


def image(height=300, width=260):
    return np.full((height, width, 3), 90, np.uint8)


@pytest.fixture
def axes():
    figure = Figure((4, 4), dpi=100)
    FigureCanvasAgg(figure)
    return figure.subplots()


@pytest.mark.parametrize('field', FIELDS)
def test_the_chosen_values_color_the_joints(axes, field):
    draw_poses(axes, image(), [pose()], LINKS, field, 'title')
    np.testing.assert_allclose(
        axes.collections[0].get_facecolors(),
        TRUST_COLORS.to_rgba(pose().scores[field]),
    )
    assert axes.get_title() == 'title'


def test_drawing_again_replaces_the_content(axes):
    for _ in range(2):
        draw_poses(axes, image(), [pose(), pose()], LINKS, FIELDS[0], '')
        assert len(axes.images) == 1
        assert len(axes.collections) == 2
        # pixel centers are integers, y is down
        assert axes.get_xlim() == (-0.5, 259.5)
        assert axes.get_ylim() == (299.5, -0.5)


def test_marks_shrink_with_the_person_and_numbers_go(axes):
    def drawn(size):
        draw_poses(
            axes, image(), [pose(size)], LINKS, FIELDS[0], '', numbers=True
        )
        return axes.collections[0].get_sizes()[0], len(axes.texts)

    (large, all_numbers), (small, no_numbers) = drawn(230.0), drawn(30.0)
    assert small < large / 2
    assert (all_numbers, no_numbers) == (3, 0)


@pytest.mark.parametrize('shape', [(300, 260), (40, 400), (401, 33)])
def test_frames_of_a_video_have_one_even_size(shape):
    figure = SideBySideFigure(*shape, LINKS)
    first = figure.draw(image(*shape), [pose()])
    second = figure.draw(image(*shape) // 2, [])
    assert first.dtype == np.uint8
    assert first.shape == second.shape
    assert first.shape[2] == 3
    assert not (np.array(first.shape[:2]) % 2).any()
    assert (first != second).any()


def test_trust_stands_beside_the_raw_score():
    figure = SideBySideFigure(300, 260, LINKS, truth=True)
    wrong = (True, False, False)
    drawn = figure.draw(image(), [pose(wrong=wrong)])
    titles = [axes.get_title() for axes in figure.panels]
    assert titles == ['trust', 'raw score']
    for axes, field in zip(figure.panels, FIELDS, strict=True):
        np.testing.assert_allclose(
            axes.collections[0].get_facecolors(),
            TRUST_COLORS.to_rgba(pose().scores[field]),
        )
        assert len(axes.collections[1].get_offsets()) == 1
    # nothing is cut off: the margin is white
    margin = np.concatenate([drawn[:2].ravel(), drawn[:, -2:].ravel()])
    assert (margin == 255).all()


@pytest.fixture
def poses(tmp_path):
    """Return poses of four images of different colors."""
    made = []
    for number in range(4):
        path = tmp_path / f'{number}.png'
        color = np.random.default_rng(number).integers(0, 255, 3)
        cv2.imwrite(str(path), np.full((220, 220, 3), color, np.uint8))
        made.append(pose(wrong=(False, True, False), path=path))
    return made


def test_a_contact_sheet_shows_every_person_twice(poses):
    title = 'a title that is longer than one line of it: ' + 60 * 'four '
    figure = draw_contact_sheet(poses, LINKS, title)
    figure.canvas.draw()
    titles = [axes.get_title() for axes in figure.axes if axes.images]
    # Brier scores of the first two joints, the second is wrong
    expected = [((1 - 0.1) ** 2 + 0.8**2) / 2, ((1 - 0.3) ** 2 + 0.4**2) / 2]
    assert titles == 4 * [
        f'trust, Brier {expected[0]:.2f}',
        f'raw score, Brier {expected[1]:.2f}',
    ]
    names = [text.get_text() for text in figure.findobj(Text)]
    assert all(f'{n}.png: 1 of 2 wrong' in names for n in range(4))
    assert figure.get_suptitle().split() == title.split()
    drawn = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    assert (drawn[:, [0, 1, -2, -1]] == 255).all()  # nothing is cut off


def test_a_validation_panel_shows_every_person_and_score(poses):
    drawn = draw_validation_panel(poses[:2], LINKS)
    assert drawn.dtype == np.uint8
    for person in poses[:2]:
        (color,) = np.unique(
            cv2.imread(person.image_path).reshape(-1, 3), axis=0
        )
        rows, columns = np.nonzero((drawn[..., ::-1] == color).all(-1))
        # trust above, raw score below, one column
        assert rows.min() < 0.2 * len(drawn)
        assert rows.max() > 0.8 * len(drawn)
        assert np.ptp(columns) < 0.5 * drawn.shape[1]
    alone = pose(path=poses[0].image_path, fields=FIELDS[1:])
    single = draw_validation_panel([alone], LINKS)
    assert len(single) < 0.6 * len(drawn)
    assert single.shape[1] < drawn.shape[1]
