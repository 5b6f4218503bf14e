"""Targets that a teacher gave before the training."""

from collections.abc import Sequence

import torch
from mmpose.registry import MODELS
from torch import Tensor

from ..sample_fields import Samples, cached_targets
from .base import TrustSource, TrustTarget
from .step import TrainingStep


@MODELS.register_module()
class CachedTargets(TrustSource):
    """Targets of samples that went through ``LoadPseudoTrust``."""

    requires = frozenset({'cache'})

    def targets(self, step: TrainingStep) -> Sequence[TrustTarget]:
        """Read the targets of the samples.

        Args:
            step: The training step.

        Returns:
            Targets for the crops themselves.
        """
        sizes = step.view.output.distribution.sizes
        values = read_cached(step.data_samples, sizes.device)
        return [TrustTarget(step.view, *values)]


def read_cached(
    data_samples: Samples, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Collect cached targets and where there are any.

    Args:
        data_samples: B samples with cached targets.
        device: Device of the result.

    Returns:
        ``(B, K)`` targets, 0 where there is none, and ``(B, K)`` boolean,
        True where there is one.
    """
    values = cached_targets(data_samples, device)
    mask = values.isfinite()
    return torch.where(mask, values, 0.0), mask
