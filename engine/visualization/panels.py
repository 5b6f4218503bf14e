"""Figures of drawn poses: trust beside raw score, sheets of persons."""

from collections.abc import Iterable, Sequence
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mmcv import imread
from numpy.typing import NDArray

from ...constants import PCK_THRESHOLD, RAW_SCORE, TRUST
from ...metrics.evaluation.report.labels import label_of
from ...metrics.evaluation.report.panel_grid import panel_grid
from .drawing import (
    TRUST_COLORS,
    Array,
    Links,
    add_marks_legend,
    add_trust_scale,
    crop_around,
    draw_pose,
)
from .predicted_pose import PredictedPose

_SCALE_LABEL = 'trust, and raw score (above 1 drawn as 1)'
_PANEL_INCHES = 5.0
_FULL_SIZE_POINTS = 170.0  # a pose of this size is drawn with full marks
_NUMBERS_FROM_POINTS = 70.0  # numbers of smaller poses would cover them
_DPI = 150


def draw_poses(
    axes: Axes,
    image: Array,
    poses: Sequence[PredictedPose],
    links: Links,
    field: str,
    title: str,
    numbers: bool = False,
) -> None:
    """Draw an image and its poses in place of the content of the axes.

    Args:
        axes: Axes to draw to.
        image: ``(H, W, 3)`` RGB image.
        poses: Poses in pixels of the image.
        links: Pairs of joints that a limb connects.
        field: Score that colors the poses.
        title: Title of the axes.
        numbers: Whether to write the scores beside the joints of persons who
            are large enough.
    """
    height, width = image.shape[:2]
    axes.clear()
    axes.set_axis_off()
    axes.imshow(image)
    points = min(axes.bbox.width / width, axes.bbox.height / height)
    points *= 72 / axes.figure.dpi
    for pose in poses:
        extent = np.ptp(pose.keypoints, axis=0).max() * points
        draw_pose(
            axes,
            pose.keypoints,
            pose.scores[field],
            links,
            pose.wrong,
            bool(numbers and extent > _NUMBERS_FROM_POINTS),
            float(np.clip(extent / _FULL_SIZE_POINTS, 0.4, 1)),
            pose.rejected,
        )
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), title=title)


