"""Rasterizes shapes into a depth buffer.

Convention: the camera frame has x right, y down and z away from the camera, in
metres; pixels are (x, y) with pixel centers at integers. A shape is projected
with the scale of its own depth (weak perspective inside a shape, perspective
between shapes), so its outline and surface are exact for an affine camera.
"""

from dataclasses import dataclass
from math import hypot

import numpy as np

from .shapes import Shapes


@dataclass(frozen=True)
class Camera:
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
    """What is seen at every pixel; arrays of shape (height, width).

    Attributes:
        depth: Depth of the nearest surface in metres, infinite where empty.
        label: Label of that surface, 0 where empty.
        shade: Brightness of that surface, about 0.3 to 1.3.
    """

    depth: np.ndarray
    label: np.ndarray
    shade: np.ndarray


def empty_buffers(width: int, height: int) -> Buffers:
    """Return buffers that hold nothing yet.

    Args:
        width: Image width in pixels.
        height: Image height in pixels.

    Returns:
        Empty buffers.
    """
    return Buffers(
        np.full((height, width), np.inf, dtype=np.float32),
        np.zeros((height, width), dtype=np.uint8),
        np.ones((height, width), dtype=np.float32),
    )


def rasterize(
    shapes: Shapes, camera: Camera, light: np.ndarray, buffers: Buffers
) -> None:
    """Draw shapes into the buffers, nearest surface first.

    The shading is half-Lambert (Mitchell et al., Shading in Valve's Source
    Engine, 2006): linear in the cosine between normal and light.

    Args:
        shapes: Shapes in the camera frame.
        camera: Camera to project with.
        light: Unit vector toward the light, shape (3,).
        buffers: Changed in place.
    """
    with np.errstate(invalid='ignore'):
        _draw_capsules(shapes, camera, light, buffers)
        _draw_ellipsoids(shapes, camera, light, buffers)


def _draw_capsules(
    shapes: Shapes, camera: Camera, light: np.ndarray, buffers: Buffers
) -> None:
    near = camera.focal / shapes.ends[..., 2]
    pixels = camera.project(shapes.ends)
    for xy, z, radii, scale, label in zip(
        pixels.tolist(),
        shapes.ends[..., 2].tolist(),
        (shapes.radii * near).tolist(),
        near.mean(1).tolist(),
        shapes.capsule_labels.tolist(),
        strict=True,
    ):
        _draw_capsule(xy, z, radii, scale, label, light.tolist(), buffers)


def _draw_ellipsoids(
    shapes: Shapes, camera: Camera, light: np.ndarray, buffers: Buffers
) -> None:
    scales = camera.focal / shapes.centers[..., 2]
    axes = shapes.axes * scales[:, None, None]
    squares = axes * axes
    # The inverse of axes @ axes.T, as the axes are orthogonal.
    weights = squares.sum(1, keepdims=True) ** -2
    quadrics = (axes * weights) @ axes.transpose(0, 2, 1)
    for xy, z, reach, quadric, scale, label in zip(
        camera.project(shapes.centers).tolist(),
        shapes.centers[..., 2].tolist(),
        np.sqrt(squares.sum(2)).tolist(),
        quadrics.tolist(),
        scales.tolist(),
        shapes.ellipsoid_labels.tolist(),
        strict=True,
    ):
        _draw_ellipsoid(
            xy, z, reach, quadric, scale, label, light.tolist(), buffers
        )


