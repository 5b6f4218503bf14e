"""Drawing of one pose with joints and limbs colored by a score."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from ...constants import PCK_THRESHOLD

# readable with every kind of color vision, and in print
TRUST_COLORS = ScalarMappable(Normalize(0, 1), colormaps['plasma'])
LOW_TRUST = 0.5  # limbs below it are dashed
_CROWDED = 40  # more joints than that: fingers or the contour of a face
_FULL_MARK = 0.045  # diameter of a mark of full size, of the pose's extent

Array = NDArray[Any]
Links = Sequence[tuple[int, int]]


def crop_around(
    image: Array, bbox: Array, padding: float = 1.25
) -> tuple[Array, Array]:
    """Crop an image around a person.

    Args:
        image: ``(H, W, 3)`` image.
        bbox: ``(4,)`` box ``(x0, y0, x1, y1)`` in pixels.
        padding: Size of the crop in units of the box.

    Returns:
        The part of the crop inside the image, at least one pixel, and its
        ``(2,)`` upper left pixel ``(x, y)``.
    """
    center = (bbox[:2] + bbox[2:]) / 2
    half = (bbox[2:] - bbox[:2]) / 2 * padding
    height, width = image.shape[:2]
    # a box beside the image shows the nearest pixel
    x0, y0 = np.clip(center - half, 0, (width - 1, height - 1)).astype(int)
    x1, y1 = np.ceil(np.minimum(center + half, (width, height))).astype(int)
    crop = image[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
    return crop, np.array([x0, y0])


def draw_pose(
    axes: Axes,
    keypoints: Array,
    scores: Array,
    links: Links,
    wrong: NDArray[np.bool_] | None = None,
    numbers: bool = False,
    scale: float = 1.0,
    rejected: NDArray[np.bool_] | None = None,
) -> None:
    """Draw one pose; a limb takes the lower score of its two joints.

    Limbs whose score is below ``LOW_TRUST`` are dashed. Marks and limbs of
    fingers and faces are smaller, see :func:`mark_scales`, and have no
    numbers.

    Args:
        axes: Axes in pixels with y down.
        keypoints: ``(K, 2)`` joints ``(x, y)`` in pixels.
        scores: ``(K,)`` scores, such as trust; above 1 drawn as 1.
        links: Pairs of joints that a limb connects.
        wrong: ``(K,)`` boolean, joints to mark with a cross.
        numbers: Whether to write the score beside each joint.
        scale: Size of the marks, 1 for a pose that fills a panel.
        rejected: ``(K,)`` boolean, joints to draw as open rings.
    """
    scales = scale * mark_scales(keypoints)
    for ends in map(list, links):
        _draw_limb(
            axes, keypoints[ends], scores[ends].min(), scales[ends].max()
        )
    open_rings = np.zeros(len(scores), bool) if rejected is None else rejected
    _draw_joints(axes, keypoints, scores, open_rings, scales)
    if wrong is not None and wrong.any():
        axes.scatter(
            keypoints[wrong, 0],
            keypoints[wrong, 1],
            s=18 * scales[wrong] ** 2,
            marker='x',
            c=outline_colors(scores[wrong]),
            linewidths=(1.2 * scales[wrong]).tolist(),
            zorder=5,
        )
    if numbers:
        free = scales >= scale
        _draw_numbers(axes, keypoints[free], scores[free], scale)


def _draw_joints(
    axes: Axes,
    keypoints: Array,
    scores: Array,
    open_rings: NDArray[np.bool_],
    scales: Array,
) -> None:
    """Draw disks with an outline, and open rings."""
    x, y = keypoints.T
    colors = TRUST_COLORS.to_rgba(scores)
    for shown, faces, edges, width in (
        (~open_rings, colors, np.array(outline_colors(scores)), 0.8),
        (open_rings, np.zeros_like(colors), colors, 1.8),
    ):
        if shown.any():
            axes.scatter(
                x[shown],
                y[shown],
                s=60 * scales[shown] ** 2,
                c=faces[shown],
                edgecolors=edges[shown].tolist(),
                linewidths=(width * scales[shown]).tolist(),
                zorder=4,
            )


def mark_scales(keypoints: Array) -> NDArray[np.float64]:
    """Choose sizes of marks that do not cover their neighbors.

    Args:
        keypoints: ``(K, 2)`` joints in pixels.

    Returns:
        ``(K,)`` factors of the size in [0.25, 1]; 1 for skeletons of the
        body alone, where every joint counts.
    """
    if len(keypoints) <= _CROWDED:
        return np.ones(len(keypoints))
    distances = cdist(keypoints, keypoints)
    np.fill_diagonal(distances, np.inf)
    full = _FULL_MARK * np.ptp(keypoints, axis=0).max()
    scales: NDArray[np.float64] = distances.min(1) / max(full, 1e-9)
    return np.clip(scales, 0.25, 1)


def outline_colors(scores: Array) -> list[str]:
    """Choose outlines that contrast with the colors of scores.

    Args:
        scores: ``(N,)`` scores.

    Returns:
        N names of colors.
    """
    return ['white' if score < LOW_TRUST else 'black' for score in scores]


def _draw_limb(axes: Axes, ends: Array, score: float, scale: float) -> None:
    dashed = score < LOW_TRUST
    value = np.array([score])
    for color, width in (
        (outline_colors(value)[0], 3.4),
        (TRUST_COLORS.to_rgba(value)[0], 2.0),
    ):
        axes.plot(
            *ends.T,
            color=color,
            linewidth=width * scale,
            linestyle=(0, (6 / width, 5 / width)) if dashed else '-',
            dash_capstyle='butt',
            zorder=2 + (width < 3),
        )


def _draw_numbers(
    axes: Axes, keypoints: Array, values: Array, scale: float
) -> None:
    outline = [withStroke(linewidth=1.8, foreground='black')]
    offsets = away_from_neighbors(keypoints) * (4 + 7 * scale)
    for joint, offset, value in zip(keypoints, offsets, values, strict=True):
        axes.annotate(
            f'{value:.2f}'.removeprefix('0'),
            joint,
            offset * (1, -1),  # y of the image is down, of the offset up
            textcoords='offset points',
            ha='center',
            va='center',
            fontsize=max(8.5 * scale, 4.5),
            color='white',
            path_effects=outline,
            annotation_clip=True,
            zorder=6,
        )


def away_from_neighbors(keypoints: Array) -> NDArray[np.float64]:
    """Compute for each joint the direction with the most free space.

    Each other joint repels it with the inverse of their distance, so that the
    numbers of a face spread around it.

    Args:
        keypoints: ``(K, 2)`` joints in pixels.

    Returns:
        ``(K, 2)`` unit vectors; straight up where the repulsion is zero.
    """
    offsets = keypoints[:, None].astype(float) - keypoints
    squared = (offsets**2).sum(-1, keepdims=True)
    repulsion = (offsets / np.maximum(squared, 1e-9)).sum(1)
    length = np.linalg.norm(repulsion, axis=1, keepdims=True)
    unit = repulsion / np.maximum(length, 1e-9)
    return np.where(length > 0, unit, (0.0, -1.0))


def add_trust_scale(
    figure: Figure, axes: Iterable[Axes], label: str, **options: Any
) -> None:
    """Add the color scale of trust beside some axes.

    Args:
        figure: Figure of the axes.
        axes: Axes that share the scale.
        label: Label of the scale.
        **options: Further options of ``Figure.colorbar``.
    """
    options |= {'label': label, 'shrink': 0.6, 'pad': 0.01}
    figure.colorbar(TRUST_COLORS, ax=list(axes), **options)


def add_marks_legend(
    figure: Figure, truth: bool, certified: bool = False
) -> None:
    """Add a legend of dashes, crosses and rings below a figure.

    Args:
        figure: Figure with the constrained layout of matplotlib.
        truth: Whether crosses are drawn.
        certified: Whether rejected joints are drawn as rings.
    """
    dashed = f'below {LOW_TRUST}'
    crossed = f'wrong: off by more than {PCK_THRESHOLD} of the person size'
    handles = [Line2D([], [], color='black', ls=(0, (3, 2)), label=dashed)]
    if truth:
        handles.append(
            Line2D([], [], color='black', marker='x', ls='', label=crossed)
        )
    if certified:
        ring: dict[str, Any] = {'marker': 'o', 'ls': '', 'fillstyle': 'none'}
        ring['label'] = 'rejected by the certificate'
        handles.append(Line2D([], [], color='black', **ring))
    figure.legend(
        handles=handles, loc='outside lower center', ncols=len(handles)
    )
