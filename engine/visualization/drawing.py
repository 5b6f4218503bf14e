"""Draw poses with their joints colored by trust."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from ...constants import PCK_THRESHOLD

# readable with every kind of color vision, and in print
TRUST_COLORS = ScalarMappable(Normalize(0, 1), colormaps['plasma'])
LOW_TRUST = 0.5  # limbs below it are dashed

Links = Sequence[tuple[int, int]]


def crop_around(
    image: NDArray, bbox: NDArray, padding: float = 1.25
) -> tuple[NDArray, NDArray]:
    """Cut a person out of an image.

    Args:
        image: ``(H, W, 3)`` image.
        bbox: ``(4,)`` box ``(x0, y0, x1, y1)`` in pixels.
        padding: Size of the cut in units of the box.

    Returns:
        The part of the image, and the ``(2,)`` pixel ``(x, y)`` that is its
        upper left corner.
    """
    center = (bbox[:2] + bbox[2:]) / 2
    half = (bbox[2:] - bbox[:2]) / 2 * padding
    height, width = image.shape[:2]
    x0, y0 = np.maximum(center - half, 0).astype(int)
    x1, y1 = np.ceil(np.minimum(center + half, (width, height))).astype(int)
    return image[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)], np.array(
        [x0, y0]
    )


def draw_pose(
    axes: Axes,
    keypoints: NDArray,
    trust: NDArray,
    links: Links,
    wrong: NDArray | None = None,
    numbers: bool = False,
    scale: float = 1.0,
) -> None:
    """Draw one pose; a limb takes the lower trust of its two joints.

    Limbs whose trust is below ``LOW_TRUST`` are dashed.

    Args:
        axes: Where to draw, in pixels with y down.
        keypoints: ``(K, 2)`` joints.
        trust: ``(K,)`` trust, one color each; above 1 it is drawn as 1.
        links: Pairs of joints that a limb connects.
        wrong: ``(K,)`` boolean, joints to mark with a cross.
        numbers: Write the trust beside each joint.
        scale: Size of the marks, 1 for a pose that fills a panel.
    """
    for one, other in links:
        _draw_limb(
            axes, keypoints[[one, other]], min(trust[one], trust[other]), scale
        )
    axes.scatter(
        *keypoints.T,
        s=60 * scale**2,
        c=TRUST_COLORS.to_rgba(trust),
        edgecolors=contrast(trust),
        linewidths=0.8 * scale,
        zorder=4,
    )
    if wrong is not None:
        axes.scatter(
            *keypoints[wrong].T,
            s=18 * scale**2,
            marker='x',
            c=contrast(trust[wrong]),
            linewidths=1.2 * scale,
            zorder=5,
        )
    if numbers:
        _draw_numbers(axes, keypoints, trust, scale)


def contrast(trust: NDArray) -> NDArray:
    """Choose an outline that stands out from the color of trust.

    Args:
        trust: ``(...)`` trust.

    Returns:
        ``(...)`` names of colors.
    """
    return np.where(np.asarray(trust) < LOW_TRUST, 'white', 'black')


def _draw_limb(axes: Axes, ends: NDArray, trust: float, scale: float) -> None:
    dashed = trust < LOW_TRUST
    for color, width in (
        (str(contrast(trust)), 3.4),
        (TRUST_COLORS.to_rgba(trust), 2.0),
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
    axes: Axes, keypoints: NDArray, values: NDArray, scale: float
) -> None:
    outline = [withStroke(linewidth=1.8, foreground='black')]
    offsets = away_from_neighbors(keypoints) * (4 + 7 * scale)
    for joint, offset, value in zip(keypoints, offsets, values, strict=True):
        axes.annotate(
            f'{value:.2f}'.removeprefix('0'),
            joint,
            offset * (1, -1),  # y of the picture is down, of the offset up
            textcoords='offset points',
            ha='center',
            va='center',
            fontsize=max(8.5 * scale, 4.5),
            color='white',
            path_effects=outline,
            annotation_clip=True,
            zorder=6,
        )


def away_from_neighbors(keypoints: NDArray) -> NDArray[np.float64]:
    """Find, for each joint, the direction in which there is most space.

    The other joints push with the inverse of their distance, so that the
    numbers of a face spread around it.

    Args:
        keypoints: ``(K, 2)`` joints in pixels.

    Returns:
        ``(K, 2)`` unit vectors; straight up for a joint that is pushed
        nowhere.
    """
    apart = keypoints[:, None].astype(float) - keypoints
    squared = (apart**2).sum(-1, keepdims=True)
    push = (apart / np.maximum(squared, 1e-9)).sum(1)
    length = np.linalg.norm(push, axis=1, keepdims=True)
    return np.where(length > 0, push / np.maximum(length, 1e-9), (0.0, -1.0))


def add_trust_scale(figure: Figure, axes: Sequence[Axes], label: str) -> None:
    """Add the color scale of trust beside some axes.

    Args:
        figure: The figure.
        axes: Axes that share the scale.
        label: What the colors say.
    """
    figure.colorbar(
        TRUST_COLORS,
        ax=list(axes),
        label=label,
        shrink=0.6,
        pad=0.01,
    )


def add_marks_legend(figure: Figure, truth: bool) -> None:
    """Explain dashes and crosses below a figure.

    Args:
        figure: The figure, laid out by matplotlib.
        truth: Whether crosses are drawn.
    """
    dashed = f'below {LOW_TRUST}'
    crossed = f'wrong: off by more than {PCK_THRESHOLD} of the person size'
    handles = [Line2D([], [], color='black', ls=(0, (3, 2)), label=dashed)]
    if truth:
        cross = {'color': 'black', 'marker': 'x', 'ls': ''}
        handles.append(Line2D([], [], **cross, label=crossed))
    figure.legend(handles=handles, loc='outside lower center', ncols=2)
