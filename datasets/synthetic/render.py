"""Renders a scene: image, masks of persons and visibility of joints."""

from dataclasses import dataclass

import cv2
import numpy as np

from .background import draw_background, noise_patch
from .body import KEYPOINT_NAMES
from .choice import Rng
from .figure import dress
from .outfit import Material
from .raster import Buffers, PinholeCamera, rasterize
from .scene import FIRST_OBJECT_LABEL, OBJECT_LABELS, Scene, SyntheticPerson

OBJECT_OWNER = 255
_LABELS = FIRST_OBJECT_LABEL + OBJECT_LABELS

_SHIRT_BLUR = 11  # pixels

# Maximal depth of a joint below the surface of its own part, as a fraction of
# stature.
_COVER = {
    'nose': 0.02,
    'eye': 0.02,
    'ear': 0.03,
    'shoulder': 0.075,
    'elbow': 0.045,
    'wrist': 0.04,
    'hip': 0.10,
    'knee': 0.055,
    'ankle': 0.045,
}
_COVERS = np.array([_COVER[name.split('_')[-1]] for name in KEYPOINT_NAMES])


@dataclass(frozen=True)
class RenderedView:
    """Surfaces and joints as the scene's camera sees them.

    Attributes:
        buffers: Depth, label and shade of every pixel.
        owners: Owner of every pixel, shape (height, width), uint8: 0 the
            background, i + 1 the scene's person i, 255 an object.
        joints: Joints in the camera frame, shape (persons, 17, 3), metres.
        keypoints: Joints (x, y) in pixels, shape (persons, 17, 2).
        visibility: COCO visibility, shape (persons, 17): 2 visible, 1
            occluded, 0 outside the image.
    """

    buffers: Buffers
    owners: np.ndarray
    joints: np.ndarray
    keypoints: np.ndarray
    visibility: np.ndarray


def observe(scene: Scene) -> RenderedView:
    """Compute surfaces and visible joints, before any color.

    A joint is visible if nothing lies nearer than the person's own surface
    may lie in front of it.

    Args:
        scene: The scene.

    Returns:
        The view.

    Example:
        >>> from self_verify_pose.datasets.synthetic.scene import sample_scene
        >>> view = observe(sample_scene(np.random.default_rng(0)))
        >>> view.keypoints.shape[1:], view.visibility.shape[1:]
        ((17, 2), (17,))
    """
    shapes = [
        shape
        for i, person in enumerate(scene.persons)
        for shape in dress(person.body, person.outfit, _first_label(i))
    ]
    shapes += scene.objects
    buffers = rasterize(shapes, scene.camera, scene.light)
    owners_of_labels = np.zeros(_LABELS, dtype=np.uint8)
    owners_of_labels[FIRST_OBJECT_LABEL:] = OBJECT_OWNER
    for i in range(len(scene.persons)):
        owners_of_labels[_labels(i)] = i + 1
    owners = owners_of_labels[buffers.label]
    joints = np.array([person.body.keypoints() for person in scene.persons])
    keypoints = scene.camera.project(joints)
    height, width = owners.shape
    columns, rows = np.moveaxis(np.rint(keypoints).astype(int), -1, 0)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    at = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    numbers = 1 + np.arange(len(joints))[:, None]
    own = (owners[at] == numbers) | (owners[at] == 0)
    statures = np.array([[p.body.stature] for p in scene.persons])
    visible = own & (buffers.depth[at] >= joints[..., 2] - _COVERS * statures)
    visibility = np.where(inside, np.where(visible, 2, 1), 0)
    return RenderedView(buffers, owners, joints, keypoints, visibility)


def _first_label(index: int) -> int:
    return 1 + index * len(Material)


def _labels(index: int) -> slice:
    """Return the labels of a person's materials."""
    return slice(_first_label(index), _first_label(index + 1))


