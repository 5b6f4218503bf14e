"""Draws one image of the data set from its seed, split and index."""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from .coco_format import Annotation, annotate_person
from .raster import Camera
from .render import View, observe, paint
from .scene import Scene, sample_scene

SPLITS = ('train', 'val')

# Less of a person than this is not worth a label: the person is left out.
_MIN_PIXELS = 250
_MIN_JOINTS_INSIDE = 6
_MIN_JOINTS_SEEN = 4


@dataclass(frozen=True)
class Drawing:
    """An image and its truth.

    Attributes:
        image: BGR image of shape (height, width, 3), uint8.
        image_id: COCO image id, unique across splits.
        annotations: COCO annotations, one per person.
        joints: Joints in the camera frame, x right, y down, z away, in
            metres, shape (people, 17, 3).
        camera: The camera.
    """

    image: np.ndarray
    image_id: int
    annotations: list[Annotation]
    joints: np.ndarray
    camera: Camera

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


def draw_scene(seed: int, split: str, index: int) -> Drawing:
    """Draw an image; the same arguments give the same image.

    Args:
        seed: Seed of the data set, not negative.
        split: ``'train'`` or ``'val'``.
        index: Number of the image in its split, from 0.

    Returns:
        The image with its annotations and 3-D joints.

    Raises:
        ValueError: If an argument is out of range.
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
        for i in range(len(scene.people))
    ]
    image = paint(scene, view.buffers, rng)
    return Drawing(image, image_id, annotations, view.joints, scene.camera)


def encode_jpeg(image: np.ndarray) -> bytes:
    """Encode an image.

    Args:
        image: BGR image of shape (height, width, 3), uint8.

    Returns:
        The JPEG file's content.
    """
    _, data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return data.tobytes()


def _sample_visible(rng: np.random.Generator) -> tuple[Scene, View]:
    """Draw scenes until one shows somebody; leave out who is hidden."""
    while True:
        scene = sample_scene(rng)
        while scene.people:
            view = observe(scene)
            keep = _worth_labeling(view)
            if all(keep):
                return scene, view
            people = zip(scene.people, keep, strict=True)
            scene = replace(scene, people=tuple(p for p, ok in people if ok))


def _worth_labeling(view: View) -> list[bool]:
    return [
        np.count_nonzero(view.owners == i + 1) >= _MIN_PIXELS
        and np.count_nonzero(visibility) >= _MIN_JOINTS_INSIDE
        and np.count_nonzero(visibility == 2) >= _MIN_JOINTS_SEEN
        for i, visibility in enumerate(view.visibility)
    ]
