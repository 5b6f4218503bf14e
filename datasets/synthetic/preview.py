"""Contact sheets of drawn images with their keypoints."""

import cv2
import numpy as np

from .body import BONES, KEYPOINT_NAMES
from .drawing import Drawing

_LEFT, _RIGHT, _MIDDLE = (60, 200, 60), (40, 110, 255), (235, 200, 60)
_TILE = (484, 484)
_ZOOM = 1.5


def draw_keypoints(drawing: Drawing) -> np.ndarray:
    """Draw keypoints and bones over an image.

    Left is green, right is orange, the middle is light blue; filled dots are
    visible joints, rings are hidden ones.

    Args:
        drawing: Image and annotations.

    Returns:
        BGR image, 1.5 times as large.
    """
    image = cv2.resize(
        drawing.image,
        None,
        fx=_ZOOM,
        fy=_ZOOM,
        interpolation=cv2.INTER_CUBIC,
    )
    for annotation in drawing.annotations:
        triples = np.array(annotation['keypoints']).reshape(-1, 3)
        points = (
            np.rint((triples[:, :2] * _ZOOM + 0.25) * 8).astype(int).tolist()
        )
        shown = triples[:, 2].astype(int).tolist()
        for a, b in BONES:
            if shown[a] and shown[b]:
                color = _bone_color(KEYPOINT_NAMES[a], KEYPOINT_NAMES[b])
                cv2.line(image, points[a], points[b], color, 1, cv2.LINE_AA, 3)
        for name, point, visible in zip(
            KEYPOINT_NAMES, points, shown, strict=True
        ):
            if visible:
                cv2.circle(
                    image,
                    point,
                    24,
                    _side_color(name),
                    -1 if visible == 2 else 1,
                    cv2.LINE_AA,
                    3,
                )
    return image


def contact_sheet(drawings: list[Drawing], columns: int) -> np.ndarray:
    """Arrange drawings with their keypoints in rows.

    Args:
        drawings: At least one drawing.
        columns: Number of images per row, at least 1.

    Returns:
        BGR image, uint8.
    """
    tiles = [_fit(draw_keypoints(drawing)) for drawing in drawings]
    blank = np.full_like(tiles[0], 255)
    tiles += [blank] * (-len(tiles) % columns)
    return np.vstack(
        [
            np.hstack(tiles[i : i + columns])
            for i in range(0, len(tiles), columns)
        ]
    )


def _side_color(name: str) -> tuple[int, int, int]:
    side = name.split('_')[0]
    return {'left': _LEFT, 'right': _RIGHT}.get(side, _MIDDLE)


def _bone_color(start: str, end: str) -> tuple[int, int, int]:
    first, second = _side_color(start), _side_color(end)
    return first if first == second else _MIDDLE


def _fit(image: np.ndarray) -> np.ndarray:
    """Put an image into a tile with a white margin."""
    width, height = _TILE
    top, left = (height - image.shape[0]) // 2, (width - image.shape[1]) // 2
    tile = np.full((height, width, 3), 255, dtype=np.uint8)
    tile[top : top + image.shape[0], left : left + image.shape[1]] = image
    return tile
