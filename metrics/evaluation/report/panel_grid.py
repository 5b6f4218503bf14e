"""Figures of several panels."""

from typing import Any

from matplotlib.figure import Figure
from numpy.typing import NDArray


def panel_grid(
    count: int,
    size: tuple[float, float],
    margin: tuple[float, float] = (0, 0),
    columns: int = 2,
    heights: tuple[int, ...] = (1,),
    **options: Any,
) -> tuple[Figure, NDArray[Any]]:
    """Make a figure with a grid of panels, filled row by row.

    Args:
        count: Number of panels, at least one.
        size: Width and height of a panel in inches.
        margin: Width and height to add for legends and titles.
        columns: Largest number of panels in a row.
        heights: Relative heights of the P axes of a panel, which lie below
            each other.
        **options: Further options of ``Figure.subplots``.

    Returns:
        The figure and its axes (rows, columns, P); those behind the last
        panel are invisible.

    Examples:
        >>> figure, grid = panel_grid(3, (4, 2), heights=(3, 1))
        >>> grid.shape, figure.get_size_inches()
        ((2, 2, 2), array([8., 4.]))
    """
    columns = min(columns, count)
    rows = -(-count // columns)
    figure = Figure(
        (size[0] * columns + margin[0], size[1] * rows + margin[1]),
        layout='constrained',
    )
    axes = figure.subplots(
        rows * len(heights),
        columns,
        squeeze=False,
        height_ratios=heights * rows,
        **options,
    )
    grid = axes.reshape(rows, len(heights), columns).swapaxes(1, 2)
    for unused in grid.reshape(-1, len(heights))[count:].flat:
        unused.set_visible(False)
    return figure, grid
