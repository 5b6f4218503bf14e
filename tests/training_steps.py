"""Distributions and training steps with chosen predictions."""

import torch
from torch import Tensor, nn

from self_verify_pose.models.augmentations.similarity import (
    SimilarityTransform,
)
from self_verify_pose.models.distributions.simcc import (
    SimCCDistribution,
    SimCCEncoding,
    SimCCReader,
)
from self_verify_pose.models.options import SelfVerifyOptions
from self_verify_pose.models.trust_targets import (
    AugmentedView,
    PoseOutput,
    TrainingStep,
)

INPUT_SIZE = (192, 256)
ENCODING = SimCCEncoding(INPUT_SIZE, 2.0, 10.0)
BINS = (384, 512)


def random_distribution(
    batch: int = 2, keypoints: int = 17, dtype: torch.dtype = torch.float32
) -> SimCCDistribution:
    """Return uniformly random logits, always the same."""
    generator = torch.Generator().manual_seed(0)
    x, y = (
        torch.rand(batch, keypoints, n, generator=generator, dtype=dtype)
        for n in BINS
    )
    return SimCCDistribution(x, y, ENCODING, torch.linspace(120, 220, batch))


def distribution_at(points: Tensor, sizes: Tensor) -> SimCCDistribution:
    """Return logits with a peak of height 1 at each ``(B, K, 2)`` point."""
    x, y = (
        (-((torch.arange(n) - points[..., i, None] * 2) ** 2) / 50).exp()
        for i, n in enumerate(BINS)
    )
    return SimCCDistribution(x, y, ENCODING, sizes)


def with_random_residual(head: nn.Module) -> nn.Module:
    """Give the last layer of a ``TrustHead``, which is zero, random weights.

    Returns:
        The head.
    """
    generator = torch.Generator().manual_seed(2)
    for parameter in head.classifier[-1].parameters():
        nn.init.normal_(parameter, std=0.1, generator=generator)
    return head


def view_of(
    distribution: SimCCDistribution,
    transform: SimilarityTransform | None = None,
) -> AugmentedView:
    """Return a view without feature maps."""
    if transform is None:
        transform = SimilarityTransform.identity(distribution.sizes)
    return AugmentedView(PoseOutput((), distribution), transform)


def training_step(
    distribution: SimCCDistribution,
    data_samples=(),
    second_view: AugmentedView | None = None,
    teacher=None,
    *,
    consistency: dict | None = None,
    solvability: dict | None = None,
    trust: dict | None = None,
) -> TrainingStep:
    """Return a step whose pose network has predicted these distributions."""
    return TrainingStep(
        data_samples,
        view_of(distribution),
        second_view,
        SimCCReader(ENCODING),
        SelfVerifyOptions.read(consistency, solvability, trust),
        teacher,
    )
