"""The free score that trust starts from, and the residual that is kept."""

from typing import Any

import torch
from torch import Tensor, nn

from ..distributions import log_odds


class FreeScoreAnchor(nn.Module):
    """Add the residual of a trust head to the log odds of a free score.

    A free score is what the pose network's own output says of a keypoint,
    see ``KeypointDistribution.free_score``. The logit of the trust is
    ``scale * log odds of the free score + shift + share * residual``, with a
    scale and a shift for each keypoint. They start at 1 and 0, and
    ``TrustSelectionHook`` fits them on held-out images, where it also decides
    the share of the residual that prediction keeps; training sees all of it.

    Loading a checkpoint of a head without an anchor sets the scale to 0, so
    that the head alone gives the trust, as it did when it was trained.

    Args:
        num_keypoints: Number of keypoints K.
    """

    scale: Tensor
    shift: Tensor
    share: Tensor

    def __init__(self, num_keypoints: int) -> None:
        super().__init__()
        self.register_buffer('scale', torch.ones(num_keypoints))
        self.register_buffer('shift', torch.zeros(num_keypoints))
        self.register_buffer('share', torch.ones(()))

    def forward(self, free_scores: Tensor, residual: Tensor) -> Tensor:
        """Return the logits of the trust.

        Args:
            free_scores: ``(B, K)`` free scores in [0, 1].
            residual: ``(B, K)`` residual of the trust head.

        Returns:
            ``(B, K)`` logits.
        """
        if not self.training:
            residual = self.share * residual
        return (
            self.scale * log_odds(free_scores.float()) + self.shift + residual
        )

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any
    ) -> None:
        """Complete a state dict of a head without an anchor."""
        own = {f'{prefix}{name}' for name in ('scale', 'shift', 'share')}
        if own.isdisjoint(state_dict):
            state_dict |= {
                f'{prefix}scale': torch.zeros_like(self.scale),
                f'{prefix}shift': torch.zeros_like(self.shift),
                f'{prefix}share': torch.ones_like(self.share),
            }
        super()._load_from_state_dict(state_dict, prefix, *args)
