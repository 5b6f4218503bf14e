"""Rasterizes shapes into a depth buffer.

Convention: the camera frame has x right, y down and z away from the camera, in
metres; pixels are (x, y) with pixel centers at integers. A shape is projected
with the scale of its own depth (weak perspective inside a shape, perspective
between shapes), so its outline and surface are exact for an affine camera.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import hypot
from typing import NamedTuple

import numpy as np

# Half-Lambert shading (Mitchell et al., Shading in Valve's Source Engine,
# 2006): linear in the cosine between normal and light.
_AMBIENT, _DIFFUSE = 0.76, 0.44


@dataclass(frozen=True)
class PinholeCamera:
    """A pinhole camera.

    Attributes:
        width: Image width in pixels.
        height: Image height in pixels.
        focal: Focal length in pixels.
        center: Principal point (x, y) in pixels.
    """

    width: int
    height: int
    focal: float
    center: tuple[float, float]

    def project(self, points: np.ndarray) -> np.ndarray:
        """Project points onto the image.

        Args:
            points: Points of shape (..., 3) in metres, in front of the camera.

        Returns:
            Pixels (x, y) of shape (..., 2).
        """
        plane = points[..., :2] / points[..., 2:] * self.focal
        return plane + np.asarray(self.center)


@dataclass(frozen=True)
class Buffers:
    """The nearest surface at every pixel; arrays of shape (height, width).

    Attributes:
        depth: Depth of the surface in metres, infinite where empty.
        label: Label of the surface, 0 where empty.
        shade: Brightness of the surface, about 0.3 to 1.3.
    """

    depth: np.ndarray
    label: np.ndarray
    shade: np.ndarray


class Patch(NamedTuple):
    """Surface of a shape in a window of the image.

    Attributes:
        window: Rows and columns.
        depth: Depth in metres, NaN outside the outline.
        shade: Brightness.
    """

    window: tuple[slice, slice]
    depth: np.ndarray
    shade: np.ndarray


def _window(
    low: tuple[float, float],
    high: tuple[float, float],
    point: tuple[float, float],
    camera: PinholeCamera,
) -> tuple[tuple[slice, slice], np.ndarray, np.ndarray]:
    """Return the pixels from ``low`` to ``high`` that are in the image.

    Their dx (columns,) and dy (rows, 1) from the point come with them.
    """
    left, top = max(int(low[0]), 0), max(int(low[1]), 0)
    right = max(min(int(high[0]) + 2, camera.width), left)
    bottom = max(min(int(high[1]) + 2, camera.height), top)
    dx = np.arange(left, right, dtype=np.float32) - np.float32(point[0])
    dy = np.arange(top, bottom, dtype=np.float32) - np.float32(point[1])
    return np.s_[top:bottom, left:right], dx, dy[:, None]


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

    def patch(self, camera: PinholeCamera, light: list[float]) -> Patch:
        """Project the surface.

        Args:
            camera: Camera to project with.
            light: Unit vector toward the light.

        Returns:
            The surface in the part of the image that shows it.
        """
        ends = np.array([self.start, self.end])
        (ax, ay), (bx, by) = camera.project(ends).tolist()
        za, zb = ends[:, 2].tolist()
        # plain numbers: those of NumPy 2 would turn arrays into doubles
        focal, radii = float(camera.focal), [float(r) for r in self.radii]
        scale_a, scale_b = focal / za, focal / zb
        ra, rb = radii[0] * scale_a, radii[1] * scale_b
        window, dx, dy = _window(
            (min(ax - ra, bx - rb), min(ay - ra, by - rb)),
            (max(ax + ra, bx + rb), max(ay + ra, by + rb)),
            (ax, ay),
            camera,
        )
        scale = (scale_a + scale_b) / 2
        length = max(hypot(bx - ax, by - ay), 1e-3)
        ux, uy = (bx - ax) / length, (by - ay) / length
        rise = (zb - za) * scale
        along, across = dx * ux + dy * uy, dy * ux - dx * uy
        radius = along * ((rb - ra) / length)
        radius = radius.clip(min(rb - ra, 0.0), max(rb - ra, 0.0)) + ra
        chord = radius * radius - across * across
        # The nearest point of the swept sphere lies off the foot of the pixel
        # by chord * sine of the axis' slope. Outside the outline roots are
        # NaN.
        t = np.sqrt(chord) * (-rise / hypot(length, rise)) + along
        t = (t * (1 / length)).clip(0.0, 1.0)
        offset = along - t * length
        bulge = np.sqrt(chord - offset * offset)
        cosine = offset * (_DIFFUSE * (ux * light[0] + uy * light[1]))
        cosine += across * (_DIFFUSE * (ux * light[1] - uy * light[0]))
        cosine -= bulge * (_DIFFUSE * light[2])
        depth = t * (zb - za) + za - bulge * (1 / scale)
        return Patch(window, depth, cosine / radius + _AMBIENT)


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

    def patch(self, camera: PinholeCamera, light: list[float]) -> Patch:
        """Project the surface.

        Args:
            camera: Camera to project with.
            light: Unit vector toward the light.

        Returns:
            The surface in the part of the image that shows it.
        """
        z = float(self.center[2])
        scale = float(camera.focal) / z
        axes = self.axes * scale
        squares = axes * axes
        x, y = camera.project(self.center).tolist()
        wide, tall, _ = np.sqrt(squares.sum(1)).tolist()
        low, high = (x - wide, y - tall), (x + wide, y + tall)
        window, dx, dy = _window(low, high, (x, y), camera)
        # Surface: d' M d = 1 with M the inverse of axes @ axes.T, as the axes
        # are orthogonal; its near root in z at every pixel.
        quadric = (axes * squares.sum(0) ** -2) @ axes.T
        (mxx, mxy, mxz), (_, myy, myz), (_, _, mzz) = quadric.tolist()
        half = mxz * dx + myz * dy
        root = half * half
        root -= (mzz * mxx) * dx * dx - mzz + (mzz * myy) * dy * dy
        root = np.sqrt(root - ((2 * mzz * mxy) * dx) * dy)  # NaN outside
        dz = (half + root) * (-1 / mzz)
        nx = (mxx * dx + mxy * dy) + mxz * dz
        ny = (mxy * dx + myy * dy) + myz * dz
        cosine = nx * light[0] + ny * light[1] - root * light[2]
        shade = cosine * _DIFFUSE / np.sqrt(nx * nx + ny * ny + root * root)
        return Patch(window, dz * (1 / scale) + z, shade + _AMBIENT)


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

    def patch(self, camera: PinholeCamera, light: list[float]) -> Patch:
        """Project the surface.

        Args:
            camera: Camera to project with.
            light: Unit vector toward the light; a rectangle is shaded from
                top to bottom instead.

        Returns:
            The surface in the part of the image that shows it.
        """
        left, top, right, bottom = np.maximum(self.corners, 0).tolist()
        rows = max(min(bottom, camera.height) - top, 0)
        columns = max(min(right, camera.width) - left, 0)
        depth = np.full((rows, columns), self.depth, dtype=np.float32)
        shade = np.linspace(1.1, 0.75, rows, dtype=np.float32)[:, None]
        return Patch(np.s_[top:bottom, left:right], depth, shade + 0 * depth)


Shape = Capsule | Ellipsoid | Rectangle


def rasterize(
    shapes: Iterable[Shape], camera: PinholeCamera, light: np.ndarray
) -> Buffers:
    """Project shapes and keep the nearest surface of each pixel.

    Args:
        shapes: Shapes in the camera frame.
        camera: Camera to project with.
        light: Unit vector toward the light, shape (3,).

    Returns:
        The buffers.

    Example:
        >>> camera = PinholeCamera(64, 48, 50.0, (31.5, 23.5))
        >>> ball = Ellipsoid(np.array([0.0, 0.0, 4.0]), np.eye(3), 1)
        >>> buffers = rasterize([ball], camera, np.array([0.0, -1.0, 0.0]))
        >>> int(buffers.label[24, 32]), float(buffers.depth[24, 32].round(1))
        (1, 3.0)
    """
    size = camera.height, camera.width
    buffers = Buffers(
        np.full(size, np.inf, dtype=np.float32),
        np.zeros(size, dtype=np.uint8),
        np.ones(size, dtype=np.float32),
    )
    toward = light.tolist()
    with np.errstate(invalid='ignore'):
        for shape in shapes:
            patch = shape.patch(camera, toward)
            nearest = buffers.depth[patch.window]
            nearer = patch.depth < nearest
            np.putmask(nearest, nearer, patch.depth)
            np.putmask(buffers.label[patch.window], nearer, shape.label)
            np.putmask(buffers.shade[patch.window], nearer, patch.shade)
    return buffers
