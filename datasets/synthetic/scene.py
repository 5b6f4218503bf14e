"""Random scenes: a camera, people on a common ground, and objects.

Convention: the camera frame has x right, y down and z away from the camera, in
metres. A person who faces the camera (yaw 0) has the left side at larger x.
"""

from dataclasses import dataclass

import numpy as np

from .body import Body, pose_body
from .choice import pick
from .outfit import Material, Outfit, sample_outfit
from .pose_sampling import sample_angles, sample_ratios
from .raster import Camera
from .shapes import ShapeList, Shapes

MAX_PEOPLE = 4
FIRST_OBJECT_LABEL = 1 + MAX_PEOPLE * len(Material)
OBJECT_LABELS = 12

_IMAGE_SIZES = {(320, 256): 0.6, (256, 320): 0.2, (288, 288): 0.2}
_PEOPLE = {1: 0.46, 2: 0.28, 3: 0.16, 4: 0.10}
# Pixels that a standing person would measure, by number of people.
_HEIGHT_PX = ((140, 240), (120, 215), (105, 190), (95, 170))
_OCCLUDER_CHANCE = 0.4


@dataclass(frozen=True)
class Person:
    """A person in the scene.

    Attributes:
        body: Posed body in the camera frame, metres.
        outfit: Looks.
        angles: Joint angles of shape (13, 3) in degrees.
    """

    body: Body
    outfit: Outfit
    angles: np.ndarray


@dataclass(frozen=True)
class Box:
    """An upright box that faces the camera.

    Attributes:
        corners: Left, top, right, bottom in pixels, the last two exclusive.
        depth: Depth in metres.
        label: Label of its pixels.
    """

    corners: tuple[int, int, int, int]
    depth: float
    label: int


@dataclass(frozen=True)
class Ground:
    """The plane that people stand on.

    Attributes:
        axes: World axes (left, up, toward the camera) as columns in the
            camera frame, shape (3, 3).
        height: Height of the plane along the up axis, seen from the camera,
            metres.
    """

    axes: np.ndarray
    height: float

    @property
    def up(self) -> np.ndarray:
        """Unit vector upwards in the camera frame, shape (3,)."""
        return self.axes[:, 1]

    def below(self, point: np.ndarray) -> np.ndarray:
        """Drop a point of shape (3,) onto the plane."""
        return point + self.up * (self.height - float(self.up @ point))


@dataclass(frozen=True)
class Scene:
    """Everything that can be seen except the background.

    Attributes:
        camera: The camera.
        light: Unit vector toward the light, shape (3,).
        ground: The plane that people stand on.
        horizon: Row of the ground's horizon in pixels.
        people: One to four people.
        objects: Objects, labeled from ``FIRST_OBJECT_LABEL``.
        boxes: Boxes in front of people.
        object_colors: BGR colors of the objects' labels, shape (12, 3).
    """

    camera: Camera
    light: np.ndarray
    ground: Ground
    horizon: float
    people: tuple[Person, ...]
    objects: Shapes
    boxes: tuple[Box, ...]
    object_colors: np.ndarray


def sample_scene(rng: np.random.Generator) -> Scene:
    """Draw a random scene.

    Args:
        rng: Source of randomness.

    Returns:
        The scene.
    """
    width, height = pick(rng, _IMAGE_SIZES)
    focal = float(rng.uniform(1.2, 2.2) * max(width, height))
    camera = Camera(width, height, focal, ((width - 1) / 2, (height - 1) / 2))
    pitch = np.deg2rad(np.clip(rng.normal(6, 9), -12, 32))
    rotation = _view_rotation(pitch, np.deg2rad(rng.normal(0, 2.5)))
    people, ground = _place_people(rng, camera, rotation)
    shapes, boxes = ShapeList(), []
    for person, base in people:
        if base == 'sit':
            _add_seat(shapes, person.body, ground, FIRST_OBJECT_LABEL)
    persons = tuple(person for person, _ in people)
    label = FIRST_OBJECT_LABEL + 1
    while rng.random() < _OCCLUDER_CHANCE and label < FIRST_OBJECT_LABEL + 4:
        target = persons[rng.integers(len(persons))].body
        boxes += _add_occluder(rng, shapes, camera, target, ground, label)
        label += 1
    light = np.array([rng.uniform(-1, 1), rng.uniform(-1.2, -0.2), -0.9])
    return Scene(
        camera=camera,
        light=light / np.linalg.norm(light),
        ground=ground,
        horizon=camera.center[1] - focal * float(np.tan(pitch)),
        people=persons,
        objects=shapes.build(),
        boxes=tuple(boxes),
        object_colors=rng.uniform(30, 225, (OBJECT_LABELS, 1))
        + rng.uniform(-30, 30, (OBJECT_LABELS, 3)),
    )


def _view_rotation(pitch: float, roll: float) -> np.ndarray:
    """Rotate world axes (left, up, toward the camera) into camera axes."""
    cp, sp, cr, sr = np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    tilt = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    turn = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return turn @ tilt @ np.diag([1.0, -1.0, -1.0])


def _sample_yaw(rng: np.random.Generator) -> float:
    """Draw a turn about the vertical in radians; 0 faces the camera."""
    kind = rng.random()
    if kind < 0.5:
        return float(np.deg2rad(rng.normal(0, 32)))
    if kind < 0.68:
        return float(np.deg2rad(180 + rng.normal(0, 28)))
    return float(rng.uniform(-np.pi, np.pi))


