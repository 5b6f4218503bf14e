"""Heatmaps: one two-dimensional map per keypoint.

A heatmap head is trained to give a kernel, such as a Gaussian, around the
true position. Where several positions are possible the mean squared error
makes it give the mean of their kernels, so the mass of a disc, as a share of
the mass that the kernel alone has there, estimates the probability that the
keypoint lies in the disc.

Source: Xiao et al., "Simple Baselines for Human Pose Estimation and
Tracking", ECCV 2018 (MSRA); Huang et al., "The Devil Is in the Details", CVPR
2020 (UDP); Li et al., "Rethinking on Multi-Stage Networks for Human Pose
Estimation", 2019 (Megvii).

Convention:
    Cell ``(i, j)`` is column i, row j. It stands for the pixel
    ``((i, j) + shift) * stride``, pixel centers at integers.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor
from typing_extensions import Self

from ..geometry.coordinates import Size2D
from ..geometry.precision import at_least_float32, full_precision
from .base import (
    SECOND_MODE_DISTANCE,
    DistributionReader,
    KeypointDistribution,
    register_reader,
)
from .mass import MASS_RADII, log_odds
from .refinement import (
    blur,
    dark_offsets,
    dark_udp_offsets,
    shift_offsets,
    smooth,
)

Codec = Literal['msra', 'dark', 'udp', 'udp_combined', 'megvii']

_SMALLEST_SHARE = 1e-4
# masses of the target's kernel are tabulated up to this many cells, by tenths
_TABLE_STEPS = 10


class HeatmapEncoding(NamedTuple):
    """How the heatmaps of a head encode positions.

    Args:
        input_size: Crop size ``(W, H)`` in pixels.
        codec: The codec, which decides how a position is refined between
            the cells.
        stride: Pixels per cell along x and y.
        shift: Cells to add to a position before it is scaled to pixels.
        kernel: Size of the blur of the refinement in cells.
        offset_radius: Unit of the predicted offsets (``'udp_combined'``) in
            cells.
        unit: Largest value of a target.
        kernel_mass: Sum of a target in units of ``unit`` within discs about
            its center, by their radii in tenths of a cell; the last one is
            the whole sum.
    """

    input_size: Size2D
    codec: Codec
    stride: tuple[float, float]
    shift: float
    kernel: int
    offset_radius: float
    unit: float
    kernel_mass: tuple[float, ...]


@dataclass(frozen=True)
class HeatmapDistribution(KeypointDistribution):
    """Output of a heatmap head.

    The statistics are the log of the peak in units of a target's, the log of
    the whole mass as a share of a target's, the entropy, the spread (standard
    deviation) along x and y and the distances of mean and peak as shares of
    the heatmap, the second mode, and the log odds of the share of the mass
    within squares of half sides ``MASS_RADII`` about the peak.

    Args:
        maps: ``(B, C, h, w)`` output of the head; C is K, or 3 K where each
            keypoint has a map and two maps of offsets.
        encoding: How the heatmaps encode positions.
        sizes: ``(B,)`` person sizes in pixels of the view.
    """

    kind: ClassVar[str] = 'heatmap'
    statistic_names: ClassVar[tuple[str, ...]] = (
        'log_peak',
        'log_total',
        'entropy',
        'x_spread',
        'y_spread',
        'x_mean_to_peak',
        'y_mean_to_peak',
        'second_mode',
        *(f'mass_{radius}' for radius in MASS_RADII),
    )

    maps: Tensor
    encoding: HeatmapEncoding
    sizes: Tensor

    @property
    def input_size(self) -> Size2D:
        """Crop size ``(W, H)`` in pixels."""
        return self.encoding.input_size

    @property
    def output(self) -> Tensor:
        """``(B, C, h, w)`` heatmaps."""
        return self.maps

    def detach(self) -> Self:
        """Return the same distributions, cut from the graph.

        Returns:
            A distribution that shares the data; itself where there is no
            graph, so that nothing is computed again.
        """
        if not self.maps.requires_grad:
            return self
        return replace(self, maps=self.maps.detach())

    def mirrored(
        self,
        flip_indices: Sequence[int],
        test_cfg: Mapping[str, Any] | None = None,
    ) -> Self:
        """Return the prediction for a mirrored view in the crop itself.

        Args:
            flip_indices: ``(K,)`` the keypoint that each becomes in a mirror.
            test_cfg: Options of the flip test: ``shift_heatmap``, which
                moves the mirrored map by one cell.

        Returns:
            Distributions mirrored as mmpose's ``flip_heatmaps``.
        """
        batch, _, height, width = self.maps.shape
        grouped = self.maps.view(batch, len(flip_indices), -1, height, width)
        grouped = grouped.flip(-1)[:, list(flip_indices)]
        if self.encoding.codec == 'udp_combined':
            signs = grouped.new_ones(grouped.shape[2])
            signs[1] = -1
            grouped = grouped * signs.view(-1, 1, 1)
        maps = grouped.view_as(self.maps)
        if (test_cfg or {}).get('shift_heatmap', False):
            maps = torch.cat([maps[..., :1], maps[..., :-1]], -1)
        return replace(self, maps=maps)

    def averaged(self, other: Self) -> Self:
        """Average the heatmaps as the heads do in their flip test.

        Args:
            other: Another prediction for the same crops.

        Returns:
            Their average.
        """
        return replace(self, maps=(self.maps + other.maps) * 0.5)

    def hard_decode(self) -> Tensor:
        """Return the positions that the codec of the head decodes.

        Returns:
            ``(B, K, 2)`` points in pixels, float32, without gradient; as in
            MMPose one cell left of and above the crop where a map holds
            nothing positive.
        """
        return self._hard_decoded

    def soft_decode(self) -> Tensor:
        """Return the mean under the squares of the heatmap's positive part.

        The square suppresses the background, which would pull the mean to
        the center of the crop.

        Returns:
            ``(B, K, 2)`` points in pixels.
        """
        maps, offsets = self._positive, self._split()[1]
        # a map without anything positive is uniform
        weights = maps.square() + torch.finfo(maps.dtype).tiny
        total = weights.sum((-2, -1))[..., None]
        axes = []
        for along in (weights.sum(-2), weights.sum(-1)):
            cells = torch.arange(along.shape[-1], device=maps.device)
            axes.append((along * cells.to(maps.dtype)).sum(-1))
        position = torch.stack(axes, -1) / total
        if offsets is not None:
            radius = self.encoding.offset_radius
            moved = (weights[:, :, None] * offsets).sum((-2, -1))
            position = position + radius * moved / total
        return self._to_pixels(position)

    def raw_scores(self) -> Tensor:
        """Return the scores of the codec: the peaks of the heatmaps.

        Returns:
            ``(B, K)`` scores, float32.
        """
        peak = self._decoded_maps.amax((-2, -1))
        if self.encoding.codec == 'megvii':
            return peak / self.encoding.unit + 0.5
        return peak

    def free_score(self) -> Tensor:
        """Return the raw score, bounded.

        Returns:
            ``(B, K)`` in [0, 1], float32.
        """
        return self.raw_scores().clamp(0, 1)

    def mass_within(self, points: Tensor, radius: float) -> Tensor:
        """Return the probability of the discs around points.

        Args:
            points: ``(B, K, 2)`` points in pixels, one per keypoint.
            radius: Radius of the discs in person sizes.

        Returns:
            ``(B, K)`` mass as a share of the mass that a target has in a
            disc about its center, in [0, 1], float32. A cell counts by the
            share of it that is inside, to first order.
        """
        reach = self._in_cells(radius)
        distances = self._square_distances(points).sqrt_()
        # UDP decodes a constant map to NaN; its disc holds nothing
        inside = (reach + 0.5 - distances).clamp_(0, 1).nan_to_num_(0)
        mass = (inside * self._positive).sum((-2, -1))
        whole = self._kernel_mass(reach.flatten())[:, None]
        return (mass / whole).clamp(0, 1).float()

    def peak_within(self, points: Tensor, radius: float) -> Tensor:
        """Return the score of the best position near a point.

        Args:
            points: ``(B, K, 2)`` points in pixels, one per keypoint.
            radius: Largest distance from the point in person sizes.

        Returns:
            ``(B, K)``, float32: the largest value of the heatmap in cells
            that the disc touches, its smallest value where there are none.
        """
        maps, _ = self._split()
        reach = self._in_cells(radius) + 0.5
        outside = self._square_distances(points) > reach.square()
        lowest = maps.amin((-2, -1), keepdim=True)
        return torch.where(outside, lowest, maps).amax((-2, -1)).float()

    def entropy(self) -> Tensor:
        """Return the entropy of each heatmap's positive part.

        Returns:
            ``(B, K)`` share in [0, 1] of the largest possible, float32.
        """
        maps = self._positive
        mass = maps.sum((-2, -1))
        total = mass.clamp_min(1e-12)
        # xlogy of the shares takes five times as long
        logs = maps.clamp_min(torch.finfo(maps.dtype).tiny).log()
        entropy = mass * total.log() - (maps * logs).sum((-2, -1))
        largest = math.log(max(maps[0, 0].numel(), 2))
        return (entropy / total / largest).float()

    def second_mode(self) -> Tensor:
        """Return how strong the best position away from the peak is.

        Returns:
            ``(B, K)`` largest value farther than ``SECOND_MODE_DISTANCE``
            person sizes from the peak as a share of the peak, in [0, 1],
            float32.
        """
        # the codec's blur turns the plateaus of 'udp_combined' into peaks
        maps = self._decoded_maps
        reach = self._in_cells(SECOND_MODE_DISTANCE)
        # 1 far from the peak, else 0; masked_fill takes three times as long
        far = self._square_distances(self._to_pixels(self._modes))
        far.gt_(reach.square())
        other = far.mul_(maps).amax((-2, -1)).clamp_min(0)
        return (other / maps.amax((-2, -1)).clamp_min(1e-12)).float()

    def statistics(self) -> Tensor:
        """Describe the distribution of each keypoint.

        Returns:
            ``(B, K, 14)``, one column for each of ``statistic_names``.
        """
        maps, modes = self._positive, self._modes
        total = maps.sum((-2, -1))
        peak = maps.amax((-2, -1))
        columns = [
            peak.clamp_min(_SMALLEST_SHARE).log(),
            (total / self.encoding.kernel_mass[-1])
            .clamp_min(_SMALLEST_SHARE)
            .log(),
            self.entropy(),
        ]
        total = total.clamp_min(1e-12)[..., None]
        spreads, distances = [], []
        for axis, along in ((0, maps.sum(-2)), (1, maps.sum(-1))):
            share = along / total
            cells = torch.linspace(0, 1, share.shape[-1], device=maps.device)
            mean = (share * cells).sum(-1)
            variance = (share * cells.square()).sum(-1) - mean.square()
            spreads.append(variance.clamp_min(1e-12).sqrt())
            distances.append((mean - cells[modes[..., axis].long()]).abs())
        columns += [*spreads, *distances, self.second_mode()]
        shares = self._square_mass(maps, modes) / total
        return torch.cat([torch.stack(columns, -1), log_odds(shares)], -1)

    def _split(self) -> tuple[Tensor, Tensor | None]:
        """Heatmaps ``(B, K, h, w)`` and offsets ``(B, K, 2, h, w)``."""
        maps = at_least_float32(self.maps)
        if self.encoding.codec != 'udp_combined':
            return maps, None
        batch, _, height, width = maps.shape
        grouped = maps.view(batch, -1, 3, height, width)
        return grouped[:, :, 0], grouped[:, :, 1:]

    @cached_property
    def _positive(self) -> Tensor:
        """Positive part of the heatmaps in units of a target's peak."""
        maps = self._split()[0].relu()
        unit = self.encoding.unit
        return maps if unit == 1 else maps / unit

    @cached_property
    def _decoded_maps(self) -> Tensor:
        """The heatmaps whose maximum the codec takes, without gradient."""
        maps = self._split()[0].detach()
        kernel = self.encoding.kernel
        if self.encoding.codec == 'megvii':
            return blur(maps, kernel)
        if self.encoding.codec == 'udp_combined':
            return smooth(maps, 2 * kernel + 1, 'reflect')
        return maps

    @cached_property
    def _modes(self) -> Tensor:
        """Cells ``(B, K, 2)`` of the maxima, whole numbers, float32."""
        index = self._decoded_maps.flatten(2).argmax(-1)
        width = self.maps.shape[-1]
        return torch.stack([index % width, index // width], -1).float()

    @cached_property
    def _hard_decoded(self) -> Tensor:
        maps, cells = self._decoded_maps, self._modes
        points = self._to_pixels(cells + self._offsets(maps, cells))
        outside = self._to_pixels(
            cells.new_full((), -1 - self.encoding.shift).expand(2)
        )
        predicted = maps.amax((-2, -1)) > 0
        return torch.where(predicted[..., None], points, outside)

    def _offsets(self, maps: Tensor, cells: Tensor) -> Tensor:
        """How far the codec moves the positions from the cells, in cells."""
        codec, kernel = self.encoding.codec, self.encoding.kernel
        if codec == 'dark':
            return dark_offsets(maps, cells, kernel)
        if codec == 'udp':
            return dark_udp_offsets(maps, cells, kernel)
        if codec == 'udp_combined':
            offsets = self._split()[1]
            assert offsets is not None
            width = maps.shape[-1]
            index = (cells[..., 1] * width + cells[..., 0]).long()
            index = index[..., None, None].expand(-1, -1, 2, -1)
            chosen = offsets.detach().flatten(3).gather(-1, index)
            return chosen.squeeze(-1) * self.encoding.offset_radius
        if codec == 'megvii':
            x, y = cells.unbind(-1)
            height, width = maps.shape[-2:]
            inside = (x > 1) & (x < width - 1) & (y > 1) & (y < height - 1)
            # the shift of half a cell is undone where nothing is refined
            moved = shift_offsets(maps, cells)
            return torch.where(inside[..., None], moved, -self.encoding.shift)
        return shift_offsets(maps, cells)

    def _to_pixels(self, cells: Tensor) -> Tensor:
        x, y = (cells + self.encoding.shift).unbind(-1)
        across, down = self.encoding.stride
        return torch.stack([x * across, y * down], -1)

    def _in_cells(self, radius: float) -> Tensor:
        """Convert a radius in person sizes, ``(B, 1, 1, 1)``."""
        return (self.sizes * (radius / self.encoding.stride[0])).view(
            -1, 1, 1, 1
        )

    def _square_distances(self, points: Tensor) -> Tensor:
        """Squares of the distances ``(B, K, h, w)`` of cells from points.

        The unit of a distance is a cell along x, as in ``_in_cells``.
        """
        height, width = self.maps.shape[-2:]
        across, _ = self.encoding.stride
        squares = []
        for center, stride, length in zip(
            points.detach().unbind(-1),
            self.encoding.stride,
            (width, height),
            strict=True,
        ):
            cells = torch.arange(length, device=points.device)
            pixels = (cells + self.encoding.shift) * stride
            squares.append(((pixels - center[..., None]) / across).square())
        x, y = squares
        return x[..., None, :] + y[..., None]

    def _kernel_mass(self, radii: Tensor) -> Tensor:
        """Mass of a target within discs about its center, ``(B,)``."""
        table = torch.tensor(self.encoding.kernel_mass)
        table = table.to(radii.device, non_blocking=True)
        step = (radii * _TABLE_STEPS).round().long()
        return table[step.clamp_max(len(table) - 1)]

    def _square_mass(self, maps: Tensor, modes: Tensor) -> Tensor:
        """Mass within squares about the peaks, ``(B, K, R)``."""
        radii = torch.tensor(MASS_RADII).to(maps.device, non_blocking=True)
        reach = self._in_cells(1.0) * radii[:, None]
        inside = []
        for center, length in zip(
            modes[..., None, None].unbind(2), maps.shape[:1:-1], strict=True
        ):
            cells = torch.arange(length, device=maps.device)
            rows = (cells >= center - reach) & (cells <= center + reach)
            inside.append(rows.to(maps.dtype))
        x, y = inside
        with full_precision(maps):
            return (y @ maps * x).sum(-1)


@register_reader
class HeatmapReader(DistributionReader):
    """Reads heads with one heatmap per keypoint; of stages the last one.

    Args:
        encoding: How the heatmaps encode positions.
    """

    distribution = HeatmapDistribution
    families = (
        'a heatmap head with the codec MSRAHeatmap, UDPHeatmap or '
        'MegviiHeatmap, such as HeatmapHead, CPMHead or MSPNHead'
    )
    target_fields = ('heatmaps', 'keypoint_weights')

    def __init__(self, encoding: HeatmapEncoding) -> None:
        self.encoding = encoding
        self.input_size = encoding.input_size

    @classmethod
    def from_head(cls, head: Any) -> Self | None:
        """Read from the codec of a head how its heatmaps are encoded.

        Args:
            head: A pose head of MMPose.

        Returns:
            The reader; None if the head has no codec for heatmaps.
        """
        decoder = getattr(head, 'decoder', None)
        names = [kind.__name__ for kind in type(decoder).__mro__]
        readers = {
            'MSRAHeatmap': _read_msra,
            'UDPHeatmap': _read_udp,
            'MegviiHeatmap': _read_megvii,
        }
        read = next((readers[n] for n in names if n in readers), None)
        # a 3-D head or a head for all persons at once is none of these
        if read is None or not hasattr(head, 'out_channels'):
            return None
        assert decoder is not None
        combined = getattr(decoder, 'heatmap_type', None) == 'combined'
        if combined and head.out_channels % 3:
            raise ValueError(
                'model.head.out_channels: expected three maps for each '
                "keypoint with heatmap_type='combined', found "
                f'{head.out_channels}; multiply the number of keypoints by '
                'three'
            )
        width, height = decoder.input_size
        return cls(
            HeatmapEncoding(
                input_size=(width, height),
                **read(decoder),
                **_target_kernel(decoder),
            )
        )

    @staticmethod
    def num_keypoints(head: Any) -> int:
        """Return the number of keypoints that a head predicts.

        Args:
            head: A heatmap head.

        Returns:
            Its K.
        """
        kind = getattr(head.decoder, 'heatmap_type', 'gaussian')
        return int(head.out_channels) // (3 if kind == 'combined' else 1)

    def check_test_cfg(self, test_cfg: Mapping[str, Any]) -> None:
        """Raise if ``flip_mode`` does not fit the codec.

        Args:
            test_cfg: ``test_cfg`` of the model.

        Raises:
            ValueError: If it does not.
        """
        combined = self.encoding.codec == 'udp_combined'
        expected = 'udp_combined' if combined else 'heatmap'
        mode = test_cfg.get('flip_mode', 'heatmap')
        if test_cfg.get('flip_test', False) and mode != expected:
            raise ValueError(
                f"model.test_cfg.flip_mode: expected '{expected}', as the "
                f"codec of model.head needs it, found '{mode}'; correct it"
            )

    def read(
        self, output: Tensor | Sequence[Tensor], sizes: Tensor
    ) -> HeatmapDistribution:
        """Wrap the output of the head.

        Args:
            output: Heatmaps, or those of several stages.
            sizes: ``(B,)`` person sizes in pixels of the crop.

        Returns:
            The distributions of the last stage.
        """
        maps = output if isinstance(output, Tensor) else output[-1]
        return HeatmapDistribution(maps, self.encoding, sizes)

    def read_targets(
        self, targets: Mapping[str, Tensor], sizes: Tensor
    ) -> HeatmapDistribution:
        """Wrap the targets of the head, whose peaks are the true positions.

        Args:
            targets: Tensors by name, see ``target_fields``. The biased
                targets of ``MSRAHeatmap`` and ``MegviiHeatmap`` are centered
                on cells, half a stride from the true position at most.
            sizes: ``(B,)`` person sizes in pixels of the crop.

        Returns:
            The distributions.
        """
        return HeatmapDistribution(targets['heatmaps'], self.encoding, sizes)


def _read_msra(decoder: Any) -> dict[str, Any]:
    across, down = (float(s) for s in decoder.scale_factor)
    return {
        'codec': 'dark' if decoder.unbiased else 'msra',
        'stride': (across, down),
        'shift': 0.0,
        'kernel': decoder.blur_kernel_size,
        'offset_radius': 0.0,
    }


def _read_udp(decoder: Any) -> dict[str, Any]:
    width, height = decoder.heatmap_size
    across, down = decoder.input_size
    combined = decoder.heatmap_type == 'combined'
    return {
        'codec': 'udp_combined' if combined else 'udp',
        'stride': (across / (width - 1), down / (height - 1)),
        'shift': 0.0,
        'kernel': decoder.blur_kernel_size,
        'offset_radius': decoder.radius_factor * max(width, height),
    }


def _read_megvii(decoder: Any) -> dict[str, Any]:
    across, down = (float(s) for s in decoder.scale_factor)
    return {
        'codec': 'megvii',
        'stride': (across, down),
        'shift': 0.5,
        'kernel': decoder.kernel_size,
        'offset_radius': 0.0,
    }


def _target_kernel(decoder: Any) -> dict[str, Any]:
    """Largest value and masses of the target of a keypoint on a cell."""
    width, height = decoder.heatmap_size
    middle = np.array([width // 2, height // 2])
    point = (middle * decoder.scale_factor).astype(np.float32)
    encoded = decoder.encode(point[None, None], np.ones((1, 1), np.float32))
    target = np.asarray(encoded['heatmaps'][0], np.float64)
    unit = target.max()
    rows, columns = np.mgrid[:height, :width]
    distance = np.hypot(columns - middle[0], rows - middle[1])
    steps = np.arange(max(width, height) * _TABLE_STEPS) / _TABLE_STEPS
    masses = [
        float((np.clip(r + 0.5 - distance, 0, 1) * target).sum() / unit)
        for r in steps
    ]
    return {'unit': float(unit), 'kernel_mass': tuple(masses)}
