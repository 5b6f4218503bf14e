"""Random scenes: a camera, persons on a common ground, and objects.

Convention: the camera frame has x right, y down and z away from the camera, in
metres. A person who faces the camera (yaw 0) has the left side at larger x.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from .body import ArticulatedBody, pose_body
from .choice import Rng, pick
from .outfit import Material, Outfit, sample_outfit
from .pose_sampling import sample_angles, sample_ratios
from .raster import Capsule, Ellipsoid, PinholeCamera, Rectangle, Shape

MAX_PERSONS = 4
FIRST_OBJECT_LABEL = 1 + MAX_PERSONS * len(Material)
OBJECT_LABELS = 12

_IMAGE_SIZES = {(320, 256): 0.6, (256, 320): 0.2, (288, 288): 0.2}
_PERSONS = {1: 0.46, 2: 0.28, 3: 0.16, 4: 0.10}
# Pixels that a standing person would measure, by number of persons.
_HEIGHT_PX = ((140, 240), (120, 215), (105, 190), (95, 170))
_OCCLUDER_CHANCE = 0.4


@dataclass(frozen=True)
class SyntheticPerson:
    """A person in the scene.

    Attributes:
        body: Posed body in the camera frame, metres.
        outfit: Appearance.
        base: Base of the legs, as in :mod:`~.pose_sampling`.
    """

    body: ArticulatedBody
    outfit: Outfit
    base: str


@dataclass(frozen=True)
class Ground:
    """The plane that the persons stand on.

    Attributes:
        axes: World axes (left, up, toward the camera) as columns in the
            camera frame, shape (3, 3).
        height: Height of the plane along the up axis from the camera, metres.
    """

    axes: np.ndarray
    height: float

    @property
    def up(self) -> np.ndarray:
        """Unit vector upwards in the camera frame, shape (3,)."""
        return self.axes[:, 1]

    def below(self, point: np.ndarray) -> np.ndarray:
        """Project a point onto the plane, along the up axis.

        Args:
            point: Point of shape (3,), metres.

        Returns:
            Point of shape (3,) on the plane.
        """
        return point + self.up * (self.height - float(self.up @ point))


@dataclass(frozen=True)
class Scene:
    """Content of an image except the background.

    Attributes:
        camera: The camera.
        light: Unit vector toward the light, shape (3,).
        ground: The plane that the persons stand on.
        horizon: Row of the ground's horizon in pixels.
        persons: One to four persons.
        objects: Shapes of objects, labeled from ``FIRST_OBJECT_LABEL``.
        object_colors: BGR colors of the objects' labels, shape (12, 3).
    """

    camera: PinholeCamera
    light: np.ndarray
    ground: Ground
    horizon: float
    persons: tuple[SyntheticPerson, ...]
    objects: tuple[Shape, ...]
    object_colors: np.ndarray


def sample_scene(rng: Rng) -> Scene:
    """Sample a random scene.

    Args:
        rng: Source of randomness.

    Returns:
        The scene.

    Example:
        >>> scene = sample_scene(np.random.default_rng(0))
        >>> len(scene.persons) > 0
        True
    """
    width, height = pick(rng, _IMAGE_SIZES)
    focal = float(rng.uniform(1.2, 2.2) * max(width, height))
    center = (width - 1) / 2, (height - 1) / 2
    camera = PinholeCamera(width, height, focal, center)
    pitch = np.deg2rad(np.clip(rng.normal(6, 9), -12, 32))
    roll = np.deg2rad(rng.normal(0, 2.5))
    # From world axes (left, up, toward the camera) to camera axes.
    view = Rotation.from_euler('ZX', (roll, pitch)).as_matrix()
    persons, ground = _place_persons(rng, camera, view * (1, -1, -1))
    objects: list[Shape] = []
    for person in persons:
        if person.base == 'sit':
            objects += _seat(person.body, ground, FIRST_OBJECT_LABEL)
    label = FIRST_OBJECT_LABEL + 1
    while rng.random() < _OCCLUDER_CHANCE and label < FIRST_OBJECT_LABEL + 4:
        target = persons[rng.integers(len(persons))].body
        objects += _occluder(rng, camera, target, ground, label)
        label += 1
    light = np.array([rng.uniform(-1, 1), rng.uniform(-1.2, -0.2), -0.9])
    return Scene(
        camera=camera,
        light=light / np.linalg.norm(light),
        ground=ground,
        horizon=camera.center[1] - focal * float(np.tan(pitch)),
        persons=tuple(persons),
        objects=tuple(objects),
        object_colors=rng.uniform(30, 225, (OBJECT_LABELS, 1))
        + rng.uniform(-30, 30, (OBJECT_LABELS, 3)),
    )


def _sample_yaw(rng: Rng) -> float:
    """Sample a turn about the vertical in radians; 0 faces the camera."""
    kind = rng.random()
    if kind < 0.5:
        return float(np.deg2rad(rng.normal(0, 32)))
    if kind < 0.68:
        return float(np.deg2rad(180 + rng.normal(0, 28)))
    return float(rng.uniform(-np.pi, np.pi))


def _place_persons(
    rng: Rng, camera: PinholeCamera, rotation: np.ndarray
) -> tuple[list[SyntheticPerson], Ground]:
    """Put persons on one ground; the first one defines its height."""
    count = pick(rng, _PERSONS)
    persons: list[SyntheticPerson] = []
    spots: list[tuple[float, float, float]] = []
    ground = Ground(rotation, 0.0)
    for _ in range(4 * count):
        angles, base = sample_angles(rng)
        stature = float(np.clip(rng.normal(1.7, 0.12), 1.3, 2.0))
        body = pose_body(angles, stature, sample_ratios(rng))
        outfit = sample_outfit(rng)
        tall = rng.uniform(*_HEIGHT_PX[count - 1])
        column = _sample_column(rng, camera.width)
        depth = camera.focal * stature / tall
        yaw = _sample_yaw(rng)
        spot = (column, tall, depth)
        if any(_collides(spot, other) for other in spots):
            continue
        across = (column - camera.center[0]) / camera.focal
        place = np.array([across * depth, 0.0, depth])
        lowest = min(point[1] for point in body.points.values())
        if not persons:
            row = _sample_row(rng, camera.height)
            place[1] = depth * (row - camera.center[1]) / camera.focal
            ground = Ground(rotation, float(ground.up @ place) + lowest)
        else:
            # The lowest point touches the ground: up . place is known.
            level = ground.height - lowest - float(ground.up @ place)
            place[1] = level / ground.up[1]
            if not 0.05 < camera.project(place)[1] / camera.height < 0.95:
                continue
        turn = Rotation.from_euler('y', yaw).as_matrix()
        body = body.moved(rotation @ turn, place)
        persons.append(SyntheticPerson(body, outfit, base))
        spots.append(spot)
        if len(persons) == count:
            break
    return persons, ground


def _sample_column(rng: Rng, width: int) -> float:
    """Sample a person's column; one in eight stands at the border."""
    if rng.random() < 0.125:
        return float(rng.integers(2) + rng.normal(0, 0.04)) * width
    return float(rng.uniform(0.14, 0.86)) * width


