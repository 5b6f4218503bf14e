import numpy as np

from self_verify_pose.datasets.synthetic import draw_scene, preview_sheet
from self_verify_pose.datasets.synthetic.preview import draw_keypoints


def test_keypoints_are_drawn_at_their_positions():
    synthetic = draw_scene(0, 'train', 1)
    bare = draw_scene(0, 'train', 1)
    bare.annotations.clear()
    changed = (draw_keypoints(synthetic) != draw_keypoints(bare)).any(-1)
    assert changed.any()
    visible = 0
    for annotation in synthetic.annotations:
        for x, y, v in np.array(annotation['keypoints']).reshape(-1, 3):
            if v == 2:
                assert changed[round(y * 1.5), round(x * 1.5)]
                visible += 1
    assert visible > 3


def test_sheet_fills_whole_rows():
    images = [draw_scene(0, 'val', index) for index in range(3)]
    one, two = preview_sheet(images[:2], 2), preview_sheet(images, 2)
    assert two.shape == (2 * one.shape[0], one.shape[1], 3)
    assert (two[-one.shape[0] :, one.shape[1] // 2 :] == 255).all()
