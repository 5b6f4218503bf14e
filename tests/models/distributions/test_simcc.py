import math

import numpy as np
import pytest
import torch
from mmpose.codecs import SimCCLabel

from self_verify_pose.models.distributions.simcc import (
    MASS_RADII,
    NUM_STATISTICS,
    SimCCLogits,
    SimCCSpec,
    hard_decode,
    log_probabilities,
    soft_decode,
    statistics,
)

SPEC = SimCCSpec((192, 256), 2.0, 10.0)


def random_logits(batch=2, joints=17, dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    return SimCCLogits(
        *(
            torch.rand(batch, joints, bins, generator=generator, dtype=dtype)
            for bins in (384, 512)
        )
    )


def peaked_logits(x, y):
    """A joint whose distribution is a narrow bell at a bin."""
    axes = [
        -((torch.arange(n) - v * 2.0) ** 2) / 20
        for n, v in ((384, x), (512, y))
    ]
    return SimCCLogits(*(axis.expand(1, 1, -1) for axis in axes))


def test_soft_decode_agrees_with_a_plain_loop():
    logits = random_logits(1, 3, torch.float64)
    decoded = soft_decode(logits, SPEC)
    for joint in range(3):
        for axis in range(2):
            weights = [math.exp(10 * v) for v in logits[axis][0, joint]]
            mean = sum(i / 2 * w for i, w in enumerate(weights))
            expected = mean / sum(weights)
            assert decoded[0, joint, axis].item() == pytest.approx(expected)


def test_soft_and_hard_decode_agree_on_a_narrow_peak():
    logits = peaked_logits(70.5, 121.0)
    expected = torch.tensor([[[70.5, 121.0]]])
    torch.testing.assert_close(hard_decode(logits, SPEC), expected)
    torch.testing.assert_close(
        soft_decode(logits, SPEC), expected, atol=1e-3, rtol=0
    )


def test_hard_decode_is_the_one_of_mmpose():
    codec = SimCCLabel((192, 256), sigma=(4.9, 5.66), simcc_split_ratio=2.0)
    logits = random_logits()
    expected, _ = codec.decode(*(axis.numpy() for axis in logits))
    np.testing.assert_array_equal(hard_decode(logits, SPEC), expected)


def test_a_constant_added_to_the_logits_changes_no_decode():
    logits = random_logits()
    shifted = SimCCLogits(logits.x + 3, logits.y - 2)
    torch.testing.assert_close(
        soft_decode(logits, SPEC), soft_decode(shifted, SPEC)
    )


def test_gradient_of_the_soft_decode():
    logits = SimCCLogits(
        torch.randn(1, 2, 12, dtype=torch.float64, requires_grad=True),
        torch.randn(1, 2, 16, dtype=torch.float64, requires_grad=True),
    )
    spec = SimCCSpec((6, 8), 2.0, 3.0)
    assert torch.autograd.gradcheck(
        lambda x, y: soft_decode(SimCCLogits(x, y), spec), tuple(logits)
    )


def test_half_precision_is_decoded_in_single():
    logits = random_logits()
    half = SimCCLogits(logits.x.half(), logits.y.half())
    assert log_probabilities(half.x, 10.0).dtype == torch.float32
    torch.testing.assert_close(
        soft_decode(half, SPEC), soft_decode(logits, SPEC), atol=0.2, rtol=0
    )


def test_statistics_agree_with_numpy():
    logits = random_logits(1, 2, torch.float64)
    found = statistics(logits, SPEC, torch.tensor([150.0]))
    assert found.shape == (1, 2, NUM_STATISTICS)
    for joint in range(2):
        expected = []
        for axis in logits:
            values = axis[0, joint].numpy()
            p = np.exp(10 * values) / np.exp(10 * values).sum()
            at = np.arange(len(p)) / (len(p) - 1)
            mean = (p * at).sum()
            expected += [
                np.log(p.max()),
                -(p * np.log(p)).sum() / np.log(len(p)),
                np.sqrt((p * (at - mean) ** 2).sum()),
                abs(mean - at[p.argmax()]),
                values.max(),
            ]
            for radius in MASS_RADII:
                bins = np.arange(len(p))
                near = abs(bins - p.argmax()) <= radius * 150 * 2
                mass = min(max(p[near].sum(), 1e-4), 1 - 1e-4)
                expected.append(np.log(mass / (1 - mass)))
        np.testing.assert_allclose(found[0, joint], expected, rtol=1e-9)


def test_statistics_stay_finite_at_the_extremes():
    one_hot = torch.zeros(1, 1, 384)
    one_hot[..., 7] = 1e4
    flat = torch.zeros(1, 1, 512)
    logits = SimCCLogits(one_hot.requires_grad_(), flat.requires_grad_())
    found = statistics(logits, SPEC, torch.tensor([150.0]))
    assert found.isfinite().all()
    found.sum().backward()
    assert one_hot.grad.isfinite().all()
    assert flat.grad.isfinite().all()
