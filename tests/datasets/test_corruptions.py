from itertools import pairwise

import cv2
import numpy as np
import pytest

from self_verify_pose.datasets.corruptions import (
    CORRUPTIONS,
    STRENGTHS,
    blur_kernel,
    corrupt_image,
)

BOX = np.array([30.5, 20.0, 90.5, 120.0])


@pytest.fixture(scope='module')
def image():
    """Return something like a photograph: shapes of all sizes, soft noise."""
    rng = np.random.default_rng(0)
    canvas = np.full((140, 120, 3), 120, np.uint8)
    for _ in range(60):
        center = [int(v) for v in rng.integers(0, 140, 2)]
        color = [int(v) for v in rng.integers(0, 256, 3)]
        cv2.circle(canvas, center, int(rng.integers(2, 25)), color, -1)
    canvas = canvas + rng.normal(0, 4, canvas.shape)
    return np.clip(canvas, 0, 255).astype(np.uint8)


def distance(one, other):
    return np.abs(one.astype(float) - other.astype(float)).mean()


@pytest.mark.parametrize('name', CORRUPTIONS)
def test_a_stronger_corruption_changes_more(name, image):
    before = image.copy()
    changes = []
    for strength in STRENGTHS:
        corrupted = corrupt_image(image, BOX, name, strength, [0, 7])
        assert corrupted.shape == image.shape
        assert corrupted.dtype == np.uint8
        assert not np.shares_memory(corrupted, image)
        changes.append(distance(corrupted, image))
    np.testing.assert_array_equal(image, before)
    assert changes[0] > 0.3
    assert (np.diff(changes) > 0).all(), changes


@pytest.mark.parametrize('name', CORRUPTIONS)
def test_the_seed_decides_all_that_is_random(name, image):
    def call(*seed):
        return corrupt_image(image, BOX, name, 3, list(seed))

    np.testing.assert_array_equal(call(0, 7), call(0, 7))
    others = [call(0, sample) for sample in range(8)] + [call(1, 7)]
    differs = any(distance(call(0, 7), other) > 0 for other in others)
    plain = ('jpeg', 'darkness', 'contrast', 'pixelation', 'brightness')
    assert differs == (name not in (*plain, 'color_quantization'))


def test_noise_has_the_standard_deviation_of_its_source():
    gray = np.full((200, 200, 3), 127, np.uint8)
    noise = corrupt_image(gray, BOX, 'gaussian_noise', 2, [3]) / 255.0
    assert noise.std() == pytest.approx(0.12, rel=0.02)


def test_impulses_hit_a_share_of_the_values():
    gray = np.full((200, 200, 3), 127, np.uint8)
    noisy = corrupt_image(gray, BOX, 'impulse_noise', 3, [3])
    assert (noisy == 0).mean() == pytest.approx(0.045, rel=0.05)
    assert (noisy == 255).mean() == pytest.approx(0.045, rel=0.05)
    assert np.isin(noisy, [0, 127, 255]).all()
    stronger = corrupt_image(gray, BOX, 'impulse_noise', 4, [3])
    hit = noisy != 127
    np.testing.assert_array_equal(stronger[hit], noisy[hit])


def test_brightness_adds_to_the_largest_color(image):
    brighter = corrupt_image(image, BOX, 'brightness', 2, [])
    expected = (image.max(-1) + 0.2 * 255).clip(0, 255)
    np.testing.assert_allclose(brighter.max(-1), expected, atol=1)
    gray = np.full((4, 4, 3), 100, np.uint8)
    assert (corrupt_image(gray, BOX, 'brightness', 2, []) == 151).all()


def test_quantized_colors_have_a_few_values(image):
    quantized = corrupt_image(image, BOX, 'color_quantization', 4, [])
    assert set(np.unique(quantized)) <= {0, 64, 128, 192}
    assert (quantized <= image).all()
    assert (image - quantized).max() < 64


def test_contrast_keeps_the_mean_and_scales_the_rest(image):
    corrupted = corrupt_image(image, BOX, 'contrast', 4, []).astype(float)
    mean = image.mean((0, 1))
    expected = (image - mean) * 0.1 + mean
    np.testing.assert_allclose(corrupted, expected, atol=0.51)


def test_darkness_is_exposure_of_linear_light(image):
    corrupted = corrupt_image(image, BOX, 'darkness', 3, []) / 255
    linear = (image / 255) ** 2.2 / 2**3
    np.testing.assert_allclose(corrupted, linear ** (1 / 2.2), atol=0.51 / 255)


def test_jpeg_is_jpeg_of_the_source_quality(image):
    _, data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, 15])
    corrupted = corrupt_image(image, BOX, 'jpeg', 3, [])
    np.testing.assert_array_equal(corrupted, cv2.imdecode(data, 1))