def _sample_body(rng: np.random.Generator) -> tuple[Body, np.ndarray, str]:
    angles, base = sample_angles(rng)
    stature = float(np.clip(rng.normal(1.7, 0.12), 1.3, 2.0))
    return pose_body(angles, stature, sample_ratios(rng)), angles, base


def _place_people(
    rng: np.random.Generator, camera: Camera, rotation: np.ndarray
) -> tuple[list[tuple[Person, str]], Ground]:
    """Put people on one ground; the first one defines its height."""
    wanted = pick(rng, _PEOPLE)
    people: list[tuple[Person, str]] = []
    spots: list[tuple[float, float, float]] = []
    ground = None
    for _ in range(4 * wanted):
        body, angles, base = _sample_body(rng)
        outfit = sample_outfit(rng)
        tall = rng.uniform(*_HEIGHT_PX[wanted - 1])
        column = _sample_column(rng, camera.width)
        depth = camera.focal * body.stature / tall
        yaw = _sample_yaw(rng)
        if any(_collides((column, tall, depth), spot) for spot in spots):
            continue
        across = (column - camera.center[0]) / camera.focal
        place = np.array([across * depth, 0.0, depth])
        lowest = min(point[1] for point in body.points.values())
        if ground is None:
            row = _sample_row(rng, camera.height)
            place[1] = depth * (row - camera.center[1]) / camera.focal
            ground = Ground(rotation, float(rotation[:, 1] @ place) + lowest)
        else:
            # The lowest point touches the ground: up . place is known.
            level = ground.height - lowest - float(ground.up @ place)
            place[1] = level / ground.up[1]
            row = camera.project(place)[1] / camera.height
            if not 0.05 < row < 0.95:
                continue
        turned = rotation @ _yaw_rotation(yaw)
        people.append(
            (Person(body.moved(turned, place), outfit, angles), base)
        )
        spots.append((column, tall, depth))
        if len(people) == wanted:
            break
    return people, ground


def _yaw_rotation(yaw: float) -> np.ndarray:
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def _sample_column(rng: np.random.Generator, width: int) -> float:
    """Draw a person's column; one in eight stands at the border."""
    if rng.random() < 0.125:
        return float(rng.integers(2) + rng.normal(0, 0.04)) * width
    return float(rng.uniform(0.14, 0.86)) * width


def _sample_row(rng: np.random.Generator, height: int) -> float:
    """Draw the first person's pelvis row; some are cut off below."""
    if rng.random() < 0.15:
        return float(rng.uniform(0.66, 0.9)) * height
    return float(rng.normal(0.52, 0.04)) * height


def _collides(
    spot: tuple[float, float, float], other: tuple[float, float, float]
) -> bool:
    """Tell whether two people stand in one another or hide one another."""
    apart = abs(spot[0] - other[0]) / (0.5 * (spot[1] + other[1]))
    return apart < 0.15 or (apart < 0.55 and abs(spot[2] - other[2]) < 0.6)


def _add_seat(
    shapes: ShapeList, body: Body, ground: Ground, label: int
) -> None:
    """Add a stool under a sitting person."""
    unit = body.stature
    hips = body.points['pelvis'] - ground.up * (0.095 * unit)
    shapes.ellipsoid(
        hips, ground.axes, (0.13 * unit, 0.02 * unit, 0.13 * unit), label
    )
    for x, z in ((-0.09, -0.05), (0.09, -0.05), (0.0, 0.09)):
        top = hips + ground.axes @ (x * unit, 0.0, z * unit)
        shapes.capsule(
            top, ground.below(top), (0.012 * unit, 0.010 * unit), label
        )


def _add_occluder(
    rng: np.random.Generator,
    shapes: ShapeList,
    camera: Camera,
    target: Body,
    ground: Ground,
    label: int,
) -> list[Box]:
    """Add an object in front of a person; boxes are returned."""
    unit = target.stature
    place = target.points['pelvis'] * rng.uniform(0.62, 0.82)
    place = place + np.array([rng.normal(0, 0.16) * unit, 0.0, 0.0])
    floor = ground.below(place)
    kind = rng.integers(4)
    if kind == 0:  # a pole
        thick = rng.uniform(0.02, 0.045) * unit
        top = floor + ground.up * (rng.uniform(0.7, 1.8) * unit)
        shapes.capsule(floor, top, (thick, thick), label)
    elif kind == 1:  # a ball
        size = rng.uniform(0.05, 0.12) * unit
        at = place + ground.up * (rng.uniform(-0.35, 0.3) * unit)
        shapes.ellipsoid(at, np.eye(3), (size, size, size), label)
    elif kind == 2:  # a bush
        for shift in rng.normal(0, 0.08, (6, 3)) * unit:
            size = tuple(rng.uniform(0.05, 0.1, 3) * unit)
            lift = ground.up * (rng.uniform(0.04, 0.16) * unit)
            shapes.ellipsoid(floor + lift + shift, np.eye(3), size, label)
    else:  # a box
        scale = camera.focal / floor[2] * unit
        x, y = camera.project(floor).tolist()
        wide, tall = rng.uniform((0.12, 0.12), (0.4, 0.38)) * scale
        corners = (int(x - wide / 2), int(y - tall), int(x + wide / 2), int(y))
        return [Box(corners, float(floor[2]), label)]
    return []
