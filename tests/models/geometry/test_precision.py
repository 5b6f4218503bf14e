"""Automatic mixed precision must not touch coordinates."""

import pytest
import torch

from self_verify_pose.models.distributions.simcc import (
    SimCCDistribution,
    SimCCEncoding,
)
from self_verify_pose.models.geometry.coordinates import sample_features
from self_verify_pose.models.geometry.precision import (
    at_least_float32,
    full_precision,
)
from self_verify_pose.models.geometry.rotation import (
    rotate_images,
    rotate_points,
)
from self_verify_pose.models.teachers.free_joints import FreeJointTeacher

SIZE = (192, 256)
ANGLES = torch.tensor([0.3, -0.5])
GENERATOR = torch.Generator().manual_seed(0)
POINTS = torch.rand(2, 17, 2, generator=GENERATOR) * 190
SIZES = torch.full((2,), 150.0)
DISTRIBUTION = SimCCDistribution(
    torch.randn(2, 17, 384, generator=GENERATOR),
    torch.randn(2, 17, 512, generator=GENERATOR),
    SimCCEncoding(SIZE, 2.0, 10.0),
    SIZES,
)
IMAGES = torch.rand(2, 3, 256, 192, generator=GENERATOR)
MAPS = torch.rand(2, 8, 16, 12, generator=GENERATOR)

COMPUTATIONS = {
    'soft_decode': DISTRIBUTION.soft_decode,
    'statistics': DISTRIBUTION.statistics,
    'scores': lambda: torch.stack(list(DISTRIBUTION.scores().values())),
    'rotate_points': lambda: rotate_points(POINTS, ANGLES, SIZE),
    'rotate_images': lambda: rotate_images(IMAGES, ANGLES, torch.zeros(3)),
    'sample_features': lambda: sample_features(MAPS, POINTS, SIZE),
    'teacher': lambda: FreeJointTeacher()(POINTS, None, SIZES).trust,
}


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
@pytest.mark.parametrize('name', COMPUTATIONS)
def test_mixed_precision_changes_nothing(name, dtype):
    compute = COMPUTATIONS[name]
    expected = compute()
    with torch.autocast('cpu', dtype=dtype):
        found = compute()
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_features_in_half_precision_are_read_at_exact_places():
    ramp = torch.arange(96.0).expand(2, 1, 128, 96).contiguous()
    exact = sample_features(ramp, POINTS, SIZE)
    half = sample_features(ramp.bfloat16(), POINTS, SIZE)
    torch.testing.assert_close(half, exact, rtol=0, atol=1e-3)


def test_other_devices_have_nothing_to_hold_off():
    with full_precision(torch.empty(1, device='meta')):
        assert not torch.is_autocast_enabled('cpu')


@pytest.mark.parametrize('half', [torch.float16, torch.bfloat16])
def test_half_precision_alone_is_converted(half):
    assert at_least_float32(torch.ones(2, dtype=half)).dtype == torch.float32
    for kind in (torch.float32, torch.float64):
        values = torch.ones(2, dtype=kind)
        assert at_least_float32(values) is values
