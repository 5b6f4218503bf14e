import numpy as np
import pytest

from self_verify_pose.datasets.synthetic.background import (
    _PAINTERS,
    draw_background,
    noise_patch,
)


@pytest.mark.parametrize('painter', _PAINTERS, ids=lambda f: f.__name__)
@pytest.mark.parametrize('horizon', [-80.0, 120.0, 400.0])
def test_every_painter_fills_the_image(painter, horizon):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        image = painter(rng, 320, 256, horizon)
        assert image.shape == (256, 320, 3)
        assert image.dtype == np.uint8
        assert image.std() > 1


def test_backgrounds_repeat_per_seed_and_differ_between_seeds():
    first, again, other = (
        draw_background(np.random.default_rng(seed), 64, 48, 20.0)
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.5


def test_noise_has_the_documented_mean_and_deviation():
    patch = noise_patch(np.random.default_rng(0), 300, 200)
    assert patch.shape == (200, 300)
    assert abs(patch.mean() - 128) < 6
    assert 18 < patch.std() < 32
