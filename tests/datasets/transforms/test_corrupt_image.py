import numpy as np
import pytest
from mmpose.registry import TRANSFORMS

from self_verify_pose.datasets.corruptions import corrupt_image
from self_verify_pose.datasets.transforms.corrupt_image import CorruptImage


def sample(number):
    rng = np.random.default_rng(0)
    return {
        'img': rng.integers(0, 256, (40, 30, 3), np.uint8),
        'bbox': np.array([[5.0, 5.0, 25.0, 35.0]], np.float32),
        'id': number,
    }


def test_each_sample_has_its_own_damage_which_stays():
    transform = TRANSFORMS.build(
        {'type': 'CorruptImage', 'name': 'occluder', 'strength': 2, 'seed': 5}
    )
    assert isinstance(transform, CorruptImage)
    image, box = sample(9)['img'], sample(9)['bbox'][0]
    expected = corrupt_image(image, box, 'occluder', 2, [5, 9])
    for _ in range(2):
        found = transform(sample(9))
        np.testing.assert_array_equal(found['img'], expected)
        np.testing.assert_array_equal(found['bbox'], sample(9)['bbox'])
    assert (transform(sample(10))['img'] != expected).any()


@pytest.mark.parametrize(('name', 'strength'), [('fog', 1), ('jpeg', 9)])
def test_wrong_options_stop_before_the_first_image(name, strength):
    with pytest.raises(ValueError, match='expected'):
        CorruptImage(name, strength)
