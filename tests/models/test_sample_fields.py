import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmpose.structures import MultilevelPixelData
from training_steps import INPUT_SIZE

from self_verify_pose.models.distributions.simcc import SimCCReader
from self_verify_pose.models.geometry.coordinates import inside_crop
from self_verify_pose.models.geometry.rotation import rotate_points
from self_verify_pose.models.sample_fields import (
    augmentation_angles,
    box_centers,
    cached_targets,
    head_targets,
    labeled_joints,
    other_keypoints,
    person_mask,
    person_sizes,
)

CPU = torch.device('cpu')
FIELDS = SimCCReader.target_fields


def test_targets_are_stacked_in_order(samples):
    targets = head_targets(samples, FIELDS)
    x, y, weights = (targets[field] for field in FIELDS)
    assert x.shape == (3, 17, 384)
    assert y.shape == (3, 17, 512)
    assert weights.shape == (3, 17)
    expected = samples[1].gt_instance_labels.keypoint_y_labels[0]
    assert torch.equal(y[1], expected)


@pytest.mark.parametrize('levels', [0, 2])
def test_heatmaps_are_those_of_the_last_stage(samples, levels):
    maps = [torch.rand(17, 64, 48) for _ in samples]
    for sample, heatmaps in zip(samples, maps, strict=True):
        fields = PixelData(heatmaps=heatmaps)
        if levels:
            stages = [torch.zeros_like(heatmaps)] * (levels - 1) + [heatmaps]
            fields = MultilevelPixelData(heatmaps=stages)
        sample.gt_fields = fields
    (found,) = head_targets(samples, ('heatmaps',)).values()
    assert torch.equal(found, torch.stack(maps))


def test_labeled_joints_are_those_with_a_weight(samples):
    samples[0].gt_instance_labels.keypoint_weights[0, 4] = 0
    labeled = labeled_joints(samples[:1])
    assert labeled.dtype == torch.bool
    assert labeled.sum() == 16
    assert not labeled[0, 4]


def test_size_is_the_longer_side_of_the_box_in_crop_pixels(samples):
    samples[0].gt_instances.bboxes = [[10.0, 20.0, 60.0, 140.0]]
    # the crop shows 150 x 200 image pixels in 192 x 256
    samples[0].set_metainfo({'input_scale': [150.0, 200.0]})
    sizes = person_sizes(samples[:1], CPU)
    assert sizes.tolist() == pytest.approx([120 * 192 / 150])


def test_a_box_of_no_size_has_the_size_of_one_image_pixel(samples):
    samples[0].gt_instances.bboxes = [[10.0, 20.0, 10.0, 20.0]]
    samples[0].set_metainfo({'input_scale': [150.0, 200.0]})
    sizes = person_sizes(samples[:1], CPU)
    assert sizes.tolist() == pytest.approx([192 / 150])


def test_center_of_the_box_is_in_crop_pixels(samples):
    samples[0].gt_instances.bboxes = [[10.0, 20.0, 60.0, 140.0]]
    samples[0].set_metainfo(
        {'input_scale': [96.0, 128.0], 'input_center': [30.0, 85.0]}
    )
    # the box is centered at (35, 80); the crop magnifies twice
    (center,) = box_centers(samples[:1], CPU).tolist()
    assert center == pytest.approx([95.5 + 10, 127.5 - 10])


def test_angle_is_that_of_the_augmentation_in_radians_or_zero(samples):
    samples[1].set_metainfo({'bbox_rotation': np.array([30.0])})
    angles = augmentation_angles(samples, CPU)
    assert angles.tolist() == pytest.approx([0, np.pi / 6, 0])


def test_angles_and_centers_undo_the_augmentation(real_samples):
    """Turned back, the crop is the image but for scale and shift."""
    angles = augmentation_angles(real_samples, CPU)
    assert angles.abs().max().rad2deg() > 30
    x, y, weights = (
        head_targets(real_samples, FIELDS)[field] for field in FIELDS
    )
    joints = torch.stack([x.argmax(-1), y.argmax(-1)], -1) / 2
    upright = rotate_points(joints, angles, INPUT_SIZE)
    centers = box_centers(real_samples, CPU)
    sizes = person_sizes(real_samples, CPU)
    for i, sample in enumerate(real_samples):
        truth = sample.gt_instances
        box = np.asarray(truth.bboxes[0])
        image = (truth.keypoints[0] - (box[:2] + box[2:]) / 2) / (
            max(box[2:] - box[:2])
        )
        crop = (upright[i] - centers[i]) / sizes[i]
        # targets are rounded to half pixels; the crop's center is half a
        # pixel off the one that mmpose turns about
        inside = (weights[i] > 0) & inside_crop(joints[i] - 1, (190, 254))
        error = np.abs(crop.numpy() - image)[inside]
        assert error.max() * sizes[i] < 1.5


def test_cached_targets_are_stacked_with_nan_where_there_is_none(samples):
    rows = np.random.default_rng(0).random((3, 17), np.float32)
    rows[1, 4] = np.nan
    for sample, row in zip(samples, rows, strict=True):
        sample.gt_instances.pseudo_trust_sol = row[None]
    targets = cached_targets(samples, CPU)
    assert targets.dtype == torch.float32
    np.testing.assert_array_equal(targets, rows)


def test_missing_cached_targets_name_the_sample_and_the_remedy(samples):
    samples[0].set_metainfo({'id': 77})
    with pytest.raises(KeyError, match=r'sample 77: add LoadPseudoTrust'):
        cached_targets(samples, CPU)


def test_keypoints_of_another_network_are_stacked(samples):
    rows = np.random.default_rng(0).random((3, 17, 2), np.float32)
    rows[1, 4] = np.nan
    for sample, row in zip(samples, rows, strict=True):
        sample.gt_instances.other_keypoints = row[None]
    points = other_keypoints(samples, CPU)
    assert points.dtype == torch.float32
    np.testing.assert_array_equal(points, rows)
    samples[2].set_metainfo({'id': 77})
    del samples[2].gt_instances.other_keypoints
    with pytest.raises(KeyError, match=r'sample 77: add LoadOtherPose'):
        other_keypoints(samples, CPU)


def test_a_missing_target_names_the_sample_and_the_remedy(samples):
    samples[2].set_metainfo({'id': 77})
    del samples[2].gt_instance_labels.keypoint_weights
    for read in (labeled_joints, lambda s: head_targets(s, FIELDS)):
        with pytest.raises(KeyError, match=r'keypoint_weights.*77.*Generate'):
            read(samples)


def test_a_box_of_no_size_or_swapped_corners_has_a_size(samples):
    device = torch.device('cpu')
    samples[0].gt_instances.bboxes = np.array([[10, 10, 10, 10.0]])
    samples[0].set_metainfo({'input_scale': np.zeros(2)})
    samples[1].gt_instances.bboxes = samples[2].gt_instances.bboxes[
        :, [2, 3, 0, 1]
    ]
    samples[1].set_metainfo(
        {'input_scale': -np.asarray(samples[2].metainfo['input_scale'])}
    )
    sizes = person_sizes(samples, device)
    assert (sizes > 0).all()
    assert sizes.isfinite().all()
    assert sizes[1] == sizes[2]
    assert box_centers(samples, device).isfinite().all()


def test_persons_are_found_by_their_id(samples):
    for sample, number in zip(samples, (7, 8, 9), strict=True):
        sample.set_metainfo({'id': number})
    found = person_mask(samples, frozenset({9, 7, 100}), CPU)
    assert found.dtype == torch.bool
    assert found.tolist() == [True, False, True]
    assert not person_mask(samples, frozenset(), CPU).any()