def fill_box(
    corners: tuple[int, int, int, int],
    depth: float,
    label: int,
    buffers: Buffers,
) -> None:
    """Draw an upright rectangle facing the camera.

    Args:
        corners: Left, top, right and bottom pixel, the last two exclusive.
        depth: Its depth in metres.
        label: Label of its pixels.
        buffers: Changed in place.
    """
    left, top, right, bottom = corners
    window = np.s_[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    rows = buffers.depth[window].shape[0]
    shade = np.linspace(1.1, 0.75, max(rows, 1), dtype=np.float32)[:rows, None]
    shape = buffers.depth[window].shape
    _write(
        buffers,
        window,
        np.full(shape, depth, dtype=np.float32),
        label,
        np.broadcast_to(shade, shape),
    )


def _write(
    buffers: Buffers,
    window: tuple[slice, slice],
    depth: np.ndarray,
    label: int,
    shade: np.ndarray,
) -> None:
    """Keep what is nearer; NaN depths lie outside the shape."""
    nearest = buffers.depth[window]
    mask = depth < nearest
    np.putmask(nearest, mask, depth)
    np.putmask(buffers.label[window], mask, label)
    np.putmask(buffers.shade[window], mask, shade)


def _grid(
    low: tuple[float, float],
    high: tuple[float, float],
    origin: list[float],
    shape: tuple[int, int],
) -> tuple[tuple[slice, slice], np.ndarray, np.ndarray] | None:
    """Clip a pixel range; offsets from ``origin``, or None if nothing."""
    x0, y0 = max(int(low[0]), 0), max(int(low[1]), 0)
    x1, y1 = min(int(high[0]) + 2, shape[1]), min(int(high[1]) + 2, shape[0])
    if x1 <= x0 or y1 <= y0:
        return None
    dx = np.arange(x0, x1, dtype=np.float32) - np.float32(origin[0])
    dy = np.arange(y0, y1, dtype=np.float32) - np.float32(origin[1])
    return np.s_[y0:y1, x0:x1], dx, dy[:, None]


def _draw_capsule(
    xy: list[list[float]],
    z: list[float],
    radii: list[float],
    scale: float,
    label: int,
    light: list[float],
    buffers: Buffers,
) -> None:
    (ax, ay), (bx, by), (ra, rb) = xy[0], xy[1], radii
    grid = _grid(
        (min(ax - ra, bx - rb), min(ay - ra, by - rb)),
        (max(ax + ra, bx + rb), max(ay + ra, by + rb)),
        xy[0],
        buffers.depth.shape,
    )
    if grid is None:
        return
    window, dx, dy = grid
    length = max(hypot(bx - ax, by - ay), 1e-3)
    ux, uy = (bx - ax) / length, (by - ay) / length
    rise = (z[1] - z[0]) * scale
    along = dx * ux + dy * uy
    across = dy * ux - dx * uy
    radius = (along * ((rb - ra) / length)).clip(*sorted((0.0, rb - ra)))
    radius += ra
    chord = radius * radius
    chord -= across * across
    # The nearest point of the swept sphere lies off the foot of the pixel by
    # chord * sine of the axis' slope. Outside the outline roots are NaN.
    t = np.sqrt(chord)
    t *= -rise / hypot(length, rise)
    t += along
    t *= 1 / length
    t = t.clip(0.0, 1.0)
    along -= t * length
    chord -= along * along
    bulge = np.sqrt(chord)
    t *= z[1] - z[0]
    t += z[0]
    t -= bulge * (1 / scale)
    along *= 0.44 * (ux * light[0] + uy * light[1])
    across *= 0.44 * (ux * light[1] - uy * light[0])
    bulge *= 0.44 * light[2]
    along += across
    along -= bulge
    along /= radius
    along += 0.76
    _write(buffers, window, t, label, along)


def _draw_ellipsoid(
    xy: list[float],
    z: float,
    reach: list[float],
    quadric: list[list[float]],
    scale: float,
    label: int,
    light: list[float],
    buffers: Buffers,
) -> None:
    grid = _grid(
        (xy[0] - reach[0], xy[1] - reach[1]),
        (xy[0] + reach[0], xy[1] + reach[1]),
        xy,
        buffers.depth.shape,
    )
    if grid is None:
        return
    window, dx, dy = grid
    # Surface: d' M d = 1, M the quadric; its near root in z at every pixel.
    (mxx, mxy, mxz), (_, myy, myz), (_, _, mzz) = quadric
    half = mxz * dx + myz * dy
    root = half * half
    root -= (mzz * mxx) * dx * dx - mzz + (mzz * myy) * dy * dy
    root -= ((2 * mzz * mxy) * dx) * dy
    root = np.sqrt(root)  # NaN outside the outline
    dz = (half + root) * (-1 / mzz)
    nx = (mxx * dx + mxy * dy) + mxz * dz
    ny = (mxy * dx + myy * dy) + myz * dz
    shade = nx * light[0]
    shade += ny * light[1]
    shade -= root * light[2]
    nx *= nx
    ny *= ny
    nx += ny
    root *= root
    nx += root
    shade *= 0.44
    shade /= np.sqrt(nx)
    shade += 0.76
    dz *= 1 / scale
    dz += z
    _write(buffers, window, dz, label, shade)
