"""SimCC: two one-dimensional distributions per keypoint.

A SimCC head gives, for each keypoint, one logit per bin along x and one
along y. RTMPose trains ``log_softmax(beta * logits)``, so ``softmax(beta *
logits)`` is the distribution that the training identifies, while the raw
logits are known up to a constant only.

Source: Li et al., "SimCC: a Simple Coordinate Classification Perspective
for Human Pose Estimation", ECCV 2022; Jiang et al., "RTMPose", 2023.

Convention:
    Bin ``i`` of an axis stands for the pixel coordinate
    ``i / split_ratio``, pixel centers at integers.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor
from typing_extensions import Self

from ...constants import PCK_THRESHOLD
from ..geometry.coordinates import Size2D
from ..geometry.precision import at_least_float32, full_precision
from .base import (
    SECOND_MODE_DISTANCE,
    DistributionReader,
    KeypointDistribution,
    register_reader,
)
from .mass import MASS_RADII, log_odds, mass_in_disc, mass_near
from .refinement import dark_offsets_1d

# share of the crop within which ``acc_pose`` counts a keypoint as correct
_ACCURACY_THRESHOLD = 0.05
# what is less counts as this: numbers near 0 are slow to compute with
_SMALLEST_LOG = -80.0
_AXIS_STATISTICS = (
    'log_peak',
    'entropy',
    'spread',
    'mean_to_peak',
    'maximum',
    *(f'mass_{radius}' for radius in MASS_RADII),
)


class SimCCEncoding(NamedTuple):
    """How the logits of a head encode positions.

    Args:
        input_size: Crop size ``(W, H)`` in pixels.
        split_ratio: Bins per pixel.
        beta: Factor of the logits under the softmax of the training loss.
        dark_kernels: Sizes of the blur along x and y where the head refines
            its keypoints (DARK), in bins, odd; None where it does not.
    """

    input_size: Size2D
    split_ratio: float
    beta: float
    dark_kernels: tuple[int, int] | None = None


@dataclass(frozen=True)
class SimCCDistribution(KeypointDistribution):
    """Output of a SimCC head, x and y independent.

    The statistics of an axis are the log of the peak, the entropy as a share
    of the largest possible, the spread (standard deviation) and the distance
    of mean and peak as shares of the axis, the raw maximum (the axis' share
    of RTMPose's score), and the log odds of the mass within each of
    ``MASS_RADII`` of the peak.

    Args:
        x: ``(B, K, W * split_ratio)`` logits along x.
        y: ``(B, K, H * split_ratio)`` logits along y.
        encoding: How the logits encode positions.
        sizes: ``(B,)`` person sizes in pixels of the view.
    """

    kind: ClassVar[str] = 'simcc'
    statistic_names: ClassVar[tuple[str, ...]] = tuple(
        f'{axis}_{name}' for axis in 'xy' for name in _AXIS_STATISTICS
    )

    x: Tensor
    y: Tensor
    encoding: SimCCEncoding
    sizes: Tensor

    @property
    def input_size(self) -> Size2D:
        """Crop size ``(W, H)`` in pixels."""
        return self.encoding.input_size

    @property
    def output(self) -> tuple[Tensor, Tensor]:
        """Logits along x and y."""
        return self.x, self.y

    def detach(self) -> Self:
        """Return the same distributions, cut from the graph.

        Returns:
            A distribution that shares the data.
        """
        return replace(self, x=self.x.detach(), y=self.y.detach())

    def mirrored(
        self,
        flip_indices: Sequence[int],
        test_cfg: Mapping[str, Any] | None = None,
    ) -> Self:
        """Return the prediction for a mirrored view in the crop itself.

        Args:
            flip_indices: ``(K,)`` the keypoint that each becomes in a mirror.
            test_cfg: Not read: these heads have no options for it.

        Returns:
            Distributions mirrored as ``RTMCCHead`` does in its flip test.
        """
        order = list(flip_indices)
        return replace(self, x=self.x[:, order].flip(-1), y=self.y[:, order])

    def averaged(self, other: Self) -> Self:
        """Average the logits as ``RTMCCHead`` does in its flip test.

        Args:
            other: Another prediction for the same crops.

        Returns:
            Their average.
        """
        x, y = (self.x + other.x) * 0.5, (self.y + other.y) * 0.5
        return replace(self, x=x, y=y)

    def hard_decode(self) -> Tensor:
        """Return the bins of the largest logits, as RTMPose decodes.

        Returns:
            ``(B, K, 2)`` points in pixels, float32, without gradient; with
            DARK refined between the bins; as in MMPose one bin left of and
            above the crop where the score is not positive.
        """
        modes = self._modes()
        bins = modes.float()
        if self.encoding.dark_kernels is not None:
            axes = zip(
                self.output,
                modes.unbind(-1),
                self.encoding.dark_kernels,
                strict=True,
            )
            offsets = [
                dark_offsets_1d(logits.detach().float(), mode, kernel)
                for logits, mode, kernel in axes
            ]
            bins = bins + torch.stack(offsets, -1)
        bins = bins.masked_fill((self.raw_scores() <= 0)[..., None], -1.0)
        return bins / self.encoding.split_ratio

    def soft_decode(self) -> Tensor:
        """Return the expectation of ``softmax(beta * logits)``.

        Returns:
            ``(B, K, 2)`` points in pixels.
        """
        coordinates = []
        for log_probability in self._log_probabilities():
            probability = log_probability.exp()
            bins = torch.arange(
                probability.shape[-1],
                dtype=probability.dtype,
                device=probability.device,
            )
            with full_precision(probability):
                position = probability @ bins / self.encoding.split_ratio
            coordinates.append(position)
        return torch.stack(coordinates, -1)

    def raw_scores(self) -> Tensor:
        """Return RTMPose's score, the smaller of the two raw maxima.

        Returns:
            ``(B, K)`` scores, float32, of no fixed range.
        """
        return torch.minimum(*self._maxima())

    def mass_within(self, points: Tensor, radius: float) -> Tensor:
        """Return the probability of the discs around points.

        Args:
            points: ``(B, K, 2)`` points in pixels, one per keypoint; the
                nearest bins are the centers.
            radius: Radius of the discs in person sizes.

        Returns:
            ``(B, K)`` mass in [0, 1], float32.
        """
        log_x, log_y = self._log_probabilities()
        return self._mass_in_discs(log_x, log_y, points, radius)

    def peak_within(self, points: Tensor, radius: float) -> Tensor:
        """Return the score of the best position near a point.

        Args:
            points: ``(B, K, 2)`` points in pixels, one per keypoint.
            radius: Largest distance along each axis in person sizes.

        Returns:
            ``(B, K)``, float32: the smaller of the raw maxima of the two
            axes within the distance; the minimum of an axis counts where no
            bin is near.
        """
        ratio = self.encoding.split_ratio
        reach = self.sizes.view(-1, 1, 1) * radius * ratio + 0.5
        peaks = []
        for axis, center in zip(self.output, points.unbind(-1), strict=True):
            bins = torch.arange(axis.shape[-1], device=axis.device)
            outside = (bins - ratio * center[..., None]).abs() > reach
            lowest = axis.amin(-1, keepdim=True)
            peaks.append(torch.where(outside, lowest, axis).amax(-1))
        return torch.minimum(*peaks).float()

    def entropy(self) -> Tensor:
        """Return the entropy of each distribution.

        Returns:
            ``(B, K)`` share in [0, 1] of the largest possible, float32.
        """
        return self._entropy_share(*self._log_probabilities())

    def second_mode(self) -> Tensor:
        """Return how strong the best position away from the peak is.

        Returns:
            ``(B, K)`` largest probability farther than
            ``SECOND_MODE_DISTANCE`` person sizes from the peak along one of
            the axes as a share of the peak, in [0, 1], float32.
        """
        scale = self.sizes * self.encoding.split_ratio * SECOND_MODE_DISTANCE
        shares = []
        for log_probability in self._log_probabilities():
            top, mode = log_probability.max(-1, keepdim=True)
            bins = torch.arange(
                log_probability.shape[-1], device=log_probability.device
            )
            near = (bins - mode).abs() <= scale.view(-1, 1, 1)
            other = log_probability.masked_fill(near, -torch.inf).amax(-1)
            shares.append((other - top.squeeze(-1)).exp())
        return torch.maximum(*shares).float()

    def scores(self) -> dict[str, Tensor]:
        """Score the keypoints by their distributions alone.

        Returns:
            ``(B, K)`` float32 by name: ``mean`` of the two raw maxima;
            ``peak``, the largest probability of a bin, the axes multiplied;
            ``certainty``, one minus the entropy as a share of the largest
            possible; ``expected``, see :meth:`expected_correctness`. All but
            the first are in [0, 1].
        """
        log_x, log_y = self._log_probabilities()
        top_x, top_y = self._maxima()
        return {
            'mean': (top_x + top_y) / 2,
            'peak': (log_x.amax(-1) + log_y.amax(-1)).exp().float(),
            'certainty': 1 - self._entropy_share(log_x, log_y),
            'expected': self._mass_in_discs(
                log_x, log_y, self.hard_decode(), PCK_THRESHOLD
            ),
        }

    def statistics(self) -> Tensor:
        """Describe the distribution of each keypoint.

        Returns:
            ``(B, K, 22)``, one column for each of ``statistic_names``.
        """
        radii = torch.stack([self.sizes.new_full((), r) for r in MASS_RADII])
        scale = self.sizes[:, None] * self.encoding.split_ratio
        reach = (scale * radii).long()[:, None]
        axes = zip(self.output, self._log_probabilities(), strict=True)
        return torch.cat(
            [_axis_statistics(logits, log, reach) for logits, log in axes], -1
        )

    def _log_probabilities(self) -> Iterable[Tensor]:
        """``log_softmax(beta * logits)`` of each axis, at least float32."""
        for axis in self.output:
            logits = at_least_float32(axis)
            yield (self.encoding.beta * logits).log_softmax(-1)

    def _maxima(self) -> list[Tensor]:
        return [axis.amax(-1).float() for axis in self.output]

    def _modes(self) -> Tensor:
        """``(B, K, 2)`` bins of the largest logits."""
        return torch.stack([axis.argmax(-1) for axis in self.output], -1)

    @staticmethod
    def _entropy_share(log_x: Tensor, log_y: Tensor) -> Tensor:
        entropy = _entropy(log_x) + _entropy(log_y)
        largest = math.log(log_x.shape[-1]) + math.log(log_y.shape[-1])
        return (entropy / largest).float()

    def _mass_in_discs(
        self, log_x: Tensor, log_y: Tensor, points: Tensor, radius: float
    ) -> Tensor:
        ratio = self.encoding.split_ratio
        mass = mass_in_disc(
            log_x.exp(),
            log_y.exp(),
            (points * ratio).round(),
            radius * (self.sizes * ratio),
        )
        return mass.float()


def _entropy(log_probability: Tensor) -> Tensor:
    return -(log_probability.exp() * log_probability).sum(-1)


def _axis_statistics(
    logits: Tensor, log_probability: Tensor, reach: Tensor
) -> Tensor:
    """Statistics of one axis, ``(B, K, 11)``."""
    log_probability = log_probability.clamp_min(_SMALLEST_LOG)
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
    odds = log_odds(mass_near(probability, mode, reach))
    return torch.cat([torch.stack(moments, -1), odds], -1)


@register_reader
class SimCCReader(DistributionReader):
    """Reads SimCC heads that are trained with ``KLDiscretLoss``.

    Args:
        encoding: How the logits encode positions.
    """

    distribution = SimCCDistribution
    families = 'a SimCC head trained with KLDiscretLoss, such as RTMCCHead'
    target_fields = (
        'keypoint_x_labels',
        'keypoint_y_labels',
        'keypoint_weights',
    )

    def __init__(self, encoding: SimCCEncoding) -> None:
        self.encoding = encoding
        self.input_size = encoding.input_size

    @classmethod
    def from_head(cls, head: Any) -> Self | None:
        """Read split ratio and temperature from a head.

        Args:
            head: A pose head of MMPose.

        Returns:
            The reader; None if it is no SimCC head.
        """
        beta = getattr(getattr(head, 'loss_module', None), 'beta', None)
        if beta is None or not hasattr(head, 'simcc_split_ratio'):
            return None
        width, height = head.input_size
        ratio = head.simcc_split_ratio
        kernels = None
        if getattr(head.decoder, 'use_dark', False):
            # as mmpose's SimCCLabel.decode computes them
            x, y = (int((s * 20 - 7) // 3) for s in head.decoder.sigma)
            kernels = (x - (x % 2 == 0), y - (y % 2 == 0))
        return cls(SimCCEncoding((width, height), ratio, beta, kernels))

    def read(
        self, output: tuple[Tensor, Tensor], sizes: Tensor
    ) -> SimCCDistribution:
        """Wrap the output of the head.

        Args:
            output: Logits along x and y.
            sizes: ``(B,)`` person sizes in pixels of the crop.

        Returns:
            The distributions.
        """
        return SimCCDistribution(*output, self.encoding, sizes)

    def read_targets(
        self, targets: Mapping[str, Tensor], sizes: Tensor
    ) -> SimCCDistribution:
        """Wrap the targets of the head, whose peaks are the true positions.

        Args:
            targets: Tensors by name, see ``target_fields``.
            sizes: ``(B,)`` person sizes in pixels of the crop.

        Returns:
            The distributions.
        """
        x, y, _ = (targets[field] for field in self.target_fields)
        return SimCCDistribution(x, y, self.encoding, sizes)

    def pose_loss(
        self,
        head: Any,
        output: tuple[Tensor, Tensor],
        targets: Mapping[str, Tensor],
        data_samples: Sequence[Any],
        train_cfg: Mapping[str, Any],
    ) -> dict[str, Tensor]:
        """Compute what ``RTMCCHead.loss`` computes, on the device alone.

        Args:
            head: The pose head; its ``loss_module`` is used.
            output: Logits along x and y for the crops.
            targets: Tensors by name, see ``target_fields``.
            data_samples: Not read.
            train_cfg: Not read: these heads have no options for it.

        Returns:
            ``loss_kpt``, and ``acc_pose``, see :func:`simcc_accuracy`.
        """
        x, y, weights = (targets[field] for field in self.target_fields)
        return {
            'loss_kpt': head.loss_module(output, (x, y), weights),
            'acc_pose': simcc_accuracy(output, (x, y), weights > 0),
        }


def simcc_accuracy(
    logits: tuple[Tensor, Tensor],
    targets: tuple[Tensor, Tensor],
    mask: Tensor,
) -> Tensor:
    """Return the share of correct keypoints, averaged over the keypoints.

    Stays on the device: no number is read back to the host.

    Args:
        logits: ``(B, K, Nx)`` and ``(B, K, Ny)`` predicted logits.
        targets: Target distributions of the same shapes.
        mask: ``(B, K)`` boolean, keypoints that count.

    Returns:
        Scalar in [0, 1]; 0 where nothing counts.

    Convention:
        Correct is a distance below 0.05, each axis divided by the length of
        the other one, as mmpose's ``simcc_pck_accuracy`` does.

    Example:
        >>> true = torch.eye(100)[None, [20, 30]]
        >>> found = torch.eye(100)[None, [21, 90]]
        >>> labeled = torch.ones(1, 2, dtype=torch.bool)
        >>> simcc_accuracy((found, found), (true, true), labeled)
        tensor(0.5000)
    """
    predicted, true = (
        torch.stack([axis.argmax(-1) for axis in pair], -1).float()
        for pair in (logits, targets)
    )
    x, y = logits
    lengths = [y.shape[-1], x.shape[-1]]
    scale = torch.stack([predicted.new_full((), n) for n in lengths])
    distance = ((predicted - true) / scale).norm(dim=-1)
    correct = ((distance < _ACCURACY_THRESHOLD) & mask).sum(0)
    counts = mask.sum(0)
    per_keypoint = correct / counts.clamp_min(1)
    accuracy: Tensor = per_keypoint.sum() / (counts > 0).sum().clamp_min(1)
    return accuracy
