import numpy as np
import pytest

from self_verify_pose.datasets.synthetic.raster import (
    Capsule,
    Ellipsoid,
    Rectangle,
)
from self_verify_pose.datasets.synthetic.scene import (
    FIRST_OBJECT_LABEL,
    MAX_PERSONS,
    OBJECT_LABELS,
    sample_scene,
)


@pytest.fixture(scope='module')
def scenes():
    return [sample_scene(np.random.default_rng(i)) for i in range(80)]


def test_one_to_four_persons_who_all_stand_on_the_ground(scenes):
    counts = {len(scene.persons) for scene in scenes}
    assert counts == set(range(1, MAX_PERSONS + 1))
    for scene in scenes:
        for person in scene.persons:
            points = np.array(list(person.body.points.values()))
            lowest = (points @ scene.ground.up).min()
            # The soles lie below the lowest named point, the same for all.
            assert lowest == pytest.approx(scene.ground.height, abs=1e-6)


def test_persons_do_not_intersect(scenes):
    for scene in scenes:
        places = [person.body.points['pelvis'] for person in scene.persons]
        for i, first in enumerate(places):
            for second in places[:i]:
                assert np.linalg.norm(first - second) > 0.3


def test_all_turns_occur_and_facing_the_camera_is_most_common(scenes):
    facing = np.array(
        [
            -person.body.frames['pelvis'][2, 2]
            for scene in scenes
            for person in scene.persons
        ]
    )
    assert (facing > 0.5).mean() > 0.35
    assert (facing < -0.5).mean() > 0.1
    assert (np.abs(facing) < 0.5).mean() > 0.1


def test_objects_have_labels_of_objects(scenes):
    labels = np.array([shape.label for s in scenes for shape in s.objects])
    assert len(labels) > 20
    kinds = {type(shape) for scene in scenes for shape in scene.objects}
    assert kinds == {Capsule, Ellipsoid, Rectangle}
    assert labels.min() >= FIRST_OBJECT_LABEL
    assert labels.max() < FIRST_OBJECT_LABEL + OBJECT_LABELS


def test_ground_below_is_on_the_plane(scenes):
    ground = scenes[0].ground
    dropped = ground.below(np.array([0.3, -0.7, 4.0]))
    assert dropped @ ground.up == pytest.approx(ground.height)
