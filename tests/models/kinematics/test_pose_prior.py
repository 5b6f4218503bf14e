from __future__ import annotations

import pytest
import torch

from self_verify_pose.models.kinematics.body import load_body
from self_verify_pose.models.kinematics.pose_prior import PosePrior, mirror
from self_verify_pose.skeleton import FLIP


@pytest.fixture(scope='module')
def prior() -> PosePrior:
    return PosePrior()


def _poses(count: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    rest = torch.tensor(load_body().rest).double()[:, :2]
    noise = torch.randn(count, 17, 2, generator=generator).double()
    return rest + 0.02 * noise


def test_a_joint_does_not_see_itself(prior):
    poses = _poses(1)
    weights, has_center = torch.ones(1, 17).double(), torch.ones(1).double()
    before = prior(poses, weights, has_center)
    for joint in range(17):
        moved = poses.clone()
        moved[:, joint] += 0.3
        for old, new in zip(
            before, prior(moved, weights, has_center), strict=True
        ):
            torch.testing.assert_close(new[:, joint], old[:, joint])
            assert not torch.allclose(new, old)


def test_mirroring_mirrors_the_prediction(prior):
    poses, weights = _poses(), torch.rand(3, 17).double()
    has_center = torch.tensor([0.0, 1.0, 1.0]).double()
    mean, spread = prior(poses, weights, has_center)
    other = prior(mirror(poses), weights[:, FLIP], has_center)
    torch.testing.assert_close(other[0], mirror(mean))
    torch.testing.assert_close(other[1], spread[:, FLIP])


def test_predicts_a_standing_person(prior):
    poses = _poses(1)
    mean, spread = prior(
        poses, torch.ones(1, 17).double(), torch.zeros(1).double()
    )
    error = (mean - poses).norm(dim=-1)
    assert error.median() < 0.06
    assert ((spread > 0.005) & (spread < 0.5)).all()


def test_missing_file_says_how_to_make_it(tmp_path):
    with pytest.raises(FileNotFoundError, match='fit_pose_prior'):
        PosePrior(tmp_path / 'none.npz')
