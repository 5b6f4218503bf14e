"""Writes persons as COCO person keypoint annotations.

The format is COCO's (https://cocodataset.org/#format-data): keypoints are
(x, y, visibility) triples, visibility 0 with x = y = 0 for joints outside the
image, boxes are [x, y, width, height] in pixels.
"""

from typing import Any

import cv2
import numpy as np

from ...skeleton import LINKS
from .body import KEYPOINT_NAMES

Annotation = dict[str, Any]

_CC0 = 'https://creativecommons.org/publicdomain/zero/1.0/'
_DECIMALS = 3


def annotate_person(
    annotation_id: int,
    image_id: int,
    mask: np.ndarray,
    keypoints: np.ndarray,
    visibility: np.ndarray,
) -> Annotation:
    """Build one person's annotation.

    Args:
        annotation_id: Id of the annotation.
        image_id: Id of the image.
        mask: Visible pixels of the person, shape (height, width), bool, at
            least one of them set.
        keypoints: Joints (x, y) in pixels, shape (17, 2).
        visibility: COCO visibility, shape (17,).

    Returns:
        The annotation, with tight box, area, polygons and keypoints.

    Example:
        >>> mask = np.zeros((20, 30), bool)
        >>> mask[5:15, 10:14] = True
        >>> person = annotate_person(
        ...     7, 1, mask, np.zeros((17, 2)), np.zeros(17, int)
        ... )
        >>> person['bbox'], person['num_keypoints']
        ([10, 5, 4, 10], 0)
    """
    pixels = mask.astype(np.uint8)
    labeled = visibility > 0
    points = keypoints.round(_DECIMALS) * labeled[:, None] + 0.0  # no -0.0
    return {
        'id': annotation_id,
        'image_id': image_id,
        'category_id': 1,
        'iscrowd': 0,
        'bbox': list(cv2.boundingRect(pixels)),
        'area': int(np.count_nonzero(mask)),
        'segmentation': _polygons(pixels),
        'num_keypoints': int(labeled.sum()),
        'keypoints': [
            value
            for (x, y), v in zip(points.tolist(), visibility, strict=True)
            for value in (x, y, int(v))
        ],
    }


def assemble(
    images: list[dict[str, Any]], annotations: list[Annotation], about: str
) -> dict[str, Any]:
    """Build a COCO annotation file.

    Args:
        images: COCO image records.
        annotations: Annotations of all images.
        about: Description for ``info``.

    Returns:
        The content of the file.

    Example:
        >>> sorted(assemble([], [], 'drawn persons'))
        ['annotations', 'categories', 'images', 'info', 'licenses']
    """
    person = {
        'id': 1,
        'name': 'person',
        'supercategory': 'person',
        'keypoints': list(KEYPOINT_NAMES),
        'skeleton': [[a + 1, b + 1] for a, b in LINKS],
    }
    return {
        'info': {'description': about, 'version': '1.0'},
        'licenses': [{'id': 1, 'name': 'CC0 1.0', 'url': _CC0}],
        'categories': [person],
        'images': images,
        'annotations': annotations,
    }


def _polygons(pixels: np.ndarray) -> list[list[int]]:
    """Outline a mask; a part one pixel thick becomes its box."""
    contours, _ = cv2.findContours(
        pixels, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    return [
        c.ravel().tolist() if len(c) >= 3 else _corners(*cv2.boundingRect(c))
        for c in contours
    ]


def _corners(x: int, y: int, width: int, height: int) -> list[int]:
    right, bottom = x + width, y + height
    return [x, y, right, y, right, bottom, x, bottom]
