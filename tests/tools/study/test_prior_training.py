from __future__ import annotations

import numpy as np
import torch

from self_verify_pose.models.kinematics.body import load_body
from self_verify_pose.models.kinematics.pose_prior import PosePrior
from self_verify_pose.tools.study.prior_training import (
    prepare_poses,
    train_prior,
)


def _synthetic(count: int = 256):
    """Upright persons of several widths and their boxes, in pixels."""
    rng = np.random.default_rng(0)
    rest = np.array(load_body().rest)[:, :2]
    stretch = rng.uniform(0.5, 1.5, (count, 1, 1)) * [1, 0] + [0, 1]
    points = 300 * rest * stretch + 400
    low, high = points.min(1) - 10, points.max(1) + 10
    keypoints = np.dstack([points, np.full((count, 17), 2)]).astype(np.int16)
    return keypoints, np.hstack([low, high - low]).astype(np.float32)


def test_prepared_poses_fill_their_box():
    keypoints, bbox = _synthetic()
    points, labeled = prepare_poses(keypoints, bbox)
    assert labeled.all()
    assert points.shape == (256, 17, 2)
    extent = points.amax(1) - points.amin(1)
    assert ((extent.amax(1) > 0.8) & (extent.amax(1) <= 1)).all()


def test_sparse_persons_are_left_out():
    keypoints, bbox = _synthetic()
    keypoints[:100, 4:, 2] = 0
    assert len(prepare_poses(keypoints, bbox)[0]) == 156


def test_training_lowers_the_loss_and_its_file_can_be_read(tmp_path):
    torch.manual_seed(0)
    points, labeled = prepare_poses(*_synthetic())
    seen: list[float] = []
    values = train_prior(
        points,
        labeled,
        500,
        width=32,
        batch=64,
        report=lambda _, loss: seen.append(loss),
    )
    assert seen[-1] < -1.5
    np.savez(tmp_path / 'prior.npz', source='test', **values)
    prior = PosePrior(tmp_path / 'prior.npz')
    ones = torch.ones(len(points), 17)
    mean, spread = prior(points, ones, ones[:, 0])
    assert (mean - points).norm(dim=-1).median() < 0.08
    assert spread.isfinite().all()
