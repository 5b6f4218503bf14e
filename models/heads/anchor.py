"""The free score that trust starts from, and the residual that is kept."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..distributions import log_odds


class DomainClassifier(NamedTuple):
    """A linear classifier of the data sets that persons come from.

    Args:
        weight: ``(D, C)`` weights of the features.
        bias: ``(D,)`` biases.
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]


ONE_DOMAIN = DomainClassifier(np.zeros((1, 0)), np.zeros(1))


class FreeScoreAnchor(nn.Module):
    """Add the residual of a trust head to the log odds of a free score.

    A free score is what the pose network's own output says of a keypoint,
    see ``KeypointDistribution.free_score``. The logit of the trust is
    ``scale * log odds of the free score + shift + share * residual``, with a
    scale and a shift for each keypoint. They start at 1 and 0, and
    ``TrustSelectionHook`` fits them on held-out images, where it also decides
    the share of the residual that prediction keeps; training sees all of it.

    A head that is trained on several data sets with labels keeps a share for
    each: labels of one say little about another. A linear classifier tells
    from the pose network's features how much a person looks like those of
    each data set, and the person's share is the mean of the shares with these
    probabilities.

    Loading a checkpoint of a head without an anchor sets the scale to 0, so
    that the head alone gives the trust, as it did when it was trained.

    Args:
        num_keypoints: Number of keypoints K.
    """

    scale: Tensor
    shift: Tensor
    share: Tensor
    domain_weight: Tensor
    domain_bias: Tensor

    def __init__(self, num_keypoints: int) -> None:
        super().__init__()
        self.register_buffer('scale', torch.ones(num_keypoints))
        self.register_buffer('shift', torch.zeros(num_keypoints))
        # of D data sets, whose classifier reads C features
        self.register_buffer('share', torch.ones(1))
        self.register_buffer('domain_weight', torch.zeros(1, 0))
        self.register_buffer('domain_bias', torch.zeros(1))

    @property
    def reads_domain(self) -> bool:
        """Whether prediction needs ``domain_features``."""
        return len(self.share) > 1

    def keep(self, shares: Sequence[float], domains: DomainClassifier) -> None:
        """Set the shares of the residual that prediction keeps.

        Args:
            shares: The share of each of D data sets.
            domains: The classifier of the data sets.
        """
        like = self.scale
        self.share = like.new_tensor(shares)
        self.domain_weight = like.new_tensor(domains.weight)
        self.domain_bias = like.new_tensor(domains.bias)

    def forward(
        self,
        free_scores: Tensor,
        residual: Tensor,
        domain_features: Tensor | None = None,
        verified: Tensor | None = None,
    ) -> Tensor:
        """Return the logits of the trust.

        Args:
            free_scores: ``(B, K)`` free scores in [0, 1].
            residual: ``(B, K)`` residual of the trust head.
            domain_features: ``(B, C)``, see ``domain_features`` of
                ``trust_features``; needed for prediction where
                :attr:`reads_domain`.
            verified: ``(B, K)`` what other views say of the keypoints, see
                ``verified_mass``; trust starts from the mean of it and the
                free score.

        Returns:
            ``(B, K)`` logits.
        """
        if verified is not None:
            free_scores = (free_scores + verified) / 2
        if not self.training:
            share = self.share
            if self.reads_domain:
                assert domain_features is not None
                scores = torch.nn.functional.linear(
                    domain_features.float(),
                    self.domain_weight,
                    self.domain_bias,
                )
                share = scores.softmax(-1) @ share[:, None]
            residual = share * residual
        return (
            self.scale * log_odds(free_scores.float()) + self.shift + residual
        )

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any
    ) -> None:
        """Complete a state dict of a head without an anchor, or domains."""
        own = {f'{prefix}{name}' for name in ('scale', 'shift', 'share')}
        if own.isdisjoint(state_dict):
            state_dict |= {
                f'{prefix}scale': torch.zeros_like(self.scale),
                f'{prefix}shift': torch.zeros_like(self.shift),
                f'{prefix}share': self.scale.new_ones(1),
            }
        share = state_dict.get(f'{prefix}share')
        if share is not None and share.ndim == 0:  # before there were domains
            state_dict[f'{prefix}share'] = share[None]
        if f'{prefix}domain_bias' not in state_dict:
            state_dict |= {
                f'{prefix}domain_weight': self.scale.new_zeros(1, 0),
                f'{prefix}domain_bias': self.scale.new_zeros(1),
            }
        for name in ('share', 'domain_weight', 'domain_bias'):
            stored = state_dict.get(f'{prefix}{name}')
            if stored is not None:  # of any number of data sets
                setattr(self, name, self.scale.new_zeros(stored.shape))
        super()._load_from_state_dict(state_dict, prefix, *args)
