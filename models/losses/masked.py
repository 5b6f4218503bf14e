"""Reductions and losses over the joints that count."""

import torch
from torch import Tensor


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Average the values where the mask is True.

    Args:
        values: Any shape.
        mask: Boolean, same shape.

    Returns:
        Scalar mean; 0, still attached to the graph, where nothing counts.

    Example:
        >>> counted = torch.tensor([True, True, False])
        >>> masked_mean(torch.tensor([1.0, 2.0, torch.nan]), counted)
        tensor(1.5000)
    """
    kept = torch.where(mask, values, torch.zeros_like(values))
    return kept.sum() / mask.sum().clamp_min(1)


def soft_target_bce(logits: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
    """Binary cross-entropy of logits with soft targets, masked and averaged.

    Args:
        logits: ``(B, K)`` trust logits.
        targets: ``(B, K)`` trust targets in [0, 1]; any number where the
            mask is False.
        mask: ``(B, K)`` boolean, True where there is a target.

    Returns:
        Scalar loss; 0 where there is no target.

    Example:
        >>> labeled = torch.tensor([[True, False]])
        >>> soft_target_bce(torch.zeros(1, 2), torch.ones(1, 2), labeled)
        tensor(0.6931)
    """
    # the gradient of an ignored NaN would be NaN
    targets = torch.where(mask, targets, torch.zeros_like(targets))
    losses = torch.nn.functional.binary_cross_entropy_with_logits(
        logits.float(), targets.float(), reduction='none'
    )
    return masked_mean(losses, mask)
