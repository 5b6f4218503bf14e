"""Random backgrounds: rooms, streets, patterns and clutter.

Images are BGR, uint8, shape (height, width, 3).
"""

from functools import cache

import cv2
import numpy as np

from .choice import Rng, pick

_NOISE_SIZE = 512
_Point = tuple[int, int]


@cache
def _noise_tile() -> np.ndarray:
    """Fixed noise of several grain sizes."""
    rng = np.random.default_rng(0)
    tile = rng.normal(size=(_NOISE_SIZE, _NOISE_SIZE)).astype(np.float32)
    for cells in (16, 80):
        coarse = rng.normal(size=(cells, cells)).astype(np.float32)
        tile += 0.7 * cv2.resize(
            coarse, (_NOISE_SIZE, _NOISE_SIZE), interpolation=cv2.INTER_CUBIC
        )
    tile *= 25 / tile.std()
    return np.clip(tile - tile.mean() + 128, 0, 255).astype(np.uint8)


def noise_patch(rng: Rng, width: int, height: int) -> np.ndarray:
    """Cut a random patch of noise.

    Args:
        rng: Source of randomness.
        width: Width in pixels, at most 512.
        height: Height in pixels, at most 512.

    Returns:
        Noise of shape (height, width), uint8: mean about 128, standard
        deviation about 25.

    Example:
        >>> noise_patch(np.random.default_rng(0), 30, 20).shape
        (20, 30)
    """
    x, y = rng.integers(
        0, (_NOISE_SIZE - width + 1, _NOISE_SIZE - height + 1)
    ).tolist()
    patch = _noise_tile()[y : y + height, x : x + width]
    return patch[:, ::-1] if rng.random() < 0.5 else patch


def draw_background(
    rng: Rng, width: int, height: int, horizon: float
) -> np.ndarray:
    """Paint a random background.

    Args:
        rng: Source of randomness.
        width: Width in pixels.
        height: Height in pixels.
        horizon: Row of the ground's horizon; the ground ends at it or below.

    Returns:
        Image of shape (height, width, 3).

    Example:
        >>> draw_background(np.random.default_rng(0), 64, 48, 20.0).shape
        (48, 64, 3)
    """
    image = pick(rng, _PAINTERS)(rng, width, height, horizon)
    if rng.random() < 0.5:
        size = 3 + 2 * int(rng.integers(0, 3))
        image = cv2.blur(image, (size, size))
    grain = cv2.merge([noise_patch(rng, width, height)] * 3)
    strength = float(rng.uniform(0.04, 0.2))
    return cv2.addWeighted(image, 1.0, grain, strength, -128 * strength)


def _color(rng: Rng, low: int = 25, high: int = 235) -> tuple[int, int, int]:
    """Sample a mostly grayish color."""
    gray = rng.uniform(low, high)
    tint = rng.normal(0, 16, 3)
    blue, green, red = np.clip(gray + tint, 5, 250).astype(int).tolist()
    return blue, green, red


def _gradient(
    rng: Rng, width: int, height: int, low: int, high: int
) -> np.ndarray:
    """Paint a smooth blend of four colors."""
    corners = np.array([_color(rng, low, high)] * 4, dtype=np.float32)
    corners += rng.normal(0, 9, (4, 3)).astype(np.float32)
    small = np.clip(corners, 0, 255).reshape(2, 2, 3)
    return cv2.resize(small, (width, height)).astype(np.uint8)


def _box(rng: Rng, width: int, height: int) -> tuple[_Point, _Point]:
    """Sample two corners of a box that may leave the image."""
    x, y = rng.uniform(-0.1, 1.0, 2) * (width, height)
    w, h = rng.uniform(0.05, 0.35, 2) * (width, height)
    return (int(x), int(y)), (int(x + w), int(y + h))


