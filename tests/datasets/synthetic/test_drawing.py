import time
from dataclasses import replace

import cv2
import numpy as np
import pytest

from self_verify_pose.datasets.synthetic import draw_scene
from self_verify_pose.datasets.synthetic.body import (
    JOINTS,
    KEYPOINT_NAMES,
    LIMITS,
    PROPORTIONS,
    pose_body,
)
from self_verify_pose.datasets.synthetic.coco_format import annotate_person
from self_verify_pose.datasets.synthetic.outfit import sample_outfit
from self_verify_pose.datasets.synthetic.render import observe
from self_verify_pose.datasets.synthetic.scene import Person, sample_scene

K = {name: i for i, name in enumerate(KEYPOINT_NAMES)}


@pytest.fixture(scope='module')
def drawings():
    return [draw_scene(7, 'train', index) for index in range(40)]


def triples(annotation):
    return np.array(annotation['keypoints']).reshape(17, 3)


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
    empty = type(scene.objects)(*(field[:0] for field in scene.objects))
    camera = replace(
        scene.camera, width=320, height=256, focal=400.0, center=(159.5, 127.5)
    )
    return replace(
        scene,
        camera=camera,
        people=(Person(body, outfit, angles),),
        objects=empty,
        boxes=(),
    )


def test_same_arguments_give_the_same_image_and_others_another():
    first, again = draw_scene(3, 'val', 5), draw_scene(3, 'val', 5)
    np.testing.assert_array_equal(first.image, again.image)
    assert first.annotations == again.annotations
    for other in (
        draw_scene(4, 'val', 5),
        draw_scene(3, 'train', 5),
        draw_scene(3, 'val', 6),
    ):
        assert (
            other.image.shape != first.image.shape
            or (other.image != first.image).mean() > 0.5
        )


def test_projected_joints_are_the_keypoints(drawings):
    for drawing in drawings:
        projected = drawing.camera.project(drawing.joints)
        for points, annotation in zip(
            projected, drawing.annotations, strict=True
        ):
            labeled = triples(annotation)[:, 2] > 0
            np.testing.assert_allclose(
                triples(annotation)[labeled, :2], points[labeled], atol=1e-3
            )


def test_joints_outside_the_image_are_zero_and_all_others_inside(drawings):
    outside = 0
    for drawing in drawings:
        height, width = drawing.image.shape[:2]
        projected = drawing.camera.project(drawing.joints)
        for points, annotation in zip(
            projected, drawing.annotations, strict=True
        ):
            x, y, visible = triples(annotation).T
            inside = (
                (points > -0.5) & (points < (width - 0.5, height - 0.5))
            ).all(1)
            np.testing.assert_array_equal(visible > 0, inside)
            assert not x[~inside].any()
            assert not y[~inside].any()
            outside += (~inside).sum()
            assert annotation['num_keypoints'] == inside.sum()
    assert outside > 0


def test_saved_elbow_and_knee_angles_are_inside_the_limits(drawings):
    hinges = {
        'elbow': ('shoulder', 'elbow', 'wrist'),
        'knee': ('hip', 'knee', 'ankle'),
    }
    for joints in np.concatenate([d.joints for d in drawings]):
        for name, parts in hinges.items():
            for side in ('left', 'right'):
                a, b, c = (joints[K[f'{side}_{part}']] for part in parts)
                cosine = (b - a) @ (c - b)
                cosine /= np.linalg.norm(b - a) * np.linalg.norm(c - b)
                bend = np.rad2deg(np.arccos(np.clip(cosine, -1, 1)))
                limit = LIMITS[JOINTS.index(f'{side}_{name}'), 0, 1]
                assert bend <= limit + 1e-6


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
    # Turned to the person's own left, the right side faces the camera.
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
    front = scene.people[0]
    shifted = front.body.moved(np.eye(3), np.array([0, 0, 1.0]))
    both = replace(scene, people=(front, replace(front, body=shifted)))
    view = observe(both)
    assert (view.visibility[0] == 2).all()
    hips = [K['left_hip'], K['right_hip'], K['nose']]
    assert (view.visibility[1][hips] == 1).all()
    assert set(np.unique(view.owners)) == {0, 1, 2}


def test_boxes_areas_and_polygons_fit_what_was_drawn(drawings):
    for drawing in drawings:
        shape = drawing.image.shape[:2]
        for annotation in drawing.annotations:
            x, y, w, h = annotation['bbox']
            assert 0 <= x < x + w <= shape[1]
            assert 0 <= y < y + h <= shape[0]
            mask = np.zeros(shape, np.uint8)
            for polygon in annotation['segmentation']:
                corners = np.array(polygon).reshape(-1, 2)
                cv2.fillPoly(mask, [corners], 1)
            found = cv2.boundingRect(mask)
            np.testing.assert_allclose(found, (x, y, w, h), atol=1)
            # Holes are filled in the polygon only.
            assert 0.97 < mask.sum() / annotation['area'] < 1.35
            assert annotation['iscrowd'] == 0
            assert annotation['category_id'] == 1


def test_mask_area_and_box_are_exact():
    mask = np.zeros((30, 40), bool)
    mask[5:15, 10:30] = True
    mask[8:10, 12:14] = False
    points, visible = (
        np.full((17, 2), 12.34567),
        np.repeat([2, 1, 0], (9, 4, 4)),
    )
    annotation = annotate_person(9, 3, mask, points, visible)
    assert annotation['bbox'] == [10, 5, 20, 10]
    assert annotation['area'] == 196
    assert annotation['num_keypoints'] == 13
    assert annotation['keypoints'][:3] == [12.346, 12.346, 2]
    assert annotation['keypoints'][-3:] == [0, 0, 0]
    assert len(annotation['segmentation']) == 1


def test_people_are_of_useful_size_and_number(drawings):
    boxes = np.array(
        [a['bbox'] for d in drawings for a in d.annotations], dtype=float
    )
    assert 80 < np.median(boxes[:, 3]) < 220
    counts = {len(d.annotations) for d in drawings}
    assert counts >= {1, 2, 3}
    assert max(counts) <= 4
    codes = np.concatenate(
        [triples(a)[:, 2] for d in drawings for a in d.annotations]
    )
    assert all((codes == code).mean() > 0.02 for code in (0, 1, 2))


@pytest.mark.parametrize(
    ('seed', 'split', 'index'),
    [(-1, 'train', 0), (0, 'test', 0), (0, 'val', -1), (0, 'val', 1_000_000)],
)
def test_arguments_out_of_range_are_errors(seed, split, index):
    with pytest.raises(ValueError, match='expected split in'):
        draw_scene(seed, split, index)


@pytest.mark.no_cover
def test_drawing_is_quick():
    start = time.process_time()
    for index in range(20):
        draw_scene(0, 'train', index)
    assert 20 / (time.process_time() - start) > 20
