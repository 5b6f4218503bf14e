"""Draws a scene: image, masks of people and visibility of joints."""

from dataclasses import dataclass

import cv2
import numpy as np

from .background import draw_background, noise_patch
from .body import KEYPOINT_NAMES
from .figure import dress
from .outfit import Material
from .raster import Buffers, empty_buffers, fill_box, rasterize
from .scene import FIRST_OBJECT_LABEL, OBJECT_LABELS, Person, Scene
from .shapes import concatenate

OBJECT_OWNER = 255

_SHIRT_BLUR = 11  # pixels

# How far, as a fraction of stature, a joint lies inside the body at most when
# its own part is the nearest surface.
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
class View:
    """What a scene's camera sees.

    Attributes:
        buffers: Depth, label and shade of every pixel.
        owners: Owner of every pixel, shape (height, width), uint8: 0 the
            background, i + 1 the scene's person i, 255 an object.
        joints: Joints in the camera frame, shape (people, 17, 3), metres.
        keypoints: Joints (x, y) in pixels, shape (people, 17, 2).
        visibility: COCO visibility, shape (people, 17): 2 seen, 1 hidden by
            something, 0 outside the image.
    """

    buffers: Buffers
    owners: np.ndarray
    joints: np.ndarray
    keypoints: np.ndarray
    visibility: np.ndarray


def observe(scene: Scene) -> View:
    """Work out what is seen, before any color.

    Args:
        scene: What to look at.

    Returns:
        The view.
    """
    buffers = _draw_solids(scene)
    owners = _owner_table(len(scene.people))[buffers.label]
    joints = np.array([person.body.keypoints() for person in scene.people])
    keypoints = scene.camera.project(joints)
    visibility = [
        joint_visibility(
            keypoints[i],
            joints[i, :, 2],
            _COVERS * person.body.stature,
            i + 1,
            buffers.depth,
            owners,
        )
        for i, person in enumerate(scene.people)
    ]
    return View(buffers, owners, joints, keypoints, np.array(visibility))


def joint_visibility(
    keypoints: np.ndarray,
    depths: np.ndarray,
    covers: np.ndarray,
    owner: int,
    depth_map: np.ndarray,
    owners: np.ndarray,
) -> np.ndarray:
    """Tell which joints of a person are seen.

    Args:
        keypoints: Joints (x, y) in pixels, shape (17, 2).
        depths: Depths of the joints in metres, shape (17,).
        covers: How far in front of a visible joint its own surface may lie,
            in metres, shape (17,).
        owner: The person's value in ``owners``.
        depth_map: Depth of the nearest surface, shape (height, width).
        owners: Owner of every pixel, shape (height, width).

    Returns:
        COCO visibility of shape (17,): 2 seen, 1 hidden, 0 outside.
    """
    height, width = depth_map.shape
    columns, rows = np.rint(keypoints).astype(int).T
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    at = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    own = (owners[at] == owner) | (owners[at] == 0)
    seen = own & (depth_map[at] >= depths - covers)
    return np.where(inside, np.where(seen, 2, 1), 0)


def _first_label(index: int) -> int:
    return 1 + index * len(Material)


def _owner_table(people: int) -> np.ndarray:
    table = np.zeros(FIRST_OBJECT_LABEL + OBJECT_LABELS, dtype=np.uint8)
    for i in range(people):
        table[_first_label(i) : _first_label(i + 1)] = i + 1
    table[FIRST_OBJECT_LABEL:] = OBJECT_OWNER
    return table


def _draw_solids(scene: Scene) -> Buffers:
    buffers = empty_buffers(scene.camera.width, scene.camera.height)
    parts = [
        dress(person.body, person.outfit, _first_label(i))
        for i, person in enumerate(scene.people)
    ]
    shapes = concatenate([*parts, scene.objects])
    rasterize(shapes, scene.camera, scene.light, buffers)
    for box in scene.boxes:
        fill_box(box.corners, box.depth, box.label, buffers)
    return buffers


