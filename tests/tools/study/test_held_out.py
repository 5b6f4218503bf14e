import numpy as np
import pytest
import torch
from study_columns import LAYOUT, K, N, V

from self_verify_pose.engine.trust_selection import (
    fit_anchor,
)
from self_verify_pose.tools.study.head_variants import HeadVariant
from self_verify_pose.tools.study.held_out import HeldOut, hold_out_images


def test_a_fifth_of_the_images_is_held_out_with_all_their_persons():
    images = np.repeat(np.arange(50), 3)
    held = hold_out_images(images, 0)
    assert held.sum() == 30
    assert len(np.unique(images[held])) == 10
    assert (held == hold_out_images(images, 0)).all()
    assert (held != hold_out_images(images, 1)).any()


@pytest.mark.parametrize(('images', 'count'), [([7], 0), ([7, 8], 1)])
def test_few_images_leave_some_to_train_on(images, count):
    assert hold_out_images(np.array(images), 0).sum() == count


def test_labels_evaluate_crops(columns):
    held_out = HeldOut.choose([columns, columns], LAYOUT, True, 0)
    assert held_out.labels
    held = held_out.persons[0]
    rows, joints = held_out.rows[1], held_out.joints[1]
    assert torch.equal(rows, columns['features'][:, 0][held])
    correct = columns['correct'][:, 0].numpy()[held]
    np.testing.assert_array_equal(joints.correct, correct)
    np.testing.assert_array_equal(joints.targets, correct)
    np.testing.assert_array_equal(joints.known, columns['labeled'][held])
    scale, shift = fit_anchor(held_out.joints)
    np.testing.assert_array_equal(held_out.scale, scale)
    np.testing.assert_array_equal(held_out.shift, shift)


def test_agreement_evaluates_strong_views_without_labels(columns):
    for name in ('correct', 'has_label', 'labeled', 'truth', 'keypoints'):
        del columns[name]
    held_out = HeldOut.choose([columns], LAYOUT, False, 0)
    assert not held_out.labels
    held = np.flatnonzero(held_out.persons[0])
    (joints,) = held_out.joints
    assert joints.correct.shape == (len(held) * (V - 1), K)
    person, view = held[1], 2
    row = (V - 1) + view - 1
    agrees = columns['distance'][person, view] <= 0.05
    np.testing.assert_array_equal(joints.correct[row], agrees)
    target = (agrees + columns['expected'][person, view].double()) / 2
    np.testing.assert_allclose(joints.targets[row], target)
    assert joints.images[row] == person // 2
    np.testing.assert_array_equal(
        joints.known[row], columns['inside'][person, view]
    )


def test_without_held_out_images_nothing_is_kept(columns):
    columns['ids'][:, 0] = 3
    held_out = HeldOut.choose([columns], LAYOUT, True, 0)
    assert not held_out.persons[0].any()
    assert len(held_out.persons[0]) == N
    head = HeadVariant(lambda _: None, True).build(LAYOUT).eval()
    kept = held_out.decide(head, lambda rows: rows)
    assert kept.shares == (0,)
    assert head.anchor.share.tolist() == [0]
