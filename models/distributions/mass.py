"""Probability mass of discrete distributions near a position."""

import torch
from torch import Tensor

# distances from the peak, in person sizes, within which mass is counted
MASS_RADII = (0.0125, 0.025, 0.05, 0.1, 0.2, 0.4)
_SMALLEST_MASS = 1e-4


def log_odds(masses: Tensor) -> Tensor:
    """Return the log odds of masses, bounded.

    Args:
        masses: Probabilities of any shape.

    Returns:
        Logits of the same shape; 0 and 1 count as 0.0001 and 0.9999.

    Example:
        >>> log_odds(torch.tensor([0.0, 0.5, 0.9]))
        tensor([-9.2102,  0.0000,  2.1972])
    """
    return masses.clamp(_SMALLEST_MASS, 1 - _SMALLEST_MASS).logit()


def mass_near(probability: Tensor, mode: Tensor, reach: Tensor) -> Tensor:
    """Sum a one-dimensional distribution over the bins near its peak.

    Args:
        probability: ``(B, K, N)`` distribution along one axis.
        mode: ``(B, K)`` bins of the peaks.
        reach: ``(B, 1, R)`` numbers of bins on either side that count.

    Returns:
        ``(B, K, R)`` mass of the bins within each reach of the peak.

    Example:
        >>> axis = torch.tensor([[[0.1, 0.2, 0.4, 0.2, 0.1]]])
        >>> mass_near(axis, torch.tensor([[2]]), torch.tensor([[[0, 1]]]))
        tensor([[[0.4000, 0.8000]]])
    """
    total = probability.cumsum(-1)
    last = mode[..., None] + reach
    first = mode[..., None] - reach
    upper = total.gather(-1, last.clamp_max(probability.shape[-1] - 1))
    lower = total.gather(-1, (first - 1).clamp_min(0))
    return upper - lower * (first > 0)


def mass_in_disc(
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

    Example:
        >>> flat = torch.full((1, 1, 5), 0.2)
        >>> center = torch.tensor([[[2.0, 2.0]]])
        >>> mass_in_disc(flat, flat, center, torch.tensor([1.0]))
        tensor([[0.2000]])
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
