"""Clothes, hair and colors of a synthetic person.

Colors are BGR, 0 to 255.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from .choice import Rng, pick


class Material(IntEnum):
    """Surface of a pixel of a person."""

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
    """Appearance of a person.

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


def _from_hex(colors: str) -> np.ndarray:
    """Convert colors RRGGBB to BGR, shape (N, 3)."""
    return np.array([list(bytes.fromhex(c))[::-1] for c in colors.split()])


_SKIN = _from_hex('f5d6c6 e8bea5 d6a07d ba805a 945c3e 643c2a')
_HAIR = _from_hex('1a1616 3e281c 70462c c49660 a04e28 afacaa')
_TROUSERS = _from_hex('2e486e 263246 2a2828 aa9678 646060 5c543c')
_SHOES = _from_hex('1e1c1c ebebeb 643c28 be3232')
_SLEEVES = {'none': 0.12, 'short': 0.43, 'long': 0.45}
_LEGS = {'long': 0.66, 'short': 0.24, 'skirt': 0.1}
_STYLES = {'short': 0.46, 'long': 0.2, 'tail': 0.1, 'cap': 0.16, 'bald': 0.08}
_EXTRAS = {'none': 0.5, 'print': 0.35, 'backpack': 0.15}


def sample_outfit(rng: Rng) -> Outfit:
    """Sample the appearance of a person.

    Args:
        rng: Source of randomness.

    Returns:
        The appearance.

    Example:
        >>> type(sample_outfit(np.random.default_rng(0))).__name__
        'Outfit'
    """
    shirt = _vivid(rng)
    sleeve = shirt if rng.random() < 0.85 else _vivid(rng)
    trousers = _near(rng, _TROUSERS) if rng.random() < 0.75 else _vivid(rng)
    tone = rng.uniform(0, len(_SKIN) - 1)
    skin = np.array([np.interp(tone, range(len(_SKIN)), c) for c in _SKIN.T])
    hair, shoes = _near(rng, _HAIR), _near(rng, _SHOES)
    eye, mouth = (30, 26, 24), skin * (0.62, 0.6, 0.82)
    accent = _vivid(rng)
    colors = np.array(
        [skin, shirt, sleeve, trousers, shoes, hair, eye, mouth, accent]
    )
    return Outfit(
        colors=np.clip(colors, 8, 250),
        sleeves=pick(rng, _SLEEVES),
        legs=pick(rng, _LEGS),
        hair=pick(rng, _STYLES),
        extra=pick(rng, _EXTRAS),
        stripes=int(rng.integers(4, 9)) if rng.random() < 0.2 else 0,
        girth=float(np.clip(rng.normal(1.0, 0.1), 0.82, 1.28)),
    )


def _vivid(rng: Rng) -> np.ndarray:
    """Sample a color of any hue, from pale or dark to vivid."""
    hue, value = rng.random(), rng.uniform(70, 245)
    saturation = rng.beta(1.3, 1.3) * 0.85
    phase = np.abs((hue * 6 + np.array([4.0, 2.0, 0.0])) % 6 - 3) - 1
    return value * (1 - saturation * (1 - np.clip(phase, 0, 1)))


def _near(rng: Rng, anchors: np.ndarray) -> np.ndarray:
    """Sample one of some colors, slightly changed."""
    anchor = anchors[rng.integers(len(anchors))]
    return anchor * rng.uniform(0.82, 1.15) + rng.normal(0, 6, 3)
