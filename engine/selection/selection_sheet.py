"""Contact sheet of selected images."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ...metrics.evaluation.report.panel_grid import panel_grid
from ..visualization.drawing import (
    add_marks_legend,
    add_trust_scale,
    crop_around,
    draw_pose,
)
from .annotation_files import SelectedImage
from .scored_file import ScoredPersons

_COLUMNS = 6


def draw_selection(
    selected: Sequence[SelectedImage],
    scored: ScoredPersons,
    worst: Sequence[int],
    folder: Path,
) -> Figure:
    """Draw the person of each image with the most expected wrong joints.

    Args:
        selected: The images in order, at least one.
        scored: Their persons.
        worst: Position of the drawn person of each image.
        folder: Folder of the images.

    Returns:
        The figure.

    Raises:
        FileNotFoundError: If an image is missing.
        ValueError: If OpenCV cannot read an image.
    """
    figure, grid = panel_grid(
        len(selected), (2.1, 2.5), (1.0, 0.8), columns=_COLUMNS
    )
    figure.set_dpi(110)
    FigureCanvasAgg(figure)
    persons, links = scored.persons, scored.skeleton.links
    for rank, (axes, one, person) in enumerate(
        zip(grid.flat, selected, worst, strict=False), 1
    ):
        image = read_image(folder / one.entry.name)
        crop, origin = crop_around(image, persons.boxes[person])
        axes.set_axis_off()
        axes.imshow(crop[..., ::-1])
        draw_pose(
            axes,
            persons.keypoints[person] - origin,
            scored.trust[person],
            links,
            scale=0.5,
        )
        height, width = crop.shape[:2]
        axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
        joints = len(scored.skeleton.joints) * len(one.persons)
        axes.set_title(
            f'{rank}: {Path(one.entry.name).name}\n'
            f'{one.expected_wrong:.1f} of {joints} joints',
            fontsize=8,
        )
    add_trust_scale(figure, grid.ravel().tolist(), 'trust')
    add_marks_legend(figure, truth=False)
    figure.suptitle(
        'expected number of wrong joints of the first images', fontsize=11
    )
    return figure


def read_image(path: Path) -> Any:
    """Read an image.

    Args:
        path: Its file.

    Returns:
        ``(H, W, 3)`` BGR array.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If OpenCV cannot read it.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f'--images: expected the image {path}, found nothing there; give '
            'the folder that the names of the images begin in'
        )
    image = cv2.imread(str(path))
    if image is None:
        raise ValueError(
            f'--images: expected an image, found {path}, which OpenCV cannot '
            'read; convert it to JPEG or PNG'
        )
    return image
