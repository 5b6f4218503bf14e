import numpy as np
import pytest
from helpers import load_config
from mmpose.datasets.transforms import GetBBoxCenterScale

from self_verify_pose.datasets.transforms.shake_box import ShakeBox


def sample(number=7):
    results = {
        'id': number,
        'bbox': np.array([[10.0, 20.0, 110.0, 220.0]], np.float32),
    }
    return GetBBoxCenterScale(padding=1.25).transform(results)


def shaken_box(results):
    """The box whose crop is cut out, without its margin."""
    half = results['bbox_scale'] / 1.25 / 2
    center = results['bbox_center']
    return np.hstack([center - half, center + half])[0]


def test_each_side_moves_by_a_share_of_the_box():
    moves = []
    for number in range(200):
        results = sample(number)
        before = results['bbox'].copy()
        box = shaken_box(ShakeBox(0.2).transform(results))
        np.testing.assert_array_equal(results['bbox'], before)
        moves.append((box - before[0]) / [100, 200, 100, 200])
    moves = np.array(moves)
    assert abs(moves).max() <= 0.2 + 1e-5
    assert (abs(moves).max(0) > 0.18).all()
    assert abs(moves.mean(0)).max() < 0.03
    assert abs(np.corrcoef(moves.T) - np.eye(4)).max() < 0.25


def test_a_sample_always_moves_in_the_same_way():
    first, again, other = (
        shaken_box(ShakeBox(0.2, seed).transform(sample()))
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
    still = sample()
    expected = shaken_box(still)
    np.testing.assert_allclose(
        shaken_box(ShakeBox(0).transform(still)), expected
    )


@pytest.mark.parametrize('share', [-0.1, 0.5, float('nan')])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(ValueError, match=r'ShakeBox\.share: expected'):
        ShakeBox(share)


def test_the_config_shakes_boxes_before_the_crop(tmp_path):
    config = load_config('configs/evaluation/shaken_boxes.py', tmp_path)
    steps = [one['type'] for one in config.test_dataloader.dataset.pipeline]
    place = steps.index('ShakeBox')
    assert steps[place - 1] == 'GetBBoxCenterScale'
    assert steps.count('ShakeBox') == 1
    assert steps.index('TopdownAffine') > place
