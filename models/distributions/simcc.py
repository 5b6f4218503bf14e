"""SimCC: two 1-D distributions per joint, their decoding and statistics.

A SimCC head gives, for each joint, one logit per bin along x and one along
y. RTMPose trains ``log_softmax(beta * logits)``, so ``softmax(beta *
logits)`` is the distribution that the training identifies, while the raw
logits are known up to a constant only.

Source: Li et al., "SimCC: a Simple Coordinate Classification Perspective
for Human Pose Estimation", ECCV 2022; Jiang et al., "RTMPose", 2023.

Convention:
    Bin ``i`` of an axis stands for the pixel coordinate
    ``i / split_ratio``, pixel centers at integers.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ..geometry.coordinates import Size2D
from ..geometry.precision import full_precision

# distances from the peak, in person sizes, within which mass is counted
MASS_RADII = (0.0125, 0.025, 0.05, 0.1, 0.2, 0.4)
NUM_STATISTICS = 2 * (5 + len(MASS_RADII))
_LEAST_MASS = 1e-4
# what is less counts as this: numbers near 0 are slow to compute with
_LEAST_LOG = -80.0


class SimCCLogits(NamedTuple):
    """Output of a SimCC head.

    Args:
        x: ``(B, K, W * split_ratio)`` logits along x.
        y: ``(B, K, H * split_ratio)`` logits along y.
    """

    x: Tensor
    y: Tensor

    def detach(self) -> 'SimCCLogits':
        """Return the same logits, cut from the graph."""
        return SimCCLogits(self.x.detach(), self.y.detach())


class SimCCSpec(NamedTuple):
    """How the logits of a head are to be read.

    Args:
        input_size: Crop size ``(W, H)`` in pixels.
        split_ratio: Bins per pixel.
        beta: Factor of the logits under the softmax of the training loss.
    """

    input_size: Size2D
    split_ratio: float
    beta: float


def log_probabilities(logits: Tensor, beta: float) -> Tensor:
    """Return the log of the distribution that the training identifies.

    Args:
        logits: ``(..., N)`` logits of one axis.
        beta: Factor of the logits.

    Returns:
        ``(..., N)`` ``log_softmax(beta * logits)`` in at least float32, so
        that it is as exact under automatic mixed precision.
    """
    if logits.dtype in (torch.float16, torch.bfloat16):
        logits = logits.float()
    return (beta * logits).log_softmax(-1)


def soft_decode(logits: SimCCLogits, spec: SimCCSpec) -> Tensor:
    """Decode joints as the expectation of their distributions.

    Differentiable, unlike the arg-max.

    Args:
        logits: Logits of both axes.
        spec: How to read them.

    Returns:
        ``(B, K, 2)`` joints in pixels of the crop.
    """
    coordinates = []
    for axis in logits:
        probability = log_probabilities(axis, spec.beta).exp()
        bins = torch.arange(
            axis.shape[-1], dtype=probability.dtype, device=axis.device
        )
        with full_precision(axis):
            coordinates.append(probability @ bins / spec.split_ratio)
    return torch.stack(coordinates, -1)


def hard_decode(logits: SimCCLogits, spec: SimCCSpec) -> Tensor:
    """Decode joints as the bins of the largest logits, as RTMPose does.

    Args:
        logits: Logits of both axes.
        spec: How to read them.

    Returns:
        ``(B, K, 2)`` joints in pixels of the crop, float32. No gradient.
    """
    bins = torch.stack([axis.argmax(-1) for axis in logits], -1)
    return bins.float() / spec.split_ratio


def raw_scores(logits: SimCCLogits) -> Tensor:
    """Return RTMPose's score: the smaller of the two raw maxima.

    It has no scale and can leave [0, 1].

    Args:
        logits: Logits of both axes.

    Returns:
        ``(B, K)`` scores, float32.
    """
    return torch.minimum(*(axis.amax(-1).float() for axis in logits))


def statistics(logits: SimCCLogits, spec: SimCCSpec, sizes: Tensor) -> Tensor:
    """Describe the distributions of each joint by a few numbers.

    Args:
        logits: Logits of both axes.
        spec: How to read them.
        sizes: ``(B,)`` person sizes in pixels of the crop.

    Returns:
        ``(B, K, 22)``; for x, then for y: the log of the peak, the entropy
        as a share of the largest possible, the spread (standard deviation)
        and the distance of mean and peak as shares of the axis, the raw
        maximum (the axis' share of RTMPose's score), and the log odds of
        the mass within each of ``MASS_RADII`` of the peak.
    """
    radii = torch.stack([sizes.new_full((), radius) for radius in MASS_RADII])
    reach = (sizes[:, None] * spec.split_ratio * radii).long()[:, None]
    return torch.cat(
        [_axis_statistics(axis, spec.beta, reach) for axis in logits], -1
    )


def _axis_statistics(logits: Tensor, beta: float, reach: Tensor) -> Tensor:
    log_probability = log_probabilities(logits, beta).clamp_min(_LEAST_LOG)
    probability = log_probability.exp()
    length = logits.shape[-1]
    bins = torch.linspace(
        0, 1, length, dtype=probability.dtype, device=logits.device
    )
    with full_precision(logits):
        mean = probability @ bins
        variance = probability @ bins.square() - mean.square()
    log_peak, mode = log_probability.max(-1)
    moments = [
        log_peak,
        -(probability * log_probability).sum(-1) / math.log(length),
        variance.clamp_min(1e-12).sqrt(),
        (mean - bins[mode]).abs(),
        logits.amax(-1).to(probability.dtype),
    ]
    masses = mass_around(probability, mode, reach)
    odds = masses.clamp(_LEAST_MASS, 1 - _LEAST_MASS).logit()
    return torch.cat([torch.stack(moments, -1), odds], -1)


def mass_around(probability: Tensor, mode: Tensor, reach: Tensor) -> Tensor:
    """Sum a distribution over the bins near its peak.

    Args:
        probability: ``(B, K, N)`` distribution along one axis.
        mode: ``(B, K)`` bins of the peaks.
        reach: ``(B, 1, R)`` how many bins on either side count.

    Returns:
        ``(B, K, R)`` mass of the bins within each reach of the peak.
    """
    total = probability.cumsum(-1)
    last = mode[..., None] + reach
    first = mode[..., None] - reach
    upper = total.gather(-1, last.clamp_max(probability.shape[-1] - 1))
    lower = total.gather(-1, (first - 1).clamp_min(0))
    return upper - lower * (first > 0)
