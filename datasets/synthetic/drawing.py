"""Makes one image of the data set from its seed, split and index."""

from dataclasses import dataclass, replace
from itertools import compress
from typing import Any

import cv2
import numpy as np

from .coco_format import Annotation, annotate_person
from .raster import PinholeCamera
from .render import RenderedView, observe, paint
from .scene import Scene, sample_scene

SPLITS = ('train', 'val')

# Minimal visible part of a person; persons with less are removed.
_MIN_PIXELS = 250
_MIN_JOINTS_INSIDE = 6
_MIN_JOINTS_VISIBLE = 4


@dataclass(frozen=True)
class SyntheticImage:
    """An image and its ground truth.

    Attributes:
        image: BGR image of shape (height, width, 3), uint8.
        image_id: COCO image id, unique across splits.
        annotations: COCO annotations, one per person.
        joints: Joints in the camera frame, x right, y down, z away, in
            metres, shape (persons, 17, 3).
        camera: The camera.
    """

    image: np.ndarray
    image_id: int
    annotations: list[Annotation]
    joints: np.ndarray
    camera: PinholeCamera

    @property
    def record(self) -> dict[str, Any]:
        """The image's COCO record."""
        return {
            'id': self.image_id,
            'file_name': f'{self.image_id:012d}.jpg',
            'width': self.camera.width,
            'height': self.camera.height,
            'license': 1,
        }


def draw_scene(seed: int, split: str, index: int) -> SyntheticImage:
    """Make an image; the same arguments give the same image.

    Args:
        seed: Seed of the data set, not negative.
        split: ``'train'`` or ``'val'``.
        index: Number of the image in its split, from 0.

    Returns:
        The image with its annotations and 3-D joints.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> scene = draw_scene(seed=0, split='val', index=0)
        >>> len(scene.annotations) == len(scene.joints)
        True
    """
    if split not in SPLITS or seed < 0 or not 0 <= index < 1_000_000:
        raise ValueError(
            f'expected split in {SPLITS}, seed >= 0 and 0 <= index < 1000000, '
            f'found split={split!r}, seed={seed}, index={index}'
        )
    number = SPLITS.index(split)
    rng = np.random.default_rng(
        np.random.SeedSequence(seed, spawn_key=(number, index))
    )
    scene, view = _sample_visible(rng)
    image_id = (number + 1) * 1_000_000 + index
    annotations = [
        annotate_person(
            image_id * 10 + i,
            image_id,
            view.owners == i + 1,
            view.keypoints[i],
            view.visibility[i],
        )
        for i in range(len(scene.persons))
    ]
    image = paint(scene, view.buffers, rng)
    return SyntheticImage(
        image, image_id, annotations, view.joints, scene.camera
    )


def encode_jpeg(image: np.ndarray) -> bytes:
    """Encode an image.

    Args:
        image: BGR image of shape (height, width, 3), uint8.

    Returns:
        The JPEG file's content.

    Example:
        >>> encode_jpeg(np.zeros((8, 8, 3), np.uint8))[:2].hex()
        'ffd8'
    """
    quality = [cv2.IMWRITE_JPEG_QUALITY, 90]
    return cv2.imencode('.jpg', image, quality)[1].tobytes()


def _sample_visible(rng: np.random.Generator) -> tuple[Scene, RenderedView]:
    """Sample scenes until one shows a person; remove hidden persons."""
    while True:
        scene = sample_scene(rng)
        while scene.persons:
            view = observe(scene)
            keep = _is_visible(view)
            if all(keep):
                return scene, view
            persons = tuple(compress(scene.persons, keep))
            scene = replace(scene, persons=persons)


def _is_visible(view: RenderedView) -> list[bool]:
    return [
        np.count_nonzero(view.owners == i + 1) >= _MIN_PIXELS
        and np.count_nonzero(visibility) >= _MIN_JOINTS_INSIDE
        and np.count_nonzero(visibility == 2) >= _MIN_JOINTS_VISIBLE
        for i, visibility in enumerate(view.visibility)
    ]