def paint(
    scene: Scene, buffers: Buffers, rng: np.random.Generator
) -> np.ndarray:
    """Photograph a scene.

    Args:
        scene: What to draw.
        buffers: The scene's buffers, from :func:`observe`.
        rng: Source of randomness of the background and of the textures.

    Returns:
        BGR image of shape (height, width, 3), uint8.
    """
    camera = scene.camera
    image = draw_background(rng, camera.width, camera.height, scene.horizon)
    image = _cast_shadows(scene, image)
    texture = noise_patch(rng, camera.width, camera.height)
    at = np.flatnonzero(buffers.label)
    labels = buffers.label.ravel()[at]
    shade = _smooth_shirts(buffers, len(scene.people)).ravel()[at]
    strength = np.float32(rng.uniform(0.0004, 0.002))
    shade *= 1 + strength * (texture.ravel()[at].astype(np.float32) - 128)
    for i, person in enumerate(scene.people):
        if person.outfit.stripes:
            _stripe(shade, at, labels, i, person, scene)
    colors = _palette(scene)[labels] * shade[:, None]
    image.reshape(-1, 3)[at] = np.clip(colors, 0, 255)
    return _photograph(image, buffers.label, rng)


def _palette(scene: Scene) -> np.ndarray:
    colors = np.zeros((FIRST_OBJECT_LABEL + OBJECT_LABELS, 3), np.float32)
    for i, person in enumerate(scene.people):
        colors[_first_label(i) : _first_label(i + 1)] = person.outfit.colors
    colors[FIRST_OBJECT_LABEL:] = scene.object_colors
    return colors


def _smooth_shirts(buffers: Buffers, people: int) -> np.ndarray:
    """Blur the shade inside shirts, where the trunk's ellipsoids meet."""
    shirts = np.zeros(256, dtype=np.float32)
    shirts[[_first_label(i) + Material.SHIRT for i in range(people)]] = 1
    weight = shirts[buffers.label]
    size = (_SHIRT_BLUR, _SHIRT_BLUR)
    total = cv2.blur(buffers.shade * weight, size)
    share = cv2.blur(weight, size)
    return np.where(weight > 0, total / np.maximum(share, 0.01), buffers.shade)


def _stripe(
    shade: np.ndarray,
    at: np.ndarray,
    labels: np.ndarray,
    index: int,
    person: Person,
    scene: Scene,
) -> None:
    """Darken every other stripe across the shirt."""
    first = _first_label(index)
    cloth = (labels == first + Material.SHIRT) | (
        labels == first + Material.SLEEVE
    )
    rows, columns = np.divmod(at[cloth], scene.camera.width)
    top, bottom = scene.camera.project(
        np.array([person.body.points['chest'], person.body.points['pelvis']])
    )
    axis = (bottom - top) / max(float(np.hypot(*(bottom - top))), 8.0) ** 2
    phase = (columns - top[0]) * axis[0] + (rows - top[1]) * axis[1]
    dark = np.sin(2 * np.pi * person.outfit.stripes * phase) > 0
    shade[cloth] *= np.where(dark, 0.62, 1.08).astype(np.float32)


def _cast_shadows(scene: Scene, image: np.ndarray) -> np.ndarray:
    """Darken the ground below the feet."""
    mask = np.full(image.shape[:2], 255, dtype=np.uint8)
    for person in scene.people:
        points = person.body.points
        for side in ('left', 'right'):
            foot = 0.5 * (points[f'{side}_heel'] + points[f'{side}_toe'])
            foot = scene.ground.below(foot)
            x, y = np.rint(scene.camera.project(foot)).astype(int).tolist()
            size = int(
                0.13 * person.body.stature * scene.camera.focal / foot[2]
            )
            cv2.ellipse(
                mask, (x, y + 2), (size, max(size // 4, 2)), 0, 0, 360, 120, -1
            )
    mask = cv2.blur(mask, (9, 5))
    return cv2.multiply(image, cv2.merge([mask] * 3), scale=1 / 255)


def _photograph(
    image: np.ndarray, label: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
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
