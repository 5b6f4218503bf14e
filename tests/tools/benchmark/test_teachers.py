import math

import torch

from self_verify_pose.tools.benchmark import teachers


def test_few_poses_are_measured_without_scaling(context, monkeypatch):
    def missing():
        raise ImportError('pytorch_kinematics is not installed')

    monkeypatch.setattr(teachers, 'import_pytorch_kinematics', missing)
    kinematic, *free = teachers.measure(context)
    assert math.isnan(kinematic.value)
    assert 'not installed' in kinematic.note
    assert [result.name for result in free] == [
        'FreeJointTeacher, 1 poses at once',
        'FreeJointTeacher, 16 poses at once',
    ]
    assert all(result.value > 0 for result in free)


def test_poses_are_repeated_with_other_noise(context):
    points, size = teachers.synthetic_poses(context, 40)
    assert points.shape == (40, 17, 2)
    assert size.shape == (40,)
    assert (size > 0).all()
    (repeated,) = (size[1:] == size[0]).nonzero()[:1].tolist()
    offset = points[0] - points[1 + repeated[0]]
    assert 0 < offset.abs().max() < 0.2 * size[0]
    assert torch.equal(points, teachers.synthetic_poses(context, 40)[0])