def _tint(image: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Add a color, saturated at 255."""
    return np.asarray(cv2.add(image, np.full_like(image, color)))


def _ground_row(rng: Rng, height: int, horizon: float) -> int:
    """Sample the row where the ground ends, at the horizon or below."""
    top = int(np.clip(horizon, 0.1 * height, 0.8 * height))
    return int(rng.uniform(top, 0.5 * (top + 0.95 * height)))


def _room(rng: Rng, width: int, height: int, horizon: float) -> np.ndarray:
    """Paint a wall, a floor, pictures and furniture."""
    image = _gradient(rng, width, height, 70, 235)
    row = _ground_row(rng, height, horizon)
    image[row:] = _gradient(rng, width, height - row, 40, 170)
    if rng.random() < 0.5:
        middle = int(rng.uniform(0, width))
        color = _color(rng, 30, 120)
        for x in range(-3 * width, 4 * width, width // 4):
            cv2.line(image, (middle, row), (x, height), color, 1, cv2.LINE_AA)
    cv2.line(image, (0, row), (width, row), _color(rng), 3)
    for _ in range(rng.integers(1, 6)):
        start, end = _box(rng, width, row)
        cv2.rectangle(image, start, end, _color(rng), -1)
        cv2.rectangle(image, start, end, _color(rng), 2)
    for _ in range(rng.integers(0, 3)):
        (x, _), (x1, _) = _box(rng, width, height)
        top = int(row - rng.uniform(0.05, 0.4) * height)
        base = row + int(rng.integers(0, 12))
        cv2.rectangle(image, (x, top), (x1, base), _color(rng), -1)
    return image


def _street(rng: Rng, width: int, height: int, horizon: float) -> np.ndarray:
    """Paint a sky, buildings or trees, and the ground."""
    image = _gradient(rng, width, height, 150, 245)
    image = _tint(image, (18, 0, 0))
    row = _ground_row(rng, height, horizon)
    trees = rng.random() < 0.5
    for _ in range(rng.integers(3, 10)):
        x = int(rng.uniform(0, width))
        size = int(rng.uniform(0.08, 0.22) * width)
        top = int(row - rng.uniform(0.2, 0.9) * row)
        if trees:
            green = rng.uniform(40, 130)
            leaf = (0.5 * green, green, 0.6 * green)
            cv2.line(image, (x, row), (x, top), (40, 60, 80), 5)
            axes = size, int(0.9 * size)
            cv2.ellipse(image, (x, top), axes, 0, 0, 360, leaf, -1)
        else:
            left, right = x - size, x + size
            cv2.rectangle(image, (left, top), (right, row), _color(rng), -1)
            pane = _color(rng)
            for y in range(top + 6, row - 6, 16):
                for c in range(left + 5, right - 6, 14):
                    cv2.rectangle(image, (c, y), (c + 6, y + 8), pane, -1)
    image[row:] = _gradient(rng, width, height - row, 50, 180)
    if trees:
        image[row:] = _tint(image[row:], (0, 25, 0))
    return image


def _blobs(rng: Rng, width: int, height: int, _: float) -> np.ndarray:
    """Paint soft colored noise."""
    cells = int(rng.integers(3, 14))
    small = rng.uniform(30, 230, (cells, cells, 3)).astype(np.float32)
    gray = small.mean(2, keepdims=True)
    small = gray + (small - gray) * np.float32(rng.uniform(0.1, 0.4))
    small = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return cv2.convertScaleAbs(np.maximum(small, 0))


def _tiles(rng: Rng, width: int, height: int, _: float) -> np.ndarray:
    """Paint stripes, bricks or a checkered pattern."""
    image = _gradient(rng, width, height, 60, 220)
    step_x, step_y = rng.integers(10, 48, 2).tolist()
    color = _color(rng)
    kind = rng.integers(3)
    for i, y in enumerate(range(0, height, step_y)):
        cv2.line(image, (0, y), (width, y), color, 1)
        shift = (i % 2) * step_x // 2 if kind == 0 else 0
        for j, x in enumerate(range(-shift, width, step_x)):
            if kind == 2 and (i + j) % 2:
                image[y : y + step_y, max(x, 0) : max(x + step_x, 0)] = color
            elif kind != 1:
                cv2.line(image, (x, y), (x, y + step_y), color, 1)
    return image


def _clutter(rng: Rng, width: int, height: int, _: float) -> np.ndarray:
    """Paint random shapes, some of them as slender as limbs."""
    image = _gradient(rng, width, height, 40, 220)
    for _ in range(rng.integers(8, 30)):
        (x, y), (x1, y1) = _box(rng, width, height)
        kind, color = rng.integers(4), _color(rng)
        if kind == 0:
            cv2.rectangle(image, (x, y), (x1, y1), color, -1)
        elif kind == 1:
            axes = ((x1 - x) // 2 + 2, (y1 - y) // 2 + 2)
            angle = float(rng.uniform(0, 180))
            style = 0, 360, color, -1, cv2.LINE_AA
            cv2.ellipse(image, (x, y), axes, angle, *style)
        elif kind == 2:
            thickness = int(rng.integers(2, 14))
            cv2.line(image, (x, y), (x1, y1), color, thickness, cv2.LINE_AA)
        else:
            corners = rng.uniform(-0.2, 0.2, (4, 2)) * width + (x, y)
            cv2.fillPoly(image, [corners.astype(np.int32)], color)
    return image


_PAINTERS = {
    _room: 0.3,
    _street: 0.3,
    _blobs: 0.14,
    _tiles: 0.1,
    _clutter: 0.16,
}
