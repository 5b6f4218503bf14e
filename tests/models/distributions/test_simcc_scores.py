import math

import pytest
import torch

from self_verify_pose.models.distributions.simcc import (
    SimCCLogits,
    SimCCSpec,
    hard_decode,
    raw_scores,
)
from self_verify_pose.models.distributions.simcc_scores import (
    probability_within,
    simcc_scores,
)

SPEC = SimCCSpec(input_size=(12, 16), split_ratio=2.0, beta=10.0)


def random_logits(batch=2, joints=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return SimCCLogits(
        *(
            0.3 * torch.randn(batch, joints, n, generator=generator)
            for n in (24, 32)
        )
    )


def by_loops(logits, sizes):
    """Visit every pair of bins of every joint."""
    rows = []
    for b in range(len(sizes)):
        for k in range(logits.x.shape[1]):
            axes = [axis[b, k].tolist() for axis in logits]
            chances = []
            for values in axes:
                raised = [math.exp(10 * v) for v in values]
                chances.append([v / sum(raised) for v in raised])
            tops = [values.index(max(values)) for values in axes]
            within = 0.0
            for i, p in enumerate(chances[0]):
                for j, q in enumerate(chances[1]):
                    far = math.hypot(i - tops[0], j - tops[1]) / 2
                    if far <= 0.05 * float(sizes[b]) + 1e-9:
                        within += p * q
            entropy = -sum(p * math.log(p) for c in chances for p in c)
            largest = math.log(24 * 32)
            rows.append(
                (
                    min(max(values) for values in axes),
                    sum(max(values) for values in axes) / 2,
                    max(chances[0]) * max(chances[1]),
                    1 - entropy / largest,
                    within,
                )
            )
    return torch.tensor(rows).T.reshape(5, len(sizes), -1)


@pytest.mark.parametrize('size', [0.5, 20.0, 60.0, 100.0, 1000.0])
def test_scores_equal_loops_over_all_bins(size):
    # 20, 60 and 100 put bins right on the rim: radii of 2, 6 and 10 bins
    logits, sizes = random_logits(), torch.tensor([size, 1.7 * size])
    found = simcc_scores(logits, SPEC, sizes)
    torch.testing.assert_close(torch.stack(found), by_loops(logits, sizes))
    assert all(score.dtype == torch.float32 for score in found)
    torch.testing.assert_close(found.minimum, raw_scores(logits))


def test_peak_at_the_border_of_the_crop():
    logits = random_logits()
    logits.x[:, 0, 0] = logits.y[:, 0, -1] = 2.0
    logits.x[:, 1, -1] = logits.y[:, 1, 0] = 2.0
    sizes = torch.tensor([40.0, 70.0])
    found = simcc_scores(logits, SPEC, sizes)
    torch.testing.assert_close(torch.stack(found), by_loops(logits, sizes))


def test_a_constant_changes_the_raw_scores_only():
    logits, sizes = random_logits(), torch.tensor([40.0, 70.0])
    moved = SimCCLogits(logits.x + 0.5, logits.y + 0.5)
    one, other = (simcc_scores(x, SPEC, sizes) for x in (logits, moved))
    torch.testing.assert_close(other.mean, one.mean + 0.5)
    for name in ('peak', 'certainty', 'expected'):
        torch.testing.assert_close(getattr(one, name), getattr(other, name))


def test_one_sure_bin_is_certain_and_flat_logits_are_not():
    flat = SimCCLogits(torch.zeros(1, 1, 24), torch.zeros(1, 1, 32))
    sure = SimCCLogits(*(axis.clone() for axis in flat))
    sure.x[..., 5], sure.y[..., 9] = 20.0, 20.0
    sizes = torch.tensor([20.0])
    found = simcc_scores(sure, SPEC, sizes)
    for score in (found.peak, found.certainty, found.expected):
        assert score.item() == pytest.approx(1, abs=1e-5)
    found = simcc_scores(flat, SPEC, sizes)
    assert found.certainty.item() == pytest.approx(0, abs=1e-5)
    assert found.peak.item() == pytest.approx(1 / (24 * 32))
    # the quarter disc of 2 bins around the first bin: 3 + 2 + 1 bins
    assert found.expected.item() == pytest.approx(6 / (24 * 32))


def test_half_precision_logits_give_close_float_scores():
    logits, sizes = random_logits(), torch.tensor([40.0, 70.0])
    half = SimCCLogits(logits.x.half(), logits.y.half())
    for one, other in zip(
        simcc_scores(half, SPEC, sizes),
        simcc_scores(logits, SPEC, sizes),
        strict=True,
    ):
        assert one.dtype == torch.float32
        torch.testing.assert_close(one, other, rtol=0.05, atol=0.02)


def test_whole_grid_has_probability_one():
    logits = random_logits()
    x, y = (axis.softmax(-1) for axis in logits)
    centers = hard_decode(logits, SPEC) * 2
    found = probability_within(x, y, centers, torch.tensor([99.0, 99.0]))
    torch.testing.assert_close(found, torch.ones(2, 3))