def paint(scene: Scene, buffers: Buffers, rng: Rng) -> np.ndarray:
    """Color a scene and its background.

    Args:
        scene: The scene.
        buffers: The scene's buffers, from :func:`observe`.
        rng: Source of randomness of the background and of the textures.

    Returns:
        BGR image of shape (height, width, 3), uint8.

    Example:
        >>> from self_verify_pose.datasets.synthetic.scene import sample_scene
        >>> rng = np.random.default_rng(0)
        >>> scene = sample_scene(rng)
        >>> paint(scene, observe(scene).buffers, rng).dtype
        dtype('uint8')
    """
    camera = scene.camera
    image = draw_background(rng, camera.width, camera.height, scene.horizon)
    image = _cast_shadows(scene, image)
    texture = noise_patch(rng, camera.width, camera.height)
    at = np.flatnonzero(buffers.label)
    labels = buffers.label.ravel()[at]
    shade = _smooth_shirts(buffers, len(scene.persons)).ravel()[at]
    strength = np.float32(rng.uniform(0.0004, 0.002))
    shade *= 1 + strength * (texture.ravel()[at].astype(np.float32) - 128)
    palette = np.zeros((_LABELS, 3), np.float32)
    palette[FIRST_OBJECT_LABEL:] = scene.object_colors
    for i, person in enumerate(scene.persons):
        palette[_labels(i)] = person.outfit.colors
        if person.outfit.stripes:
            material = labels.astype(int) - _first_label(i)
            cloth = np.isin(material, (Material.SHIRT, Material.SLEEVE))
            shade[cloth] *= _stripes(at[cloth], person, scene.camera)
    colors = palette[labels] * shade[:, None]
    image.reshape(-1, 3)[at] = np.clip(colors, 0, 255)
    return _postprocess(image, buffers.label, rng)


def _smooth_shirts(buffers: Buffers, persons: int) -> np.ndarray:
    """Blur the shade inside shirts, where the trunk's ellipsoids meet."""
    shirts = np.zeros(256, dtype=np.float32)
    shirts[[_first_label(i) + Material.SHIRT for i in range(persons)]] = 1
    weight = shirts[buffers.label]
    size = (_SHIRT_BLUR, _SHIRT_BLUR)
    total = cv2.blur(buffers.shade * weight, size)
    share = cv2.blur(weight, size)
    return np.where(weight > 0, total / np.maximum(share, 0.01), buffers.shade)


def _stripes(
    pixels: np.ndarray, person: SyntheticPerson, camera: PinholeCamera
) -> np.ndarray:
    """Return the brightness of stripes across the shirt at flat pixels."""
    rows, columns = np.divmod(pixels, camera.width)
    points = person.body.points
    top, bottom = camera.project(np.array([points['chest'], points['pelvis']]))
    axis = (bottom - top) / max(float(np.hypot(*(bottom - top))), 8.0) ** 2
    phase = (columns - top[0]) * axis[0] + (rows - top[1]) * axis[1]
    dark = np.sin(2 * np.pi * person.outfit.stripes * phase) > 0
    return np.where(dark, 0.62, 1.08).astype(np.float32)


def _cast_shadows(scene: Scene, image: np.ndarray) -> np.ndarray:
    """Darken the ground below the feet."""
    mask = np.full(image.shape[:2], 255, dtype=np.uint8)
    for person in scene.persons:
        points = person.body.points
        for side in ('left', 'right'):
            foot = 0.5 * (points[f'{side}_heel'] + points[f'{side}_toe'])
            foot = scene.ground.below(foot)
            x, y = np.rint(scene.camera.project(foot)).astype(int).tolist()
            scale = scene.camera.focal / foot[2]
            size = int(0.13 * person.body.stature * scale)
            axes = size, max(size // 4, 2)
            cv2.ellipse(mask, (x, y + 2), axes, 0, 0, 360, (120,), -1)
    shadow = cv2.cvtColor(cv2.blur(mask, (9, 5)), cv2.COLOR_GRAY2BGR)
    return cv2.multiply(image, shadow, scale=1 / 255)


def _postprocess(image: np.ndarray, label: np.ndarray, rng: Rng) -> np.ndarray:
    """Smooth the outlines, blur some images, and expose."""
    outline = cv2.morphologyEx(
        label, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)
    )
    smooth = cv2.GaussianBlur(image, (3, 3), 1.1)
    image = cv2.copyTo(smooth, outline, image)
    if rng.random() < 0.3:
        image = cv2.GaussianBlur(image, (5, 5), float(rng.uniform(0.5, 1.1)))
    contrast, brightness = rng.uniform((0.82, -10), (1.12, 8)).tolist()
    return cv2.addWeighted(image, contrast, image, 0.0, brightness)
