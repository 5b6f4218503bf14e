import numpy as np
import pytest

from self_verify_pose.engine.posthoc.persons import PredictedPersons
from self_verify_pose.engine.selection.image_selection import (
    ImageCandidates,
    select_images,
)


def test_persons_of_an_image_are_summed_and_the_worst_gives_the_pose():
    rng = np.random.default_rng(0)
    trust = rng.random((7, 4))
    images = np.array([3, 1, 3, 2, 2, 2, 1])
    points = rng.uniform(0, 50, (7, 4, 2))
    boxes = np.tile([0.0, 0, 50, 40], (7, 1))
    persons = PredictedPersons(points, trust, boxes)
    found = ImageCandidates.of_persons(persons, trust, images)
    assert found.image_ids.tolist() == [1, 2, 3]
    for row, image in enumerate(found.image_ids):
        own = np.flatnonzero(images == image)
        wrong = (1 - trust[own]).sum(1)
        assert found.expected_wrong[row] == pytest.approx(wrong.sum())
        worst = own[wrong.argmax()]
        assert found.worst[row] == worst
        pose = (points[worst] - (25, 20)) / 50
        np.testing.assert_allclose(found.features[row], pose.ravel() / 2)


def test_without_spread_the_most_wrong_images_are_taken():
    expected = np.array([1.0, 5, 3, 5, 4])
    chosen = select_images(expected, np.zeros((5, 2)), 3, 1)
    assert chosen.tolist() == [1, 3, 4]


def test_near_duplicates_are_left_to_others():
    expected = np.array([9.0, 8, 7, 6, 1])
    features = np.array([[0.0], [0.01], [1], [0.5], [90]])
    assert select_images(expected, features, 2, 2).tolist() == [0, 2]
    assert select_images(expected, features, 3, 4 / 3).tolist() == [0, 2, 3]


def test_equal_poses_are_taken_once_each():
    chosen = select_images(np.arange(6.0), np.zeros((6, 2)), 6, 2)
    assert chosen.tolist() == [5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    ('count', 'spread', 'message'),
    [(0, 2, 'expected 1 to 4'), (5, 2, 'found 5'), (2, 0.5, 'at least 1')],
)
def test_impossible_numbers_are_refused(count, spread, message):
    with pytest.raises(ValueError, match=message):
        select_images(np.ones(4), np.zeros((4, 1)), count, spread)
