"""Targets that combine several sources."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import torch
from mmpose.registry import MODELS
from torch import Tensor

from ..options import SelfVerifyOptions
from .base import (
    Requirement,
    TrustSource,
    TrustTarget,
    build_component,
    checked_targets,
)
from .step import TrainingStep


@MODELS.register_module()
class CombinedTargets(TrustSource):
    """The smallest target of several sources for the crops themselves.

    Args:
        sources: Short names or configs of the sources; each gives targets
            for the crops alone.

    Raises:
        TypeError: If ``sources`` is no list, or holds no trust sources.
        ValueError: If there is none, or no source of one of the names.
    """

    def __init__(self, sources: Sequence[str | dict[str, Any]] = ()) -> None:
        name = 'model.trust_cfg.source.sources'
        if not isinstance(sources, (list, tuple)):
            raise TypeError(
                f'{name}: expected a list of trust sources, found '
                f"{sources!r}; write for example ['consistency']"
            )
        if not sources:
            raise ValueError(
                f'{name}: expected at least one trust source, found none; '
                "write for example ['consistency']"
            )
        self.sources = [
            build_component(source, name=f'{name}[{i}]')
            for i, source in enumerate(sources)
        ]
        parts = [source.requires for source in self.sources]
        self.requires: frozenset[Requirement] = frozenset().union(*parts)
        self.uses_labels = any(source.uses_labels for source in self.sources)

    def largest_share(self, options: SelfVerifyOptions) -> float:
        """Return how much of the head's residual may be kept without labels.

        Args:
            options: All options of the estimator.

        Returns:
            The smallest share of the sources.
        """
        return min(source.largest_share(options) for source in self.sources)

    def targets(self, step: TrainingStep) -> Sequence[TrustTarget]:
        """Combine the targets of the sources.

        Args:
            step: The training step.

        Returns:
            The smallest target of each keypoint that has one.

        Raises:
            ValueError: If a source gives targets for another view.
        """
        targets = []
        for source in self.sources:
            for target in checked_targets(source, step):
                if target.view is not step.view:
                    raise ValueError(
                        f'{type(source).__name__}.targets: expected targets '
                        'for step.view in CombinedTargets, found another '
                        'view; use the source alone'
                    )
                targets.append(target)
        pairs = [(target.values, target.mask) for target in targets]
        return [TrustTarget(step.view, *reduce(elementwise_min, pairs))]


def elementwise_min(
    one: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """Take the smaller of two targets, or the only one that there is.

    Args:
        one: ``(B, K)`` targets, and where there are any.
        other: Other targets of the same keypoints.

    Returns:
        The minimum where both have a target, the one that has elsewhere.
    """
    values = [
        torch.where(mask, target, torch.ones_like(target))
        for target, mask in (one, other)
    ]
    return torch.minimum(*values), one[1] | other[1]
