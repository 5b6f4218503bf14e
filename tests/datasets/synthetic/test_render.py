from dataclasses import replace

import numpy as np

from self_verify_pose.datasets.synthetic.body import (
    JOINTS,
    KEYPOINT_NAMES,
    PROPORTIONS,
    pose_body,
)
from self_verify_pose.datasets.synthetic.outfit import Material, sample_outfit
from self_verify_pose.datasets.synthetic.render import observe, paint
from self_verify_pose.datasets.synthetic.scene import (
    SyntheticPerson,
    sample_scene,
)

K = {name: i for i, name in enumerate(KEYPOINT_NAMES)}


def scene_with(yaw_degrees, **joints):
    """Return a scene with one mean person 4 m away, and nothing else."""
    scene = sample_scene(np.random.default_rng(0))
    angles = np.zeros((len(JOINTS), 3))
    for name, value in joints.items():
        angles[JOINTS.index(name)] = value
    c, s = np.cos(np.deg2rad(yaw_degrees)), np.sin(np.deg2rad(yaw_degrees))
    turn = np.diag([1, -1, -1]) @ [[c, 0, s], [0, 1, 0], [-s, 0, c]]
    ratios = {name: ratio.mean for name, ratio in PROPORTIONS.items()}
    body = pose_body(angles, 1.7, ratios).moved(turn, np.array([0, 0, 4.0]))
    outfit = replace(
        sample_outfit(np.random.default_rng(0)),
        hair='short',
        extra='none',
        girth=1.0,
    )
    camera = replace(
        scene.camera, width=320, height=256, focal=400.0, center=(159.5, 127.5)
    )
    return replace(
        scene,
        camera=camera,
        persons=(SyntheticPerson(body, outfit, 'stand'),),
        objects=(),
    )


def test_front_view_has_the_left_side_at_larger_x_and_shows_the_face():
    view = observe(scene_with(0))
    x, visible = view.keypoints[0, :, 0], view.visibility[0]
    for part in ('eye', 'ear', 'shoulder', 'elbow', 'wrist', 'hip', 'knee'):
        assert x[K[f'left_{part}']] > x[K[f'right_{part}']]
    assert (visible == 2).all()


def test_back_view_is_mirrored_and_hides_the_face():
    view = observe(scene_with(180))
    x, visible = view.keypoints[0, :, 0], view.visibility[0]
    assert x[K['left_shoulder']] < x[K['right_shoulder']]
    assert (visible[[K['nose'], K['left_eye'], K['right_eye']]] == 1).all()
    assert (visible[[K['left_shoulder'], K['right_hip']]] == 2).all()


def test_side_view_hides_the_far_side():
    # turned to the person's own left, the right side faces the camera
    visible = observe(scene_with(90)).visibility[0]
    for part in ('ear', 'shoulder', 'elbow', 'hip', 'knee'):
        assert visible[K[f'right_{part}']] == 2
        assert visible[K[f'left_{part}']] == 1


def test_hand_behind_the_back_is_hidden_by_the_own_body():
    pose = {'left_shoulder': (-30, 0, 70), 'left_elbow': (90, 0, 0)}
    assert observe(scene_with(0, **pose)).visibility[0][K['left_wrist']] == 1
    assert observe(scene_with(180, **pose)).visibility[0][K['left_wrist']] == 2


def test_person_behind_another_is_hidden_and_the_one_in_front_is_not():
    scene = scene_with(0)
    front = scene.persons[0]
    shifted = front.body.moved(np.eye(3), np.array([0, 0, 1.0]))
    both = replace(scene, persons=(front, replace(front, body=shifted)))
    view = observe(both)
    assert (view.visibility[0] == 2).all()
    hips = [K['left_hip'], K['right_hip'], K['nose']]
    assert (view.visibility[1][hips] == 1).all()
    assert set(np.unique(view.owners)) == {0, 1, 2}


def test_the_shirt_has_its_color_and_stripes_darken_it():
    scene = scene_with(0)
    (person,) = scene.persons
    colors = np.full((len(Material), 3), 60.0)
    colors[Material.SHIRT] = (20, 20, 220)
    shirt = observe(scene).buffers.label == 1 + Material.SHIRT
    assert shirt.sum() > 300
    mean = {}
    for stripes in (0, 6):
        outfit = replace(person.outfit, colors=colors, stripes=stripes)
        persons = (replace(person, outfit=outfit),)
        dressed = replace(scene, persons=persons)
        rng = np.random.default_rng(0)
        image = paint(dressed, observe(dressed).buffers, rng)
        mean[stripes] = image[shirt].mean(0)
    assert mean[0][2] > 4 * mean[0][0]
    assert 0.75 < mean[6][2] / mean[0][2] < 0.95


def test_a_person_casts_a_shadow_below_the_feet():
    scene, rng = scene_with(0), np.random.default_rng
    view = observe(scene)
    shown = paint(scene, view.buffers, rng(0)).astype(float)
    alone = paint(replace(scene, persons=()), view.buffers, rng(0))
    darker = (view.owners == 0) & (shown.mean(2) < alone.mean(2) - 3)
    rows, _ = np.nonzero(darker)
    assert len(rows) > 10
    assert rows.min() > view.keypoints[0, K['left_knee'], 1]
