"""Arrange drawn poses: trust beside raw score, and contact sheets."""

from collections.abc import Sequence
from textwrap import fill
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .drawing import TRUST_COLORS, Links, add_marks_legend, draw_pose

_SCALE = {
    'label': 'trust, and raw score (above 1 drawn as 1)',
    'extend': 'max',
}
_PANEL_INCHES = 5.0
_FULL_SIZE_POINTS = 170.0  # a pose of this size is drawn with full marks
_NUMBERS_FROM_POINTS = 70.0  # numbers of smaller poses would cover them
_DPI = 150


class Pose(NamedTuple):
    """One person, judged joint by joint.

    Args:
        keypoints: ``(K, 2)`` joints ``(x, y)`` in pixels.
        trust: ``(K,)`` trust in [0, 1].
        score: ``(K,)`` raw scores, 0 or more.
        wrong: ``(K,)`` boolean, joints known to be wrong; None where the
            truth is not known.
    """

    keypoints: NDArray
    trust: NDArray
    score: NDArray
    wrong: NDArray | None = None

    def moved(self, corner: NDArray) -> 'Pose':
        """Return the pose in pixels of a cut.

        Args:
            corner: ``(2,)`` pixel that is the upper left of the cut.
        """
        return self._replace(keypoints=self.keypoints - corner)


class ContactSheetTile(NamedTuple):
    """A person cut out of an image, with its captions.

    Args:
        image: ``(H, W, 3)`` RGB cut.
        pose: The person, in pixels of the cut.
        title: Caption of the person.
        captions: Captions of trust and of raw score.
    """

    image: NDArray
    pose: Pose
    title: str
    captions: tuple[str, str]


def draw_panel(
    axes: Axes,
    image: NDArray,
    poses: Sequence[Pose],
    links: Links,
    field: str,
    title: str,
    numbers: bool = False,
) -> None:
    """Draw an image and its poses, in place of what the axes held.

    Args:
        axes: Where to draw.
        image: ``(H, W, 3)`` RGB.
        poses: The persons.
        links: Pairs of joints that a limb connects.
        field: What colors them, ``'trust'`` or ``'score'``.
        title: Caption.
        numbers: Write the values beside the joints of persons who are large
            enough.
    """
    height, width = image.shape[:2]
    axes.clear()
    axes.set_axis_off()
    axes.imshow(image)
    points = min(axes.bbox.width / width, axes.bbox.height / height)
    points *= 72 / axes.figure.dpi
    for pose in poses:
        extent = np.ptp(pose.keypoints, axis=0).max() * points
        readable = extent > _NUMBERS_FROM_POINTS
        draw_pose(
            axes,
            pose.keypoints,
            getattr(pose, field),
            links,
            pose.wrong,
            numbers and readable,
            float(np.clip(extent / _FULL_SIZE_POINTS, 0.4, 1)),
        )
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), title=title)


class SideBySide:
    """A picture of trust beside raw score, redrawn for each frame.

    Args:
        height: Height of the images in pixels.
        width: Their width.
        links: Pairs of joints that a limb connects.
        numbers: Write the values beside the joints.
        truth: Whether poses say which joints are wrong.
    """

    def __init__(
        self,
        height: int,
        width: int,
        links: Links,
        numbers: bool = False,
        truth: bool = False,
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
        self.figure.colorbar(
            TRUST_COLORS, ax=self.panels, shrink=0.6, pad=0.01, **_SCALE
        )
        add_marks_legend(self.figure, truth)

    def draw(self, image: NDArray, poses: Sequence[Pose]) -> NDArray[np.uint8]:
        """Draw one image.

        Args:
            image: ``(height, width, 3)`` RGB.
            poses: The persons.

        Returns:
            ``(H, W, 3)`` RGB picture; H and W are even, as videos need, and
            the same for every image.
        """
        pairs = (('trust', 'trust'), ('score', 'raw score'))
        for axes, (field, title) in zip(self.panels, pairs, strict=True):
            draw_panel(
                axes, image, poses, self.links, field, title, self.numbers
            )
        self.canvas.draw()
        self.figure.set_layout_engine('none')  # settled by the first image
        drawn = np.asarray(self.canvas.buffer_rgba())[..., :3]
        height, width = (n // 2 * 2 for n in drawn.shape[:2])
        return drawn[:height, :width].copy()


def contact_sheet(
    cases: Sequence[ContactSheetTile],
    links: Links,
    title: str,
    numbers: bool = False,
    columns: int = 3,
) -> Figure:
    """Arrange persons in rows, each with trust beside raw score.

    Args:
        cases: At least one person.
        links: Pairs of joints that a limb connects.
        title: What the sheet shows.
        numbers: Write the values beside the joints.
        columns: Persons in a row, at most.

    Returns:
        The figure.
    """
    columns = min(columns, len(cases))
    rows = -(-len(cases) // columns)
    figure = Figure(
        (4.4 * columns + 0.8, 3.6 * rows + 1), dpi=110, layout='constrained'
    )
    FigureCanvasAgg(figure)
    body, side = figure.subfigures(1, 2, width_ratios=[20 * columns, 5])
    cells = body.subfigures(rows, columns, squeeze=False)
    for cell, case in zip(cells.flat, cases, strict=False):
        cell.suptitle(case.title, fontsize=11)
        pairs = zip(('trust', 'score'), case.captions, strict=True)
        for axes, (field, caption) in zip(
            cell.subplots(1, 2), pairs, strict=True
        ):
            poses = [case.pose]
            draw_panel(axes, case.image, poses, links, field, caption, numbers)
            axes.title.set_fontsize(10)
    figure.colorbar(
        TRUST_COLORS,
        cax=side.add_axes((0.1, 0.3, 0.15, 0.4)),
        **_SCALE,
    )
    figure.suptitle(fill(title, 42 * columns), fontsize=13)
    add_marks_legend(figure, truth=True)
    return figure