class SideBySideFigure:
    """Figure of trust beside raw score, redrawn for each frame of a video.

    Args:
        height: Height of the images in pixels.
        width: Width of the images in pixels.
        links: Pairs of joints that a limb connects.
        numbers: Whether to write the scores beside the joints.
        truth: Whether poses have ground truth.
        certified: Whether poses tell which joints are rejected.
    """

    def __init__(
        self,
        height: int,
        width: int,
        links: Links,
        numbers: bool = False,
        truth: bool = False,
        certified: bool = False,
    ) -> None:
        inches = np.array([width, height]) * _PANEL_INCHES / max(width, height)
        self.figure = Figure(
            (2 * max(inches[0], 2.2) + 1, max(inches[1], 3) + 0.9),
            dpi=_DPI,
            layout='constrained',
        )
        self.canvas = FigureCanvasAgg(self.figure)
        self.panels = self.figure.subplots(1, 2)
        self.links, self.numbers = links, numbers
        add_trust_scale(self.figure, self.panels, _SCALE_LABEL, extend='max')
        add_marks_legend(self.figure, truth, certified)

    def draw(
        self, image: Array, poses: Sequence[PredictedPose]
    ) -> NDArray[np.uint8]:
        """Draw one image.

        Args:
            image: ``(height, width, 3)`` RGB image.
            poses: Poses in pixels of the image.

        Returns:
            ``(H, W, 3)`` RGB rendering; H and W are even, as videos need, and
            the same for every image.
        """
        for axes, field in zip(self.panels, (TRUST, RAW_SCORE), strict=True):
            title = label_of(field)
            draw_poses(
                axes, image, poses, self.links, field, title, self.numbers
            )
        rendered = _render(self.canvas)
        self.figure.set_layout_engine('none')  # settled by the first image
        height, width = (n // 2 * 2 for n in rendered.shape[:2])
        return rendered[:height, :width].copy()


def draw_contact_sheet(
    poses: Sequence[PredictedPose],
    links: Links,
    title: str,
    numbers: bool = False,
) -> Figure:
    """Draw persons in rows, each with trust beside raw score.

    Args:
        poses: Poses with ground truth and both scores, at least one.
        links: Pairs of joints that a limb connects.
        title: Title of the sheet.
        numbers: Whether to write the scores beside the joints.

    Returns:
        The figure.
    """
    columns = min(3, len(poses))
    rows = -(-len(poses) // columns)
    figure = Figure(
        (4.4 * columns + 0.8, 3.6 * rows + 1), dpi=110, layout='constrained'
    )
    FigureCanvasAgg(figure)
    body, side = figure.subfigures(
        1, 2, squeeze=False, width_ratios=[20 * columns, 5]
    )[0]
    cells = body.subfigures(rows, columns, squeeze=False)
    for cell, pose in zip(cells.flat, poses, strict=False):
        name = pose.image_path.rsplit('/', 1)[-1]
        cell.suptitle(f'{name}: {pose.wrong_count}', fontsize=11)
        titles = {
            field: f'{label_of(field)}, Brier {pose.brier(field):.2f}'
            for field in (TRUST, RAW_SCORE)
        }
        panels = cell.subplots(1, 2)
        _draw_person(panels, pose, links, titles, 10, numbers)
    figure.colorbar(
        TRUST_COLORS,
        cax=side.add_axes((0.1, 0.3, 0.15, 0.4)),
        label=_SCALE_LABEL,
        extend='max',
    )
    figure.suptitle(fill(title, 42 * columns), fontsize=13)
    certified = any(pose.rejected is not None for pose in poses)
    add_marks_legend(figure, truth=True, certified=certified)
    return figure


def draw_validation_panel(
    poses: Sequence[PredictedPose], links: Links
) -> NDArray[np.uint8]:
    """Draw persons in columns, one row per score below each other.

    Args:
        poses: Poses with ground truth, all with the same scores, at least
            one.
        links: Pairs of joints that a limb connects.

    Returns:
        ``(H, W, 3)`` RGB rendering.
    """
    fields = list(poses[0].scores)
    figure, grid = panel_grid(
        len(poses),
        (2.3, 2.8 * len(fields)),
        (1, 0.4),
        columns=4,
        heights=(1,) * len(fields),
    )
    figure.set_dpi(90)
    canvas = FigureCanvasAgg(figure)
    cells = grid.reshape(-1, len(fields))
    for panels, pose in zip(cells, poses, strict=False):
        titles = {f: f'{label_of(f)}, {pose.wrong_count}' for f in fields}
        _draw_person(panels, pose, links, titles, 9)
    add_trust_scale(
        figure, grid.ravel().tolist(), ' or '.join(map(label_of, fields))
    )
    for axes in grid.flat:
        axes.set_anchor('C')  # the scale has moved them to its side
    figure.suptitle(
        f'× wrong joint, off by more than {PCK_THRESHOLD} of the person size',
        fontsize=10,
        wrap=True,
    )
    return _render(canvas)


def _draw_person(
    panels: Iterable[Axes],
    pose: PredictedPose,
    links: Links,
    titles: dict[str, str],
    font_size: int,
    numbers: bool = False,
) -> None:
    """Draw a person in its image once for each score and its title."""
    image = imread(pose.image_path, channel_order='rgb')
    crop, origin = crop_around(image, pose.bbox)
    shifted = [pose.shifted(origin)]
    for axes, (field, title) in zip(panels, titles.items(), strict=True):
        draw_poses(axes, crop, shifted, links, field, title, numbers)
        axes.title.set_fontsize(font_size)


def _render(canvas: FigureCanvasAgg) -> NDArray[np.uint8]:
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
