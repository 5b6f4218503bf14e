"""Solid shapes that persons and objects consist of."""

from typing import NamedTuple

import numpy as np


class Capsule(NamedTuple):
    """A tapered capsule: spheres along an axis.

    Attributes:
        start: First end of the axis, shape (3,), metres.
        end: Second end of the axis, shape (3,), metres.
        radii: Radii at both ends in metres.
        label: Label of its pixels, above 0.
    """

    start: np.ndarray
    end: np.ndarray
    radii: tuple[float, float]
    label: int


class Ellipsoid(NamedTuple):
    """An ellipsoid.

    Attributes:
        center: Center, shape (3,), metres.
        axes: Semi-axes as orthogonal columns, shape (3, 3), metres.
        label: Label of its pixels, above 0.
    """

    center: np.ndarray
    axes: np.ndarray
    label: int


class Rectangle(NamedTuple):
    """An upright rectangle that faces the camera.

    Attributes:
        corners: Left, top, right, bottom in pixels, the last two exclusive.
        depth: Depth in metres.
        label: Label of its pixels, above 0.
    """

    corners: tuple[int, int, int, int]
    depth: float
    label: int


Shape = Capsule | Ellipsoid | Rectangle
