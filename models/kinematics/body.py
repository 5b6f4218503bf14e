"""Description of the COCO body: rest pose, bones, hinges, tolerances."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from ...skeleton import FLIP, JOINTS

DATA_ROOT = Path(__file__).parent / 'data'

Indices = tuple[int, ...]


@dataclass(frozen=True)
class BodyDescription:
    """Content of ``data/body.json``, with joints as COCO indices.

    Convention: lengths are fractions of stature. The rest pose stands upright
    and faces the camera, x to the image's right (the person's left), y down,
    z away from the camera.

    Attributes:
        rest: Rest position of each joint (17, 3).
        bones: Joint pairs with an expected length (E, 2).
        lengths: Expected bone lengths (E,).
        spreads: Standard deviation of each length as a fraction of it (E,).
        mirror_pairs: Indices into ``bones`` of a left bone and its right
            counterpart.
        hinges: Joint triples (upper, middle, lower) around one hinge (M, 3).
        min_angles: Smallest interior angle of each hinge in radians (M,).
        scale_mean: Mean of log(stature / person size).
        scale_spread: Standard deviation of log(stature / person size).
        tolerances: Standard deviations of the soft constraints: ``symmetry``
            (fraction of a length), ``hinge`` (cosine), ``posture`` and
            ``limit`` (radians), ``depth`` (person sizes).
    """

    rest: tuple[tuple[float, ...], ...]
    bones: tuple[Indices, ...]
    lengths: tuple[float, ...]
    spreads: tuple[float, ...]
    mirror_pairs: tuple[Indices, ...]
    hinges: tuple[Indices, ...]
    min_angles: tuple[float, ...]
    scale_mean: float
    scale_spread: float
    tolerances: dict[str, float]


@lru_cache(maxsize=1)
def read_body_json() -> dict[str, Any]:
    """Read ``data/body.json``, which ``fit_body_statistics.py`` writes.

    Returns:
        The parsed file; do not modify it, it is cached.

    Example:
        >>> sorted(read_body_json())[:3]
        ['bones', 'chain', 'hinges']
    """
    text = (DATA_ROOT / 'body.json').read_text()
    return cast(dict[str, Any], json.loads(text))


@lru_cache(maxsize=1)
def load_body() -> BodyDescription:
    """Read the body description that belongs to this package.

    Returns:
        The description; the same object at every call.

    Example:
        >>> body = load_body()
        >>> len(body.rest), len(body.bones), len(body.mirror_pairs)
        (17, 26, 11)
    """
    data = read_body_json()
    bones = tuple(_indices(bone['joints']) for bone in data['bones'])
    return BodyDescription(
        rest=tuple(tuple(data['rest'][name]) for name in JOINTS),
        bones=bones,
        lengths=tuple(bone['length'] for bone in data['bones']),
        spreads=tuple(bone['spread'] for bone in data['bones']),
        mirror_pairs=_mirror_pairs(bones),
        hinges=tuple(_indices(hinge['joints']) for hinge in data['hinges']),
        min_angles=tuple(hinge['smallest'] for hinge in data['hinges']),
        scale_mean=data['scale']['mean'],
        scale_spread=data['scale']['spread'],
        tolerances=data['soft'],
    )


def _indices(names: list[str]) -> Indices:
    return tuple(map(JOINTS.index, names))


def _mirror_pairs(bones: tuple[Indices, ...]) -> tuple[Indices, ...]:
    """Indices of mirrored bones, each pair once."""
    index_of = {frozenset(bone): k for k, bone in enumerate(bones)}
    mirrored = [index_of[frozenset((FLIP[a], FLIP[b]))] for a, b in bones]
    return tuple(pair for pair in enumerate(mirrored) if pair[0] < pair[1])
