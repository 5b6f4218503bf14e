import numpy as np
import pytest
from matplotlib import colormaps
from mmengine.structures import InstanceData
from mmpose.registry import VISUALIZERS
from mmpose.structures import PoseDataSample

from self_verify_pose.constants import TRUST
from self_verify_pose.engine.visualization.trust_visualizer import (
    add_trust_bar,
)

# two persons of three keypoints
KEYPOINTS = np.array(
    [
        [[20, 20], [60, 20], [60, 60]],
        [[100, 20], [140, 20], [140, 60]],
    ],
    np.float32,
)
VALUES = np.array([[0.9, 0.5, 0.1], [0.2, 0.6, 1.0]], np.float32)
META = {
    'skeleton_links': [(0, 1), (1, 2)],
    'skeleton_link_colors': np.full((2, 3), 255),
    'keypoint_colors': np.full((3, 3), 255),
}


def draw(kind: str, trust=VALUES, **options):
    visualizer = VISUALIZERS.build({'type': kind, 'name': f'{kind}{options}'})
    visualizer.set_dataset_meta(META)
    visualizer.radius, visualizer.line_width = 4, 2
    found = InstanceData(keypoints=KEYPOINTS, keypoint_scores=VALUES)
    if trust is not None:
        found[TRUST] = trust
    image = np.full((90, 160, 3), 128, np.uint8)
    sample = PoseDataSample(pred_instances=found)
    drawn = visualizer.add_datasample(
        *('drawn', image, sample), draw_gt=False, **options
    )
    assert (image == 128).all()
    np.testing.assert_array_equal(
        visualizer.kpt_color, META['keypoint_colors']
    )
    return drawn


def color(trust: float) -> np.ndarray:
    return colormaps['plasma'](np.float32(trust), bytes=True)[:3]


def test_keypoints_and_limbs_have_the_colors_of_trust():
    drawn = draw('TrustVisualizer', kpt_thr=0.0)
    for person in range(2):
        points, trust = KEYPOINTS[person].astype(int), VALUES[person]
        for (x, y), value in zip(points, trust, strict=True):
            np.testing.assert_array_equal(drawn[y, x], color(value))
        for first, second in META['skeleton_links']:
            x, y = (points[first] + points[second]) // 2
            lower = min(trust[first], trust[second])
            np.testing.assert_array_equal(drawn[y, x], color(lower))


def test_the_threshold_is_one_of_trust():
    drawn = draw('TrustVisualizer', kpt_thr=0.3)
    assert (drawn[60, 60] == 128).all()  # trust .1
    assert (drawn[20, 60] == color(0.5)).all()


def test_without_trust_it_draws_as_mmpose_does():
    ours, plain = (
        draw(kind, trust=None)
        for kind in ('TrustVisualizer', 'PoseLocalVisualizer')
    )
    np.testing.assert_array_equal(ours, plain)


def test_another_style_is_refused():
    with pytest.raises(ValueError, match="skeleton_style: expected 'mmpose'"):
        draw('TrustVisualizer', skeleton_style='openpose')


def test_the_scale_goes_from_no_trust_to_full_trust():
    image = np.full((400, 600, 3), 128, np.uint8)
    bar = add_trust_bar(image)[-10, :130]
    np.testing.assert_array_equal(bar[6], color(0))
    np.testing.assert_array_equal(bar[125], color(1))
    small = image[:20, :20]
    np.testing.assert_array_equal(add_trust_bar(small), small)
