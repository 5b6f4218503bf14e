"""Regression with a scale: one Laplace density per keypoint and axis.

A head that is trained by residual log-likelihood estimation (RLE) predicts a
position and a scale. The density of the position is a Laplace distribution
with this scale, corrected by a normalizing flow that is needed in training
only; here the Laplace distribution stands for it.

Source: Li et al., "Human Pose Regression with Residual Log-likelihood
Estimation", ICCV 2021.

Convention:
    The head predicts shares of the crop: 1 is ``W`` pixels along x and ``H``
    along y.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor
from typing_extensions import Self

from ...constants import PCK_THRESHOLD
from ..geometry.coordinates import Size2D
from ..geometry.precision import at_least_float32
from .base import (
    DistributionReader,
    KeypointDistribution,
    register_reader,
)
from .mass import log_odds

# strips into which a disc is cut
_STRIPS = 64


@dataclass(frozen=True)
class LaplaceDistribution(KeypointDistribution):
    """Output of a regression head with scales, x and y independent.

    The statistics are the raw score, the logs of the scales along x and y in
    person sizes, and the log odds of the expected correctness.

    Args:
        mean: ``(B, K, 2)`` positions as shares of the crop.
        scale: ``(B, K, 2)`` scales of the Laplace distributions as shares of
            the crop, in [0, 1].
        crop_size: Crop size ``(W, H)`` in pixels.
        sizes: ``(B,)`` person sizes in pixels of the view.
    """

    kind: ClassVar[str] = 'laplace'
    statistic_names: ClassVar[tuple[str, ...]] = (
        'raw_score',
        'log_x_scale',
        'log_y_scale',
        f'mass_{PCK_THRESHOLD}',
    )

    mean: Tensor
    scale: Tensor
    crop_size: Size2D
    sizes: Tensor

    @property
    def input_size(self) -> Size2D:
        """Crop size ``(W, H)`` in pixels."""
        return self.crop_size

    @property
    def output(self) -> Tensor:
        """``(B, 1, K, 4)`` positions and scales."""
        return torch.cat([self.mean, self.scale], -1)[:, None]

    def detach(self) -> Self:
        """Return the same distributions, cut from the graph.

        Returns:
            A distribution that shares the data.
        """
        return replace(
            self, mean=self.mean.detach(), scale=self.scale.detach()
        )

    def mirrored(
        self,
        flip_indices: Sequence[int],
        test_cfg: Mapping[str, Any] | None = None,
    ) -> Self:
        """Return the prediction for a mirrored view in the crop itself.

        Args:
            flip_indices: ``(K,)`` the keypoint that each becomes in a mirror.
            test_cfg: Options of the flip test: ``shift_coords``, which moves
                the mirrored positions left by one pixel (the default).

        Returns:
            Distributions mirrored as mmpose's ``flip_coordinates``.
        """
        x, y = self.mean.unbind(-1)
        x = 1.0 - x
        if (test_cfg or {}).get('shift_coords', True):
            x = x - 1.0 / self.input_size[0]
        order = list(flip_indices)
        mean = torch.stack([x, y], -1)[:, order]
        return replace(self, mean=mean, scale=self.scale[:, order])

    def averaged(self, other: Self) -> Self:
        """Average positions and scales as ``RLEHead`` in its flip test.

        Args:
            other: Another prediction for the same crops.

        Returns:
            Their average.
        """
        return replace(
            self,
            mean=(self.mean + other.mean) * 0.5,
            scale=(self.scale + other.scale) * 0.5,
        )

    def hard_decode(self) -> Tensor:
        """Return the predicted positions.

        Returns:
            ``(B, K, 2)`` points in pixels, float32, without gradient.
        """
        return self._in_pixels(self.mean.detach()).float()

    def soft_decode(self) -> Tensor:
        """Return the predicted positions, which are differentiable.

        Returns:
            ``(B, K, 2)`` points in pixels.
        """
        return self._in_pixels(self.mean)

    def raw_scores(self) -> Tensor:
        """Return the head's score, one minus the mean scale.

        Returns:
            ``(B, K)`` scores in [0, 1], float32.
        """
        return (1 - self.scale).mean(-1).float()

    def mass_within(self, points: Tensor, radius: float) -> Tensor:
        """Return the probability of the discs around points.

        Args:
            points: ``(B, K, 2)`` points in pixels, one per keypoint.
            radius: Radius of the discs in person sizes.

        Returns:
            ``(B, K)`` mass in [0, 1], float32. The disc is cut into 64
            strips, whose masses are exact but for the roundness of their
            ends.
        """
        offset = points - self._in_pixels(self.mean)
        scale = self._scale_in_pixels()
        reach = (self.sizes * radius)[:, None, None]
        angles = torch.linspace(
            -math.pi / 2, math.pi / 2, _STRIPS + 1, device=offset.device
        )
        middles = (angles[1:] + angles[:-1]) / 2
        x = offset[..., :1] + reach * angles.sin()
        half = reach * middles.cos()
        y = offset[..., 1:]
        strips = _laplace_cdf(x, scale[..., :1]).diff(dim=-1)
        upper = _laplace_cdf(y + half, scale[..., 1:])
        lower = _laplace_cdf(y - half, scale[..., 1:])
        return (strips * (upper - lower)).sum(-1).clamp(0, 1).float()

    def peak_within(self, points: Tensor, radius: float) -> Tensor:
        """Return the score of the best position near a point.

        Args:
            points: ``(B, K, 2)`` points in pixels, one per keypoint.
            radius: Largest distance along each axis in person sizes.

        Returns:
            ``(B, K)``, float32: the raw score times the largest density
            within the distance as a share of the density at the mean.
        """
        offset = (points - self._in_pixels(self.mean)).abs()
        reach = (self.sizes * radius)[:, None, None]
        beyond = (offset - reach).clamp_min(0) / self._scale_in_pixels()
        return self.raw_scores() * (-beyond.sum(-1)).exp().float()

    def entropy(self) -> Tensor:
        """Return the entropy of each distribution.

        Returns:
            ``(B, K)`` share of that of the uniform distribution over the
            crop, clamped to [0, 1], float32.
        """
        entropy = (2 * math.e * self._scale_in_pixels()).log().sum(-1)
        width, height = self.input_size
        return (entropy / math.log(width * height)).clamp(0, 1).float()

    def second_mode(self) -> Tensor:
        """Return zeros: a Laplace distribution has one mode.

        Returns:
            ``(B, K)`` zeros, float32.
        """
        return torch.zeros_like(self.raw_scores())

    def statistics(self) -> Tensor:
        """Describe the distribution of each keypoint.

        Returns:
            ``(B, K, 4)``, one column for each of ``statistic_names``.
        """
        sizes = self.sizes[:, None, None]
        logs = (self._scale_in_pixels() / sizes).log()
        odds = log_odds(self.expected_correctness())
        scores = self.raw_scores()
        return torch.cat([scores[..., None], logs, odds[..., None]], -1)

    def _in_pixels(self, shares: Tensor) -> Tensor:
        width, height = self.input_size
        x, y = shares.unbind(-1)
        return torch.stack([x * width, y * height], -1)

    def _scale_in_pixels(self) -> Tensor:
        return self._in_pixels(self.scale).clamp_min(1e-6)


def _laplace_cdf(offset: Tensor, scale: Tensor) -> Tensor:
    """Probability of a smaller value than an offset from the mean."""
    tail = 0.5 * torch.exp(-offset.abs() / scale)
    return torch.where(offset < 0, tail, 1 - tail)


@register_reader
class RegressionReader(DistributionReader):
    """Reads regression heads that predict positions and scales.

    Args:
        input_size: Crop size ``(W, H)`` in pixels.
    """

    distribution = LaplaceDistribution
    families = (
        'a regression head with scales and the codec RegressionLabel, such as '
        'RLEHead'
    )
    target_fields = ('keypoint_labels', 'keypoint_weights')

    def __init__(self, input_size: Size2D) -> None:
        self.input_size = input_size

    @classmethod
    def from_head(cls, head: Any) -> Self | None:
        """Read the crop size from a head.

        Args:
            head: A pose head of MMPose.

        Returns:
            The reader; None if the head predicts no scales or has no codec.
        """
        names = [
            kind.__name__
            for part in (head, getattr(head, 'decoder', None))
            for kind in type(part).__mro__
        ]
        if not {'RLEHead', 'RegressionLabel'} <= {*names}:
            return None
        width, height = head.decoder.input_size
        return cls((width, height))

    @staticmethod
    def num_keypoints(head: Any) -> int:
        """Return the number of keypoints that a head predicts.

        Args:
            head: A regression head.

        Returns:
            Its K.
        """
        return int(head.num_joints)

    def read(self, output: Tensor, sizes: Tensor) -> LaplaceDistribution:
        """Wrap the output of the head.

        Args:
            output: ``(B, K, 4)`` positions and logits of the scales.
            sizes: ``(B,)`` person sizes in pixels of the crop.

        Returns:
            The distributions.
        """
        output = at_least_float32(output)
        return LaplaceDistribution(
            output[..., :2], output[..., 2:].sigmoid(), self.input_size, sizes
        )

    def read_targets(
        self, targets: Mapping[str, Tensor], sizes: Tensor
    ) -> LaplaceDistribution:
        """Wrap the targets of the head.

        Args:
            targets: Tensors by name, see ``target_fields``.
            sizes: ``(B,)`` person sizes in pixels of the crop.

        Returns:
            Distributions of no width about the true positions.
        """
        mean = targets['keypoint_labels']
        return LaplaceDistribution(
            mean, torch.zeros_like(mean), self.input_size, sizes
        )
