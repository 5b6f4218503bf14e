"""Laws of the distributions of SimCC heads, for any logits."""

from dataclasses import replace

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from self_verify_pose.models.distributions.simcc import (
    SimCCDistribution,
    SimCCEncoding,
)

WIDTH, HEIGHT, RATIO = 12, 16, 2
ENCODING = SimCCEncoding((WIDTH, HEIGHT), float(RATIO), 10.0)
SWAPPED = [0, 2, 1]
property_of = settings(max_examples=12, deadline=None)


@st.composite
def distributions(draw):
    """Three keypoints with logits of any size, and ties among them."""
    # exact sums: a constant neither makes nor breaks a tie
    values = st.integers(-24, 24).map(lambda k: k / 8)
    x, y = (
        torch.from_numpy(
            draw(arrays.arrays(np.float64, (1, 3, size), elements=values))
        )
        for size in (RATIO * WIDTH, RATIO * HEIGHT)
    )
    size = draw(st.floats(5, 100))
    return SimCCDistribution(
        x, y, ENCODING, torch.tensor([size], dtype=torch.float64)
    )


def close(found, expected):
    torch.testing.assert_close(found, expected, atol=1e-9, rtol=1e-7)


@property_of
@given(distributions())
def test_mirroring_twice_changes_nothing(one):
    twice = one.mirrored(SWAPPED).mirrored(SWAPPED)
    assert torch.equal(twice.x, one.x)
    assert torch.equal(twice.y, one.y)


@property_of
@given(distributions(), distributions())
def test_averages_do_not_depend_on_the_order(one, other):
    other = replace(other, sizes=one.sizes)
    close(one.averaged(other).x, other.averaged(one).x)
    assert torch.equal(one.averaged(one).x, one.x)


@property_of
@given(distributions(), st.integers(-50, 50), st.integers(-50, 50))
def test_a_constant_in_the_logits_changes_no_probability(one, first, second):
    moved = replace(one, x=one.x + first, y=one.y + second)
    close(moved.soft_decode(), one.soft_decode())
    close(moved.entropy(), one.entropy())


@property_of
@given(distributions())
def test_decoded_points_lie_in_the_crop(one):
    for points in (one.hard_decode(), one.soft_decode()):
        x, y = points.unbind(-1)
        assert ((x >= -0.5) & (x <= WIDTH)).all()
        assert ((y >= -0.5) & (y <= HEIGHT)).all()


@property_of
@given(distributions(), st.floats(0.01, 1), st.floats(0.01, 1))
def test_mass_is_a_probability_and_grows_with_the_radius(one, first, second):
    low, high = sorted((first, second))
    points = one.hard_decode()
    inner, outer = (one.mass_within(points, r) for r in (low, high))
    assert ((inner >= -1e-9) & (outer <= 1 + 1e-9)).all()
    assert (inner <= outer + 1e-9).all()
    everywhere = one.mass_within(points, 100.0)
    close(everywhere, torch.ones_like(everywhere))


@property_of
@given(distributions())
def test_scores_are_finite_and_correctness_a_probability(one):
    for name, values in one.scores().items():
        assert values.isfinite().all(), name
    assert one.statistics().isfinite().all()
    correctness = one.expected_correctness()
    assert ((correctness >= -1e-9) & (correctness <= 1 + 1e-9)).all()
