import numpy as np
import torch

from self_verify_pose.engine.posthoc import pose_prior
from self_verify_pose.models.kinematics.body import DATA_ROOT
from self_verify_pose.models.kinematics.pose_prior import PosePrior


def test_numpy_and_torch_expect_the_same(monkeypatch):
    monkeypatch.setattr(pose_prior, '_CHUNK', 3)  # several, the last shorter
    rng = np.random.default_rng(0)
    points = rng.normal(0, 0.3, (7, 17, 2)).astype(np.float32)
    confidence = rng.random((7, 17)).astype(np.float32)
    confidence[0] = 0
    expected = PosePrior(DATA_ROOT / 'pose_prior_small.npz')(
        torch.from_numpy(points),
        torch.from_numpy(confidence),
        torch.ones(len(points)),
    )
    found = pose_prior.predict_joints(points, confidence)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