def test_pixelation_leaves_large_pixels(image):
    corrupted = corrupt_image(image, BOX, 'pixelation', 5, [])
    for row in range(0, 140, 4):
        for column in range(0, 120, 4):
            block = corrupted[row : row + 4, column : column + 4]
            assert (block == block[0, 0]).all()
            mean = image[row : row + 4, column : column + 4].mean((0, 1))
            np.testing.assert_allclose(block[0, 0], mean, atol=1)


@pytest.mark.parametrize('angle', [-0.7, 0.0, 0.3])
def test_blur_is_a_line_that_does_not_move_the_image(angle):
    kernel = blur_kernel(15, 8.0, angle)
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    half = len(kernel) // 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    assert (kernel * x).sum() == pytest.approx(0, abs=1e-4)
    assert (kernel * y).sum() == pytest.approx(0, abs=1e-4)
    # the spread along the line is that of a half Gaussian, cut at 30 pixels
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle)
    expected = 8 * np.sqrt(1 - 2 / np.pi)
    assert np.sqrt((kernel * along**2).sum()) == pytest.approx(
        expected, rel=0.05
    )
    assert np.sqrt((kernel * across**2).sum()) < 0.6


def test_blur_keeps_a_spot_where_it_is():
    spot = np.zeros((121, 121, 3), np.uint8)
    spot[55:66, 55:66] = 255
    blurred = corrupt_image(spot, BOX, 'motion_blur', 5, [4])
    weight = blurred[..., 0] / blurred[..., 0].sum()
    y, x = np.mgrid[:121, :121]
    assert (weight * x).sum() == pytest.approx(60, abs=0.5)
    assert (weight * y).sum() == pytest.approx(60, abs=0.5)


@pytest.mark.parametrize('strength', STRENGTHS)
@pytest.mark.parametrize('sample', range(4))
def test_the_occluder_covers_its_share_of_the_box(image, strength, sample):
    corrupted = corrupt_image(image, BOX, 'occluder', strength, [sample])
    rows, columns = np.nonzero((corrupted != image).any(-1))
    assert rows.min() >= 20
    assert rows.max() <= 120
    assert columns.min() >= 30
    assert columns.max() <= 91
    patch = corrupted[
        rows.min() : rows.max() + 1, columns.min() : columns.max() + 1
    ]
    assert (patch == patch[0, 0]).all()
    area = patch.shape[0] * patch.shape[1] / (60 * 100)
    assert area == pytest.approx(strength / 10, abs=0.03)


def test_a_stronger_occluder_covers_the_weaker_one(image):
    hidden = [
        (corrupt_image(image, BOX, 'occluder', s, [5]) != image).any(-1)
        for s in STRENGTHS
    ]
    for weak, strong in pairwise(hidden):
        assert strong.sum() > weak.sum()
        assert (weak & ~strong).mean() < 0.001


@pytest.mark.parametrize('sample', range(12))
def test_truncation_cuts_its_share_of_the_box_from_one_side(sample):
    white = np.full((140, 120, 3), 255, np.uint8)
    left = corrupt_image(white, BOX, 'truncation', 3, [sample])[..., 0] > 0
    inside = left[20:120, 31:91]
    assert 1 - inside.mean() == pytest.approx(0.3, abs=0.02)
    sides = [left[0].all(), left[-1].all(), left[:, 0].all()]
    sides.append(left[:, -1].all())
    assert sum(sides) == 1  # opposite the side that is gone
    rows, columns = np.nonzero(left)
    assert left[rows.min() :, columns.min() :].any()
    size = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
    assert left.sum() == size


def test_every_side_is_cut_off_sometimes():
    white = np.full((140, 120, 3), 255, np.uint8)
    means = set()
    for sample in range(40):
        corrupted = (
            corrupt_image(white, BOX, 'truncation', 5, [sample])[..., 0] > 0
        )
        rows, columns = np.nonzero(corrupted)
        means.add((rows.min(), rows.max(), columns.min(), columns.max()))
    assert len(means) == 4


def test_a_box_that_leaves_the_image_is_no_problem(image):
    for box in ([-50, -50, 40, 40], [100, 100, 400, 300]):
        for name in ('occluder', 'truncation'):
            for sample in range(8):
                corrupted = corrupt_image(image, box, name, 5, [sample])
                assert corrupted.shape == image.shape


@pytest.mark.parametrize(
    ('change', 'error', 'part'),
    [
        ({'name': 'fog'}, ValueError, "'fog'"),
        ({'strength': 0}, ValueError, 'found 0'),
        ({'strength': 6}, ValueError, 'found 6'),
        ({'image': np.zeros((4, 4, 3))}, TypeError, 'float64'),
        ({'image': np.zeros((4, 4), np.uint8)}, ValueError, r'\(4, 4\)'),
        ({'bbox': [1, 2]}, ValueError, r'\(2,\)'),
    ],
)
def test_wrong_input_is_refused(change, error, part, image):
    given = {
        'image': image,
        'bbox': BOX,
        'name': 'jpeg',
        'strength': 1,
        'seed': [],
    }
    with pytest.raises(error, match=f'expected.*found.*{part}|{part}'):
        corrupt_image(**{**given, **change})
