"""Draws a person who moves in front of a camera at rest."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.spatial.transform import Rotation

from .body import LIMITS, pose_body
from .choice import Rng
from .pose_sampling import sample_angles, sample_ratios
from .render import observe, paint
from .scene import Scene, SyntheticPerson, sample_scene

_POSE_EVERY = 12  # frames from one sampled pose to the next
_TURN = 25.0  # standard deviation of the yaw of a pose, degrees
_STEP = 0.12  # and of its place, in statures


@dataclass(frozen=True)
class SequenceFrame:
    """One frame of a sequence.

    Attributes:
        image: BGR image of shape (height, width, 3), uint8.
        keypoints: Joints (x, y) in pixels, shape (17, 2).
        visibility: COCO visibility, shape (17,): 2 visible, 1 occluded, 0
            outside the image.
        box: ``(4,)`` box (x1, y1, x2, y2) in pixels around the joints.
    """

    image: np.ndarray
    keypoints: np.ndarray
    visibility: np.ndarray
    box: np.ndarray


def draw_sequence(seed: int, frames: int) -> Iterator[SequenceFrame]:
    """Draw one moving person; the same arguments give the same frames.

    Every 12 frames the person reaches another natural pose, turn and place;
    monotone cubic interpolation moves it in between. Camera, light, objects
    and background stay.

    Args:
        seed: Seed of the sequence.
        frames: Number of frames.

    Yields:
        The frames.

    Example:
        >>> frames = list(draw_sequence(seed=0, frames=2))
        >>> len(frames)
        2
    """
    rng = np.random.default_rng([seed, 0])
    scene = sample_scene(rng)
    stature = scene.persons[0].body.stature
    ratios = sample_ratios(rng)
    middle = scene.persons[0].body.points['pelvis']
    motion = _sample_motion(rng, frames)
    for moment in range(frames):
        angles, yaw, step = motion(moment)
        turn = Rotation.from_euler('y', yaw, degrees=True).as_matrix()
        place = middle + scene.ground.axes @ (step * stature)
        body = pose_body(angles, stature, ratios)
        body = body.moved(scene.ground.axes @ turn, place)
        person = replace(scene.persons[0], body=body)
        yield _draw(scene, person, seed)


class _Motion:
    """Angles, yaw and place at each moment."""

    def __init__(self, times: np.ndarray, values: np.ndarray) -> None:
        self._values = PchipInterpolator(times, values)

    def __call__(self, moment: int) -> tuple[np.ndarray, float, np.ndarray]:
        values = self._values(moment)
        angles = values[:-3].reshape(LIMITS.shape[:2])
        angles = np.clip(angles, LIMITS[..., 0], LIMITS[..., 1])
        step = np.array([values[-2], 0.0, values[-1]])
        return angles, float(values[-3]), step


def _sample_motion(rng: Rng, frames: int) -> _Motion:
    times = np.arange(0, frames + _POSE_EVERY, _POSE_EVERY)
    facing = rng.uniform(-180, 180)
    values = [
        np.concatenate(
            [
                sample_angles(rng)[0].ravel(),
                [facing + _TURN * rng.normal()],
                _STEP * rng.normal(size=2),
            ]
        )
        for _ in times
    ]
    return _Motion(times, np.array(values))


def _draw(scene: Scene, person: SyntheticPerson, seed: int) -> SequenceFrame:
    scene = replace(scene, persons=(person,))
    view = observe(scene)
    # the same generator for each frame: background and texture stay
    image = paint(scene, view.buffers, np.random.default_rng([seed, 1]))
    points = view.keypoints[0]
    margin = 0.1 * np.ptp(points, axis=0).max()
    corners = points.min(0) - margin, points.max(0) + margin
    return SequenceFrame(
        image, points, view.visibility[0], np.concatenate(corners)
    )