def _sample_row(rng: Rng, height: int) -> float:
    """Sample the first person's pelvis row; some are cut off below."""
    if rng.random() < 0.15:
        return float(rng.uniform(0.66, 0.9)) * height
    return float(rng.normal(0.52, 0.04)) * height


def _collides(
    spot: tuple[float, float, float], other: tuple[float, float, float]
) -> bool:
    """Tell whether two persons intersect or hide one another."""
    apart = abs(spot[0] - other[0]) / (0.5 * (spot[1] + other[1]))
    return apart < 0.15 or (apart < 0.55 and abs(spot[2] - other[2]) < 0.6)


def _seat(body: ArticulatedBody, ground: Ground, label: int) -> list[Shape]:
    """Return a stool under a sitting person."""
    unit = body.stature
    hips = body.points['pelvis'] - ground.up * (0.095 * unit)
    semi_axes = (0.13 * unit, 0.02 * unit, 0.13 * unit)
    shapes: list[Shape] = [Ellipsoid(hips, ground.axes * semi_axes, label)]
    for x, z in ((-0.09, -0.05), (0.09, -0.05), (0.0, 0.09)):
        top = hips + ground.axes @ (x * unit, 0.0, z * unit)
        radii = 0.012 * unit, 0.010 * unit
        shapes.append(Capsule(top, ground.below(top), radii, label))
    return shapes


def _occluder(
    rng: Rng,
    camera: PinholeCamera,
    target: ArticulatedBody,
    ground: Ground,
    label: int,
) -> list[Shape]:
    """Return an object in front of a person."""
    unit = target.stature
    place = target.points['pelvis'] * rng.uniform(0.62, 0.82)
    place = place + np.array([rng.normal(0, 0.16) * unit, 0.0, 0.0])
    floor = ground.below(place)
    kind = rng.integers(4)
    if kind == 0:  # a pole
        thick = rng.uniform(0.02, 0.045) * unit
        top = floor + ground.up * (rng.uniform(0.7, 1.8) * unit)
        return [Capsule(floor, top, (thick, thick), label)]
    if kind == 1:  # a ball
        size = rng.uniform(0.05, 0.12) * unit
        center = place + ground.up * (rng.uniform(-0.35, 0.3) * unit)
        return [Ellipsoid(center, np.eye(3) * size, label)]
    if kind == 2:  # a bush
        shapes: list[Shape] = []
        for shift in rng.normal(0, 0.08, (6, 3)) * unit:
            axes = np.diag(rng.uniform(0.05, 0.1, 3) * unit)
            lift = ground.up * (rng.uniform(0.04, 0.16) * unit)
            shapes.append(Ellipsoid(floor + lift + shift, axes, label))
        return shapes
    scale = camera.focal / floor[2] * unit  # a box
    x, y = camera.project(floor).tolist()
    wide, tall = rng.uniform((0.12, 0.12), (0.4, 0.38)) * scale
    corners = (int(x - wide / 2), int(y - tall), int(x + wide / 2), int(y))
    return [Rectangle(corners, float(floor[2]), label)]
