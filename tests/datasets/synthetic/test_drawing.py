import time

import cv2
import numpy as np
import pytest

from self_verify_pose.datasets.synthetic import draw_scene
from self_verify_pose.datasets.synthetic.body import (
    JOINTS,
    KEYPOINT_NAMES,
    LIMITS,
)

K = {name: i for i, name in enumerate(KEYPOINT_NAMES)}


@pytest.fixture(scope='module')
def images():
    return [draw_scene(7, 'train', index) for index in range(40)]


def triples(annotation):
    return np.array(annotation['keypoints']).reshape(17, 3)


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


def test_projected_joints_are_the_keypoints(images):
    for synthetic in images:
        projected = synthetic.camera.project(synthetic.joints)
        for points, annotation in zip(
            projected, synthetic.annotations, strict=True
        ):
            labeled = triples(annotation)[:, 2] > 0
            np.testing.assert_allclose(
                triples(annotation)[labeled, :2], points[labeled], atol=1e-3
            )


def test_joints_outside_the_image_are_zero_and_all_others_inside(images):
    outside = 0
    for synthetic in images:
        height, width = synthetic.image.shape[:2]
        projected = synthetic.camera.project(synthetic.joints)
        for points, annotation in zip(
            projected, synthetic.annotations, strict=True
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


def test_saved_elbow_and_knee_angles_are_inside_the_limits(images):
    hinges = {
        'elbow': ('shoulder', 'elbow', 'wrist'),
        'knee': ('hip', 'knee', 'ankle'),
    }
    for joints in np.concatenate([d.joints for d in images]):
        for name, parts in hinges.items():
            for side in ('left', 'right'):
                a, b, c = (joints[K[f'{side}_{part}']] for part in parts)
                cosine = (b - a) @ (c - b)
                cosine /= np.linalg.norm(b - a) * np.linalg.norm(c - b)
                bend = np.rad2deg(np.arccos(np.clip(cosine, -1, 1)))
                limit = LIMITS[JOINTS.index(f'{side}_{name}'), 0, 1]
                assert bend <= limit + 1e-6


def test_boxes_areas_and_polygons_agree(images):
    for synthetic in images:
        shape = synthetic.image.shape[:2]
        for annotation in synthetic.annotations:
            x, y, w, h = annotation['bbox']
            assert 0 <= x < x + w <= shape[1]
            assert 0 <= y < y + h <= shape[0]
            mask = np.zeros(shape, np.uint8)
            for polygon in annotation['segmentation']:
                corners = np.array(polygon).reshape(-1, 2)
                cv2.fillPoly(mask, [corners], 1)
            box = cv2.boundingRect(mask)
            np.testing.assert_allclose(box, (x, y, w, h), atol=1)
            # Holes are filled in the polygon only.
            assert 0.97 < mask.sum() / annotation['area'] < 1.35
            assert annotation['iscrowd'] == 0
            assert annotation['category_id'] == 1


def test_persons_are_of_useful_size_and_number(images):
    boxes = np.array(
        [a['bbox'] for d in images for a in d.annotations], dtype=float
    )
    assert 80 < np.median(boxes[:, 3]) < 220
    counts = {len(d.annotations) for d in images}
    assert counts >= {1, 2, 3}
    assert max(counts) <= 4
    codes = np.concatenate(
        [triples(a)[:, 2] for d in images for a in d.annotations]
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
def test_an_image_takes_little_time():
    start = time.process_time()
    for index in range(20):
        draw_scene(0, 'train', index)
    assert 20 / (time.process_time() - start) > 20
