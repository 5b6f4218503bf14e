from __future__ import annotations

import pytest
import torch

pytest.importorskip('mmpose')


@pytest.mark.parametrize('kind', ['FreeJointTeacher', 'KinematicChainTeacher'])
def test_built_from_config(kind):
    from mmpose.registry import MODELS

    import self_verify_pose.compat
    import self_verify_pose.models.pose_estimators.teachers  # noqa: F401

    if kind == 'KinematicChainTeacher':
        pytest.importorskip('pytorch_kinematics')
    teacher = MODELS.build({'type': kind, 'alpha': 5.0, 'fusion': 'mean'})
    assert (teacher.alpha, teacher.fusion) == (5.0, 'mean')
    out = teacher(100 * torch.rand(2, 17, 2))
    assert out.trust.shape == (2, 17)
