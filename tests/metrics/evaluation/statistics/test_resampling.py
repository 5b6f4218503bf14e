import numpy as np
import pytest
from evaluation_inputs import make_joints

from self_verify_pose.metrics.evaluation.statistics.resampling import (
    draw_images,
)


def test_draws_take_as_many_images_as_there_are():
    joints = make_joints(persons=80)
    draws = draw_images(joints, 300, seed=5)
    num_images = len(np.unique(joints.truth.image_ids))
    assert draws.counts.shape == (300, num_images)
    assert (draws.counts.sum(1) == num_images).all()
    missing = (1 - 1 / num_images) ** num_images
    assert (draws.counts == 0).mean() == pytest.approx(missing, abs=0.01)
    assert draws.counts.mean(0) == pytest.approx(1, abs=0.25)


def test_draws_depend_on_the_seed_only():
    joints = make_joints()
    first, again = (draw_images(joints, 9, seed=1) for _ in range(2))
    np.testing.assert_array_equal(first.counts, again.counts)
    assert (first.counts != draw_images(joints, 9, seed=2).counts).any()


def test_weight_of_a_joint_is_the_count_of_its_image():
    joints = make_joints()
    truth = joints.truth
    draws = draw_images(joints, 4, seed=0)
    images = sorted(set(truth.image_ids.tolist()))
    weights = list(draws.joint_weights())
    assert len(weights) == 4
    person, _ = np.nonzero(truth.labeled)
    for counts, weight in zip(draws.counts, weights, strict=True):
        times = dict(zip(images, counts, strict=True))
        expected = [times[image] for image in truth.image_ids[person]]
        np.testing.assert_array_equal(weight, expected)


def test_selected_joints_keep_their_weights():
    joints = make_joints()
    draws = draw_images(joints, 4, seed=0)
    part = np.arange(len(draws.image)) % 3 == 0
    for all_weights, weights in zip(
        draws.joint_weights(), draws.select(part).joint_weights(), strict=True
    ):
        np.testing.assert_array_equal(weights, all_weights[part])


def test_one_image_is_not_drawn():
    draws = draw_images(make_joints(persons=1), 20, seed=0)
    assert draws.counts.shape == (0, 1)
    assert list(draws.joint_weights()) == []


def test_negative_number_of_draws_is_a_clear_error():
    with pytest.raises(ValueError, match=r'n_bootstrap: .* found -1'):
        draw_images(make_joints(), -1, seed=0)
