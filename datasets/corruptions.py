"""Image corruptions in five strengths, reproducible by seed.

Gaussian and impulse noise, motion blur, JPEG, contrast, brightness and
pixelation have the strengths of Hendrycks & Dietterich, "Benchmarking Neural
Network Robustness to Common Corruptions and Perturbations", ICLR 2019, which
Michaelis et al., "Benchmarking Robustness in Object Detection", 2019, use for
COCO images of their full size, as is done here. The other strengths are chosen
here: color quantization in bits, darkness in stops of exposure, occluder and
truncation as a share of the person's box. With the occluder as the mask these
are the ten kinds of Ma et al., "PoseBench: Benchmarking the Robustness of Pose
Estimation Models under Corruptions", 2024, and truncation.

A stronger corruption of the same seed keeps the noise pattern, the direction
of the blur, the place of the occluder and the side of the truncation.
Albumentations and imagecorruptions have neither this property, nor a seed per
image, nor corruptions placed by the person's box, and imagecorruptions' motion
blur moves the image against its labels.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

STRENGTHS = (1, 2, 3, 4, 5)

Image = NDArray[np.uint8]
Box = NDArray[np.float64]

# standard deviation, of a range of 1
_NOISE = (0.08, 0.12, 0.18, 0.26, 0.38)
_IMPULSES = (0.03, 0.06, 0.09, 0.17, 0.27)  # share of the values
# radius and standard deviation, pixels
_BLUR = ((10, 3.0), (15, 5.0), (15, 8.0), (15, 12.0), (20, 15.0))
_MAX_BLUR_ANGLE = 45.0  # degrees
_JPEG_QUALITY = (25, 18, 15, 10, 7)
_BITS = (5, 4, 3, 2, 1)  # of each color
_BRIGHTNESS = (0.1, 0.2, 0.3, 0.4, 0.5)  # added to the value of HSV
_STOPS = (1, 2, 3, 4, 5)
_GAMMA = 2.2
_CONTRAST = (0.4, 0.3, 0.2, 0.1, 0.05)
_PIXELS = (0.6, 0.5, 0.4, 0.3, 0.25)  # share of the side
_OCCLUDED = (0.1, 0.2, 0.3, 0.4, 0.5)  # share of the box's area
_CUT = (0.1, 0.2, 0.3, 0.4, 0.5)  # share of the box's side


def corrupt_image(
    image: Image, bbox: ArrayLike, name: str, strength: int, seed: list[int]
) -> Image:
    """Corrupt an image.

    Args:
        image: ``(H, W, 3)`` uint8 image.
        bbox: ``(4,)`` box ``(x0, y0, x1, y1)`` of the person in pixels; only
            ``occluder`` and ``truncation`` read it.
        name: One of :data:`CORRUPTIONS`.
        strength: From 1, weak, to 5.
        seed: Numbers, not negative, that seed the random generator, such as
            a seed and the id of the sample.

    Returns:
        A new ``(H, W, 3)`` uint8 image.

    Raises:
        TypeError: If the image is not uint8.
        ValueError: If a shape, the name or the strength is not valid.

    Example:
        >>> image = np.full((8, 8, 3), 100, np.uint8)
        >>> darker = corrupt_image(image, [0, 0, 8, 8], 'darkness', 5, [0])
        >>> bool(darker.mean() < image.mean())
        True
    """
    if name not in _APPLY:
        raise ValueError(
            f'corruption: expected one of {", ".join(CORRUPTIONS)}, found '
            f'{name!r}; choose one of them'
        )
    if strength not in STRENGTHS:
        raise ValueError(
            f'corruption: expected a strength from 1 to {len(STRENGTHS)}, '
            f'found {strength!r}; choose one of them'
        )
    box = np.asarray(bbox, np.float64)
    if image.dtype != np.uint8:
        raise TypeError(
            f'corruption: expected a uint8 image, found {image.dtype}; '
            'corrupt the image before it is normalized'
        )
    if image.ndim != 3 or image.shape[2] != 3 or box.shape != (4,):
        raise ValueError(
            'corruption: expected an image (H, W, 3) and a box (4,), found '
            f'{image.shape} and {box.shape}'
        )
    rng = np.random.default_rng(seed)
    return _APPLY[name](image, box, strength - 1, rng)


def _as_uint8(values: NDArray[np.floating[Any]]) -> Image:
    rounded: NDArray[np.floating[Any]] = np.rint(values)
    return rounded.clip(0, 255).astype(np.uint8)


def _gaussian_noise(image: Image, _: Box, level: int, rng: Generator) -> Image:
    noise = rng.standard_normal(image.shape, np.float32)
    return _as_uint8(image + 255 * _NOISE[level] * noise)


def _impulse_noise(image: Image, _: Box, level: int, rng: Generator) -> Image:
    """Set some values to 0 or 255."""
    hit, salt = rng.random((2, *image.shape), np.float32)
    values = np.where(salt < 0.5, 0, 255)
    noisy = np.where(hit < _IMPULSES[level], values, image)
    return noisy.astype(np.uint8)


def _motion_blur(image: Image, _: Box, level: int, rng: Generator) -> Image:
    angle = np.deg2rad(rng.uniform(-_MAX_BLUR_ANGLE, _MAX_BLUR_ANGLE))
    kernel = blur_kernel(*_BLUR[level], angle)
    blurred = cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, np.uint8)


def blur_kernel(
    radius: int, sigma: float, angle: float
) -> NDArray[np.float32]:
    """Build the kernel of a motion blur that keeps the image in place.

    The kernel is a line that fades like half a Gaussian. In the source the
    line starts at its pixel, which moves the image against its labels; here
    its mean is at the center.

    Args:
        radius: Half the length of the line in pixels.
        sigma: Standard deviation of the Gaussian in pixels.
        angle: Direction in radians, from x toward y.

    Returns:
        Square kernel of odd size with the sum 1.

    Example:
        >>> blur_kernel(2, 1.0, 0.0).shape
        (11, 11)
    """
    along = np.arange(2 * radius + 1.0)
    weight = np.exp(-0.5 * (along / sigma) ** 2)
    weight /= weight.sum()
    along -= weight @ along
    half = int(np.ceil(np.abs(along).max())) + 1
    kernel = np.zeros((2 * half + 1, 2 * half + 1))
    x, y = half + along * np.cos(angle), half + along * np.sin(angle)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    x, y = x - left, y - top
    # each point of the line is shared by the four pixels around it
    np.add.at(kernel, (top, left), weight * (1 - y) * (1 - x))
    np.add.at(kernel, (top, left + 1), weight * (1 - y) * x)
    np.add.at(kernel, (top + 1, left), weight * y * (1 - x))
    np.add.at(kernel, (top + 1, left + 1), weight * y * x)
    return kernel.astype(np.float32)


def _jpeg(image: Image, _: Box, level: int, __: Generator) -> Image:
    quality = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY[level]]
    data = cv2.imencode('.jpg', image, quality)[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _color_quantization(
    image: Image, _: Box, level: int, __: Generator
) -> Image:
    low = 8 - _BITS[level]
    return np.asarray(image >> low << low, np.uint8)


def _brightness(image: Image, _: Box, level: int, __: Generator) -> Image:
    hsv = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_BGR2HSV)
    hsv[..., 2] = (hsv[..., 2] + _BRIGHTNESS[level]).clip(0, 1)
    return _as_uint8(255 * cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR))


def _darkness(image: Image, _: Box, level: int, __: Generator) -> Image:
    return _as_uint8(image * 2.0 ** (-_STOPS[level] / _GAMMA))


def _contrast(image: Image, _: Box, level: int, __: Generator) -> Image:
    mean = image.mean((0, 1))
    return _as_uint8((image - mean) * _CONTRAST[level] + mean)


def _pixelation(image: Image, _: Box, level: int, __: Generator) -> Image:
    height, width = image.shape[:2]
    share = _PIXELS[level]
    size = (max(1, int(width * share)), max(1, int(height * share)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    large = cv2.resize(
        small, (width, height), interpolation=cv2.INTER_NEAREST_EXACT
    )
    return np.asarray(large, np.uint8)


def _occluder(image: Image, box: Box, level: int, rng: Generator) -> Image:
    """Put a patch of one color, shaped like the box, inside the box."""
    place, color = rng.uniform(size=2), rng.integers(0, 256, 3)
    size = (box[2:] - box[:2]) * np.sqrt(_OCCLUDED[level])
    start = box[:2] + place * (box[2:] - box[:2] - size)
    # the pixels whose centers are inside
    x0, y0 = np.maximum(np.ceil(start), 0).astype(int)
    x1, y1 = np.maximum(np.ceil(start + size), 0).astype(int)
    image = image.copy()
    image[y0:y1, x0:x1] = color
    return image


def _truncation(image: Image, box: Box, level: int, rng: Generator) -> Image:
    """Cut the image off through the person, and fill with black.

    Black is what MMPose's crop shows beyond an image's border.
    """
    axis, from_end = rng.integers(0, 2, 2)
    start, end = box[axis], box[2 + axis]
    cut = _CUT[level] * (end - start)
    first = max(0, int(np.ceil(end - cut if from_end else start + cut)))
    image = image.copy()
    along = image if axis else image.swapaxes(0, 1)
    along[slice(first, None) if from_end else slice(first)] = 0
    return image


_APPLY: dict[str, Callable[[Image, Box, int, Generator], Image]] = {
    'gaussian_noise': _gaussian_noise,
    'impulse_noise': _impulse_noise,
    'motion_blur': _motion_blur,
    'jpeg': _jpeg,
    'color_quantization': _color_quantization,
    'brightness': _brightness,
    'darkness': _darkness,
    'contrast': _contrast,
    'pixelation': _pixelation,
    'occluder': _occluder,
    'truncation': _truncation,
}
CORRUPTIONS = tuple(_APPLY)
"""Names of the corruptions."""
