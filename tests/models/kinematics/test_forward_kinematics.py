import pytest
import torch

from self_verify_pose.models.kinematics import (
    forward_kinematics as module,
)
from self_verify_pose.models.kinematics.body import DATA_ROOT, load_body
from self_verify_pose.models.kinematics.chain import HumanChain, load_chain
from self_verify_pose.skeleton import JOINTS

kinematics = pytest.importorskip('pytorch_kinematics')


@pytest.fixture(scope='module')
def human() -> HumanChain:
    return load_chain()


def _angles(human: HumanChain, count: int = 4) -> torch.Tensor:
    generator = torch.Generator().manual_seed(2)
    return torch.randn(
        count, len(human.names), generator=generator, dtype=torch.float64
    )


def test_agrees_with_pytorch_kinematics(human):
    angles = _angles(human)
    reference = kinematics.build_chain_from_urdf(
        (DATA_ROOT / 'human.urdf').read_bytes()
    ).to(dtype=torch.float64)
    frames = reference.forward_kinematics(angles)
    expected = torch.stack(
        [frames[name].get_matrix()[:, :3, 3] for name in JOINTS], 1
    )
    pose = module.forward_kinematics(human, angles, torch.zeros(4, 8).double())
    torch.testing.assert_close(pose.joints, expected, rtol=0, atol=1e-5)


def test_rest_angles_give_the_rest_pose(human):
    zero = torch.zeros(1, len(human.names)).double()
    pose = module.forward_kinematics(human, zero, torch.zeros(1, 8).double())
    rest = torch.tensor(load_body().rest).double()[None]
    torch.testing.assert_close(pose.joints, rest, rtol=0, atol=1e-4)


def test_jacobians_are_autograds(human):
    angles = _angles(human, 1)
    scales = 0.1 * torch.arange(8, dtype=torch.float64)[None]

    def project(a, s):
        return module.forward_kinematics(human, a, s).joints[0, :, :2]

    by_angle, by_scale = torch.autograd.functional.jacobian(
        project, (angles, scales)
    )
    pose = module.forward_kinematics(human, angles, scales)
    found = module.projected_jacobian(human, pose)
    torch.testing.assert_close(found[0][0], by_angle[:, :, 0])
    torch.testing.assert_close(found[1][0], by_scale[:, :, 0])


def test_curvature_is_autograds(human):
    angles = _angles(human, 1)
    zero = torch.zeros(1, 8).double()
    force = torch.linspace(-1, 1, 34, dtype=torch.float64).view(1, 17, 2)

    def work(a):
        pose = module.forward_kinematics(human, a, zero)
        return (pose.joints[..., :2] * force).sum()

    hessian = torch.autograd.functional.hessian(work, angles)[0, :, 0]
    pose = module.forward_kinematics(human, angles, zero)
    found = module.projected_curvature(human, pose, force)
    torch.testing.assert_close(found[0], hessian.diagonal())


@pytest.mark.parametrize(
    ('joint', 'angle', 'tip', 'axis', 'sign'),
    [
        ('left_knee_x', 1.0, 'left_ankle', 2, 1),
        ('left_elbow_x', -1.0, 'left_wrist', 2, -1),
        ('left_hip_x', -1.0, 'left_knee', 2, -1),
        ('left_shoulder_z', -1.0, 'left_elbow', 0, 1),
        ('right_shoulder_z', 1.0, 'right_elbow', 0, -1),
        ('spine_x', 0.5, 'nose', 2, -1),
    ],
)
def test_signs_of_motion(human, joint, angle, tip, axis, sign):
    """Knees bend backwards (+z), elbows forwards (-z), arms lift outwards."""
    which = human.names.index(joint)
    assert human.low[which] <= angle <= human.high[which]
    angles = torch.zeros(2, len(human.names)).double()
    angles[1, which] = angle
    pose = module.forward_kinematics(human, angles, torch.zeros(2, 8).double())
    moved = (
        pose.joints[1, JOINTS.index(tip)] - pose.joints[0, JOINTS.index(tip)]
    )
    assert moved[axis] * sign > 0.03
