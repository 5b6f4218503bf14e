import cv2
import numpy as np
import pytest
from helpers import SELFVERIFY, load_config
from mmpose.registry import TRANSFORMS

from self_verify_pose.datasets.coco_instances import build_split
from self_verify_pose.datasets.corruptions import corrupt_image
from self_verify_pose.datasets.transforms.corrupt_image import (
    CorruptImage,
    with_corruption,
)


def sample(number):
    rng = np.random.default_rng(0)
    return {
        'img': rng.integers(0, 256, (40, 30, 3), np.uint8),
        'bbox': np.array([[5.0, 5.0, 25.0, 35.0]], np.float32),
        'id': number,
    }


def test_each_sample_has_its_own_fixed_corruption():
    transform = TRANSFORMS.build(
        {'type': 'CorruptImage', 'name': 'occluder', 'strength': 2, 'seed': 5}
    )
    assert isinstance(transform, CorruptImage)
    image, box = sample(9)['img'], sample(9)['bbox'][0]
    expected = corrupt_image(image, box, 'occluder', 2, [5, 9])
    for _ in range(2):
        results = transform(sample(9))
        np.testing.assert_array_equal(results['img'], expected)
        np.testing.assert_array_equal(results['bbox'], sample(9)['bbox'])
    assert (transform(sample(10))['img'] != expected).any()


@pytest.mark.parametrize(('name', 'strength'), [('fog', 1), ('jpeg', 9)])
def test_wrong_options_stop_before_the_first_image(name, strength):
    with pytest.raises(ValueError, match='expected'):
        CorruptImage(name, strength)


def test_the_loaded_image_is_corrupted(synthetic_coco):
    clean = build_split(load_config(SELFVERIFY, synthetic_coco), count=2)
    corrupted = with_corruption(clean, CorruptImage('truncation', 5, 3))
    assert len(corrupted) == len(clean) == 2
    assert len(corrupted.pipeline.transforms) == (
        len(clean.pipeline.transforms) + 1
    )
    info = clean.get_data_info(1)
    image, box = cv2.imread(info['img_path']), info['bbox'][0]
    expected = corrupt_image(image, box, 'truncation', 5, [3, info['id']])
    load, corrupt = corrupted.pipeline.transforms[:2]
    results = corrupt(load(corrupted.get_data_info(1)))
    np.testing.assert_array_equal(results['img'], expected)


def test_a_pipeline_without_images_is_refused(synthetic_coco):
    dataset = build_split(load_config(SELFVERIFY, synthetic_coco), count=1)
    dataset.pipeline.transforms = dataset.pipeline.transforms[1:]
    with pytest.raises(ValueError, match='expected LoadImage'):
        with_corruption(dataset, CorruptImage('jpeg', 1))
