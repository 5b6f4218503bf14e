"""How a person looks: clothes, hair and their colors.

Colors are BGR, 0 to 255.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from .choice import pick


class Material(IntEnum):
    """What a pixel of a person is made of."""

    SKIN = 0
    SHIRT = 1
    SLEEVE = 2
    TROUSERS = 3
    SHOES = 4
    HAIR = 5
    EYE = 6
    MOUTH = 7
    ACCENT = 8


@dataclass(frozen=True)
class Outfit:
    """How a person looks.

    Attributes:
        colors: Color of each :class:`Material`, shape (9, 3).
        sleeves: ``'none'``, ``'short'`` or ``'long'``.
        legs: ``'long'``, ``'short'`` or ``'skirt'``.
        hair: ``'short'``, ``'long'``, ``'tail'``, ``'cap'`` or ``'bald'``.
        extra: ``'none'``, ``'print'`` (on the chest) or ``'backpack'``.
        stripes: Number of stripes across the shirt's trunk, 0 for none.
        girth: Thickness of the body; 1 is average.
    """

    colors: np.ndarray
    sleeves: str
    legs: str
    hair: str
    extra: str
    stripes: int
    girth: float


_SKIN = np.array(
    [
        (198, 214, 245),
        (165, 190, 232),
        (125, 160, 214),
        (90, 128, 186),
        (62, 92, 148),
        (42, 60, 100),
    ],
    dtype=float,
)
_HAIR = np.array(
    [
        (22, 22, 26),
        (28, 40, 62),
        (44, 70, 112),
        (96, 150, 196),
        (40, 78, 160),
        (170, 172, 175),
    ],
    dtype=float,
)
_TROUSERS = np.array(
    [
        (110, 72, 46),
        (70, 50, 38),
        (40, 40, 42),
        (120, 150, 170),
        (96, 96, 100),
        (60, 84, 92),
    ],
    dtype=float,
)
_SHOES = np.array(
    [(28, 28, 30), (235, 235, 235), (40, 60, 100), (50, 50, 190)], dtype=float
)
_SLEEVES = {'none': 0.12, 'short': 0.43, 'long': 0.45}
_LEGS = {'long': 0.66, 'short': 0.24, 'skirt': 0.1}
_HAIR_STYLES = {
    'short': 0.46,
    'long': 0.2,
    'tail': 0.1,
    'cap': 0.16,
    'bald': 0.08,
}
_EXTRAS = {'none': 0.5, 'print': 0.35, 'backpack': 0.15}


def sample_outfit(rng: np.random.Generator) -> Outfit:
    """Draw a person's looks.

    Args:
        rng: Source of randomness.

    Returns:
        The looks.
    """
    shirt = _vivid(rng)
    sleeve = shirt if rng.random() < 0.85 else _vivid(rng)
    trousers = _near(rng, _TROUSERS) if rng.random() < 0.75 else _vivid(rng)
    skin_at = rng.uniform(0, len(_SKIN) - 1)
    skin = np.array(
        [np.interp(skin_at, range(len(_SKIN)), c) for c in _SKIN.T]
    )
    hair = _near(rng, _HAIR)
    colors = np.array(
        [
            skin,
            shirt,
            sleeve,
            trousers,
            _near(rng, _SHOES),
            hair,
            (30, 26, 24),
            skin * (0.62, 0.6, 0.82),
            _vivid(rng),
        ]
    )
    return Outfit(
        colors=np.clip(colors, 8, 250),
        sleeves=pick(rng, _SLEEVES),
        legs=pick(rng, _LEGS),
        hair=pick(rng, _HAIR_STYLES),
        extra=pick(rng, _EXTRAS),
        stripes=int(rng.integers(4, 9)) if rng.random() < 0.2 else 0,
        girth=float(np.clip(rng.normal(1.0, 0.1), 0.82, 1.28)),
    )


def _vivid(rng: np.random.Generator) -> np.ndarray:
    """Draw a color of any hue, from pale or dark to vivid."""
    hue, value = rng.random(), rng.uniform(70, 245)
    saturation = rng.beta(1.3, 1.3) * 0.85
    phase = np.abs((hue * 6 + np.array([4.0, 2.0, 0.0])) % 6 - 3) - 1
    return value * (1 - saturation * (1 - np.clip(phase, 0, 1)))


def _near(rng: np.random.Generator, anchors: np.ndarray) -> np.ndarray:
    """Draw one of some colors, slightly changed."""
    return anchors[rng.integers(len(anchors))] * rng.uniform(
        0.82, 1.15
    ) + rng.normal(0, 6, 3)
