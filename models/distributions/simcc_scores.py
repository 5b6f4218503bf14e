"""What the distributions of a SimCC head say about each joint by themselves.

The simplest answers to "is this joint right?", before anything is learned.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ...constants import PCK_THRESHOLD
from .simcc import (
    SimCCLogits,
    SimCCSpec,
    hard_decode,
    log_probabilities,
    raw_scores,
)


class SimCCScores(NamedTuple):
    """Scores of joints, each ``(B, K)``, higher is surer.

    Args:
        minimum: Smaller of the two raw axis maxima, RTMPose's own score.
        mean: Mean of the two raw axis maxima.
        peak: Largest probability of a bin, the axes multiplied, in [0, 1].
        certainty: One minus the entropy of both axes as a share of the
            largest possible, in [0, 1].
        expected: Probability that the joint lies within 0.05 person sizes of
            where it is decoded, in [0, 1].
    """

    minimum: Tensor
    mean: Tensor
    peak: Tensor
    certainty: Tensor
    expected: Tensor


def simcc_scores(
    logits: SimCCLogits, spec: SimCCSpec, sizes: Tensor
) -> SimCCScores:
    """Score joints by ``softmax(beta * logits)``, x and y independent.

    Args:
        logits: Logits of both axes.
        spec: How to read them.
        sizes: ``(B,)`` person sizes in pixels of the crop.

    Returns:
        The scores, float32.
    """
    log_x, log_y = (log_probabilities(axis, spec.beta) for axis in logits)
    entropy = sum(-(log.exp() * log).sum(-1) for log in (log_x, log_y))
    largest = math.log(log_x.shape[-1]) + math.log(log_y.shape[-1])
    top_x, top_y = (axis.amax(-1).float() for axis in logits)
    return SimCCScores(
        minimum=raw_scores(logits),
        mean=(top_x + top_y) / 2,
        peak=(log_x.amax(-1) + log_y.amax(-1)).exp().float(),
        certainty=(1 - entropy / largest).float(),
        expected=probability_within(
            log_x.exp(),
            log_y.exp(),
            hard_decode(logits, spec) * spec.split_ratio,
            PCK_THRESHOLD * sizes * spec.split_ratio,
        ).float(),
    )


def probability_within(
    x: Tensor, y: Tensor, centers: Tensor, radii: Tensor
) -> Tensor:
    """Sum a distribution on a grid over a disc, exactly.

    Each column of the disc is a run of bins along y, so its share is a
    difference of two cumulative sums.

    Args:
        x: ``(B, K, Nx)`` probabilities along x.
        y: ``(B, K, Ny)`` probabilities along y, independent of x.
        centers: ``(B, K, 2)`` center of each disc in bins, whole numbers.
        radii: ``(B,)`` radius of the discs of a sample in bins.

    Returns:
        ``(B, K)`` probability of the bins whose center lies in the disc.
    """
    bins = torch.arange(x.shape[-1], dtype=torch.float64, device=x.device)
    offset = bins - centers[..., :1].double()
    square = radii.double().square()[:, None, None] - offset.square()
    # a bin on the rim belongs to the disc, whatever the rounding
    reach = (square.clamp_min(0).sqrt() + 1e-6).floor().long()
    middle = centers[..., 1:].round().long()
    total = torch.nn.functional.pad(y.cumsum(-1), (1, 0))
    last = y.shape[-1]
    upper = total.gather(-1, (middle + reach + 1).clamp(0, last))
    lower = total.gather(-1, (middle - reach).clamp(0, last))
    return (x * (upper - lower) * (square > -1e-6)).sum(-1).clamp(0, 1)
