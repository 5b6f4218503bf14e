"""One description of the COCO body: joints, mirror pairs, bones, limits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ...skeleton import FLIP, JOINTS

DATA_ROOT = Path(__file__).parent / 'data'


@dataclass(frozen=True)
class BodyDescription:
    """The body as read from ``data/body.json``.

    Lengths are fractions of stature. Convention: the rest pose stands upright
    and faces the camera, x to the image's right (the person's left), y down,
    z away from the camera.

    Attributes:
        rest: Rest position of each joint (17, 3).
        bones: Joint pairs whose length is known, (E, 2).
        lengths: Bone lengths (E,).
        spreads: One standard deviation of each length as a fraction of it.
        twins: Pairs of positions in ``bones``, left and right.
        hinges: Triples (upper, middle, lower) of joints with one hinge.
        smallest: Smallest interior angle of each hinge, in radians.
        scale_mean: Mean of log(stature / person size).
        scale_spread: Its standard deviation.
        soft: Tolerances of the soft constraints: ``symmetry`` (fraction of a
            length), ``hinge`` (cosine), ``posture`` and ``limit`` (radians),
            ``depth`` (person sizes).
    """

    rest: tuple[tuple[float, float, float], ...]
    bones: tuple[tuple[int, int], ...]
    lengths: tuple[float, ...]
    spreads: tuple[float, ...]
    twins: tuple[tuple[int, int], ...]
    hinges: tuple[tuple[int, int, int], ...]
    smallest: tuple[float, ...]
    scale_mean: float
    scale_spread: float
    soft: dict[str, float]


def _index(names: list[str]) -> tuple[int, ...]:
    """Joint indices of joint names."""
    return tuple(JOINTS.index(name) for name in names)


def _twins(bones: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, int], ...]:
    """Positions of mirrored bones, each pair once."""
    where = {frozenset(bone): k for k, bone in enumerate(bones)}
    pairs = []
    for k, (a, b) in enumerate(bones):
        other = where[frozenset((FLIP[a], FLIP[b]))]
        if k < other:
            pairs.append((k, other))
    return tuple(pairs)


@lru_cache(maxsize=1)
def load_body() -> BodyDescription:
    """Read the body description that belongs to this package."""
    data = json.loads((DATA_ROOT / 'body.json').read_text())
    bones = tuple(_index(bone['joints']) for bone in data['bones'])
    return BodyDescription(
        rest=tuple(tuple(data['rest'][name]) for name in JOINTS),
        bones=bones,
        lengths=tuple(bone['length'] for bone in data['bones']),
        spreads=tuple(bone['spread'] for bone in data['bones']),
        twins=_twins(bones),
        hinges=tuple(_index(hinge['joints']) for hinge in data['hinges']),
        smallest=tuple(hinge['smallest'] for hinge in data['hinges']),
        scale_mean=data['scale']['mean'],
        scale_spread=data['scale']['spread'],
        soft=data['soft'],
    )
