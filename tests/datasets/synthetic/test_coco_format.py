import numpy as np

from self_verify_pose.datasets.synthetic.coco_format import (
    annotate_person,
    assemble,
)


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


def test_a_part_one_pixel_thick_has_a_polygon():
    mask = np.zeros((30, 40), bool)
    mask[3, 4:9] = True
    mask[10:20, 10:20] = True
    points = np.full((17, 2), 12.0)
    annotation = annotate_person(1, 1, mask, points, np.full(17, 2))
    lengths = sorted(len(p) for p in annotation['segmentation'])
    assert lengths == [8, 8]
    assert [4, 3, 9, 3, 9, 4, 4, 4] in annotation['segmentation']


def test_the_file_has_one_category_with_its_skeleton():
    content = assemble([{'id': 7}], [{'id': 9}], 'about')
    (person,) = content['categories']
    assert len(person['keypoints']) == 17
    joints = {joint for bone in person['skeleton'] for joint in bone}
    assert joints == set(range(1, 18))
    assert content['images'] == [{'id': 7}]
    assert content['annotations'] == [{'id': 9}]
    assert content['info']['description'] == 'about'
