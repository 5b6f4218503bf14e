import pytest
import torch
from helpers import build_estimator, packed_batch

from self_verify_pose.models.sample_fields import (
    labeled_joints,
    person_sizes,
    simcc_targets,
)


@pytest.fixture(scope='module')
def samples():
    return packed_batch(build_estimator())['data_samples']


def test_targets_are_stacked_in_order(samples):
    targets, weights = simcc_targets(samples)
    assert targets.x.shape == (3, 17, 384)
    assert targets.y.shape == (3, 17, 512)
    assert weights.shape == (3, 17)
    expected = samples[1].gt_instance_labels.keypoint_y_labels[0]
    assert torch.equal(targets.y[1], expected)


def test_labeled_joints_are_those_with_a_weight(samples):
    sample = samples[0].clone()
    sample.gt_instance_labels.keypoint_weights[0, 4] = 0
    labeled = labeled_joints([sample])
    assert labeled.dtype == torch.bool
    assert labeled.sum() == 16
    assert not labeled[0, 4]


def test_size_is_the_longer_side_of_the_box_in_crop_pixels(samples):
    sample = samples[0].clone()
    sample.gt_instances.bboxes = [[10.0, 20.0, 60.0, 140.0]]
    # the crop shows 150 x 200 image pixels in 192 x 256
    sample.set_metainfo({'input_scale': [150.0, 200.0]})
    sizes = person_sizes([sample], torch.device('cpu'))
    assert sizes.tolist() == pytest.approx([120 * 192 / 150])


def test_a_missing_target_names_the_sample_and_the_remedy(samples):
    sample = samples[2].clone()
    sample.set_metainfo({'id': 77})
    del sample.gt_instance_labels.keypoint_weights
    with pytest.raises(KeyError, match=r'keypoint_weights.*77.*Generate'):
        labeled_joints([samples[0], sample])
