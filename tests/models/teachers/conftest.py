from __future__ import annotations

import pytest
import torch

from self_verify_pose.models.kinematics.body import load_body
from self_verify_pose.models.kinematics.camera import rotate_yaw


@pytest.fixture(scope='session')
def poses() -> torch.Tensor:
    """Rest bodies rotated, bent and scaled (8, 17, 2) in pixels."""
    generator = torch.Generator().manual_seed(0)
    rest = torch.tensor(load_body().rest, dtype=torch.float64)
    yaws = (0.0, 0.4, -0.6, 1.0, 2.4, 3.1416, 3.6, 5.0)
    bodies = torch.stack([rotate_yaw(rest, yaw) for yaw in yaws])[..., :2]
    noise = torch.randn(8, 17, 2, generator=generator, dtype=torch.float64)
    return 200 * bodies + 3 * noise + 300
