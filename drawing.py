"""Draw poses with their joints coloured by trust."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

# readable with every kind of colour vision, and in print
TRUST_COLORS = ScalarMappable(Normalize(0, 1), colormaps['plasma'])


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
    links: Sequence[tuple[int, int]],
    wrong: NDArray | None = None,
) -> None:
    """Draw one pose; a limb takes the lower trust of its two joints.

    Args:
        axes: Where to draw, in pixels with y down.
        keypoints: ``(K, 2)`` joints.
        trust: ``(K,)`` trust in [0, 1], one colour each.
        links: Pairs of joints that a limb connects.
        wrong: ``(K,)`` boolean, joints to mark with a cross.
    """
    for one, other in links:
        ends = keypoints[[one, other]]
        color = TRUST_COLORS.to_rgba(min(trust[one], trust[other]))
        axes.plot(*ends.T, color='black', linewidth=3.4, zorder=2)
        axes.plot(*ends.T, color=color, linewidth=2, zorder=3)
    axes.scatter(
        *keypoints.T,
        s=60,
        c=TRUST_COLORS.to_rgba(trust),
        edgecolors='black',
        linewidths=0.8,
        zorder=4,
    )
    if wrong is not None:
        axes.scatter(
            *keypoints[wrong].T,
            s=26,
            marker='x',
            c='black',
            linewidths=1.6,
            zorder=5,
        )


def add_trust_scale(figure: Figure, axes: Sequence[Axes], label: str) -> None:
    """Add the colour scale of trust beside some axes.

    Args:
        figure: The figure.
        axes: Axes that share the scale.
        label: What the colours say.
    """
    figure.colorbar(
        TRUST_COLORS, ax=list(axes), label=label, shrink=0.6, pad=0.01
    )
