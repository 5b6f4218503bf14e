import numpy as np
import pytest

from self_verify_pose.datasets.synthetic.raster import (
    Capsule,
    Ellipsoid,
    PinholeCamera,
    Rectangle,
    rasterize,
)

# So far away that perspective inside a shape is below the tolerance.
FAR = 1000.0
CAMERA = PinholeCamera(48, 40, FAR * 20, (23.5, 19.5))
LIGHT = np.array([0.0, 0.0, -1.0])


def draw(*shapes):
    return rasterize(shapes, CAMERA, LIGHT)


def capsule(start, end, radii, label=1):
    far = np.array([0, 0, FAR])
    return Capsule(np.array(start) + far, np.array(end) + far, radii, label)


def ellipsoid(center, frame, semi_axes, label=1):
    axes = np.asarray(frame) * semi_axes
    return Ellipsoid(np.add(center, (0, 0, FAR)), axes, label)


def pixel_rays():
    """Return x, y in metres of every pixel at the far depth."""
    y, x = np.mgrid[: CAMERA.height, : CAMERA.width]
    return (x - 23.5) / 20, (y - 19.5) / 20


def nearest_of_spheres(start, end, radii, steps=1500):
    """Depth of a capsule as the nearest of many spheres along its axis."""
    x, y = pixel_rays()
    depth = np.full(x.shape, np.inf)
    for t in np.linspace(0, 1, steps):
        cx, cy, cz = np.add(start, t * np.subtract(end, start))
        radius = radii[0] + t * (radii[1] - radii[0])
        left = radius**2 - (x - cx) ** 2 - (y - cy) ** 2
        surface = np.where(left > 0, cz - np.sqrt(np.maximum(left, 0)), np.inf)
        depth = np.minimum(depth, surface)
    return depth


@pytest.mark.parametrize(
    ('start', 'end', 'radii', 'tolerance'),
    [
        ((-0.5, -0.3, 0.0), (0.6, 0.4, 0.0), (0.3, 0.3), 2e-3),
        ((-0.4, 0.2, 0.5), (0.5, -0.1, -0.6), (0.25, 0.25), 2e-3),
        ((0.1, 0.0, -0.7), (0.1, 0.05, 0.7), (0.3, 0.3), 2e-3),
        ((-0.5, 0.3, 0.1), (0.5, 0.1, -0.2), (0.3, 0.2), 2e-2),
    ],
)
def test_capsule_is_the_nearest_of_many_spheres(start, end, radii, tolerance):
    buffers = draw(capsule(start, end, radii))
    expected = nearest_of_spheres(start, end, radii)
    hit = np.isfinite(expected)
    assert ((buffers.label == 1) != hit).mean() < 0.01
    both = hit & (buffers.label == 1)
    assert both.sum() > 100
    error = np.abs(buffers.depth[both] - FAR - expected[both])
    # At the rim the surface is steep: few pixels are allowed to be off.
    assert np.quantile(error, 0.9) < tolerance
    assert error.max() < 0.1


def test_ellipsoid_satisfies_its_equation_and_shades_by_its_normal():
    rng = np.random.default_rng(0)
    frame, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    semi = np.array([0.7, 0.4, 0.25])
    buffers = draw(ellipsoid((0.1, -0.05, 0.2), frame, tuple(semi)))
    x, y = pixel_rays()
    hit = buffers.label == 1
    assert hit.sum() > 100
    offset = np.stack([x, y, buffers.depth - FAR], -1)[hit]
    local = (offset - [0.1, -0.05, 0.2]) @ frame
    np.testing.assert_allclose(((local / semi) ** 2).sum(-1), 1, atol=5e-3)
    normal = (local / semi**2) @ frame.T
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    expected = 0.76 + 0.44 * normal @ LIGHT
    inner = expected > 0.9  # the rim is sensitive to rounding
    np.testing.assert_allclose(
        buffers.shade[hit][inner], expected[inner], atol=2e-2
    )


def test_nearer_shape_wins_whatever_the_order():
    near = ellipsoid((0, 0, -0.5), np.eye(3), (0.3, 0.3, 0.3), label=1)
    far = ellipsoid((0, 0, 0.5), np.eye(3), (0.6, 0.6, 0.3), label=2)
    first, second = draw(near, far), draw(far, near)
    np.testing.assert_array_equal(first.label, second.label)
    assert first.label[19, 23] == 1
    assert (first.label == 2).sum() > 0


def test_shapes_outside_the_image_leave_it_empty():
    buffers = draw(capsule((9, 9, 0), (12, 9, 0), (0.3, 0.3)))
    assert not buffers.label.any()
    assert np.isinf(buffers.depth).all()


def test_rectangle_is_clipped_and_hides_only_what_is_behind():
    label = rasterize(
        [
            Rectangle((-5, 2, 8, 30), 4.0, 3),
            Rectangle((4, 0, 12, 5), 2.0, 1),
            Rectangle((4, 0, 12, 10), 6.0, 2),
            Rectangle((30, -9, 40, -2), 1.0, 4),
        ],
        PinholeCamera(20, 10, 400.0, (9.5, 4.5)),
        LIGHT,
    ).label
    assert (label[5:, :8] == 3).all()
    assert (label[:5, 4:12] == 1).all()
    assert (label[5:, 8:12] == 2).all()
    assert not label[:, 12:].any()


def test_projection_puts_the_optical_axis_at_the_principal_point():
    points = np.array([[0, 0, 3.0], [0.3, -0.6, 3.0]])
    camera = PinholeCamera(320, 256, 400.0, (159.5, 127.5))
    np.testing.assert_allclose(
        camera.project(points), [[159.5, 127.5], [199.5, 47.5]]
    )
