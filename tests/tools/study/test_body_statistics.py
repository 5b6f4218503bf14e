from __future__ import annotations

import numpy as np
import pytest

from self_verify_pose.models.kinematics.body import load_body
from self_verify_pose.tools.study.body_statistics import (
    ANSUR,
    comparison_table,
    fit_ratios,
)


@pytest.fixture(scope='module')
def ratios():
    """Ratios fitted to noisy copies of the rest body facing the camera."""
    rest = np.array(load_body().rest)[:, :2]
    rng = np.random.default_rng(0)
    scale = rng.uniform(100, 400, (500, 1, 1))
    points = rest * scale + rng.normal(0, 0.5, (500, 17, 2))
    return fit_ratios(points, np.ones((500, 17), bool))


def test_recovers_the_lengths_of_the_synthetic_body(ratios):
    body = load_body()
    names = dict(zip(body.bones, body.lengths, strict=True))
    expected = {
        'shoulders': names[5, 6],
        'hips': names[11, 12],
        'upper_arm': names[5, 7],
        'forearm': names[7, 9],
        'thigh': names[11, 13],
        'shank': names[13, 15],
    }
    for name, length in expected.items():
        assert ratios[name][0] == pytest.approx(length, rel=0.02), name


def test_shipped_lengths_are_near_anthropometry():
    """Joint centers sit inside the body: hips and shoulders are narrower."""
    body = load_body()
    names = dict(zip(body.bones, body.lengths, strict=True))
    for name, bone in (
        ('upper_arm', (5, 7)),
        ('forearm', (7, 9)),
        ('thigh', (11, 13)),
        ('shank', (13, 15)),
    ):
        assert names[bone] == pytest.approx(ANSUR[name][0], rel=0.15)
    assert names[5, 6] < ANSUR['shoulders'][0]
    assert names[11, 12] < ANSUR['hips'][0]


def test_table_names_every_bone(ratios):
    table = comparison_table(ratios)
    assert all(name in table for name in ANSUR)
