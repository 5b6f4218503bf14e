"""Preview sheets of synthetic images with their keypoints."""

import cv2
import numpy as np

from ...skeleton import LINKS
from .body import KEYPOINT_NAMES
from .drawing import SyntheticImage

_LEFT, _RIGHT, _MIDDLE = (60, 200, 60), (40, 110, 255), (235, 200, 60)
_COLORS = [
    {'l': _LEFT, 'r': _RIGHT}.get(name[0], _MIDDLE) for name in KEYPOINT_NAMES
]
_TILE = 484  # pixels
_ZOOM = 1.5
_SHIFT = 3  # fractional bits of the coordinates that OpenCV draws at


def draw_keypoints(synthetic: SyntheticImage) -> np.ndarray:
    """Draw keypoints and bones over an image.

    Left is green, right is orange, the middle is light blue; filled dots are
    visible joints, rings are occluded ones.

    Args:
        synthetic: Image and annotations.

    Returns:
        BGR image, 1.5 times as large.

    Example:
        >>> from self_verify_pose.datasets.synthetic.drawing import draw_scene
        >>> scene = draw_scene(seed=0, split='val', index=0)
        >>> draw_keypoints(scene).shape[0] / scene.image.shape[0]
        1.5
    """
    image = cv2.resize(
        synthetic.image, None, None, _ZOOM, _ZOOM, cv2.INTER_CUBIC
    )
    for annotation in synthetic.annotations:
        triples = np.array(annotation['keypoints']).reshape(-1, 3)
        scaled = (triples[:, :2] * _ZOOM + 0.25) * (1 << _SHIFT)
        points = np.rint(scaled).astype(int).tolist()
        visibility = triples[:, 2].astype(int).tolist()
        style = (cv2.LINE_AA, _SHIFT)
        for a, b in LINKS:
            if visibility[a] and visibility[b]:
                color = _COLORS[a] if _COLORS[a] == _COLORS[b] else _MIDDLE
                cv2.line(image, points[a], points[b], color, 1, *style)
        for point, v, color in zip(points, visibility, _COLORS, strict=True):
            if v:
                thickness = -1 if v == 2 else 1
                cv2.circle(image, point, 24, color, thickness, *style)
    return image


def preview_sheet(images: list[SyntheticImage], columns: int) -> np.ndarray:
    """Arrange images with their keypoints in rows.

    Args:
        images: At least one image.
        columns: Number of images per row, at least 1.

    Returns:
        BGR image, uint8.

    Example:
        >>> from self_verify_pose.datasets.synthetic.drawing import draw_scene
        >>> scene = draw_scene(seed=0, split='val', index=0)
        >>> preview_sheet([scene] * 4, columns=2).dtype
        dtype('uint8')
    """
    rows = -(-len(images) // columns)
    sheet = np.full((rows * _TILE, columns * _TILE, 3), 255, np.uint8)
    for i, synthetic in enumerate(images):
        image = draw_keypoints(synthetic)
        height, width = image.shape[:2]
        top = i // columns * _TILE + (_TILE - height) // 2
        left = i % columns * _TILE + (_TILE - width) // 2
        sheet[top : top + height, left : left + width] = image
    return sheet
