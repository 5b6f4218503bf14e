"""Dresses a posed body: the shapes that make a person."""

import numpy as np

from .body import PROPORTIONS, Body
from .outfit import Material, Outfit
from .shapes import ShapeList, Shapes

Labels = dict[Material, int]

_EYE = 0.0064  # radius as a fraction of stature

# Ellipsoids of the trunk: height above the hips and half height as fractions
# of the trunk, half width and half depth as fractions of stature.
_TRUNK = (
    (0.74, 0.30, 0.110, 0.060),
    (0.60, 0.38, 0.110, 0.065),
    (0.36, 0.40, 0.094, 0.062),
)


def dress(body: Body, outfit: Outfit, first_label: int) -> Shapes:
    """Build the shapes of a person.

    Args:
        body: Posed person, in any frame.
        outfit: Looks of the person.
        first_label: Label of the first :class:`Material`.

    Returns:
        Shapes in the frame of the body.
    """
    shapes = ShapeList()
    label = {material: first_label + int(material) for material in Material}
    _add_torso(shapes, body, outfit, label)
    for side in ('left', 'right'):
        _add_arm(shapes, body, outfit, label, side)
        _add_leg(shapes, body, outfit, label, side)
    _add_head(shapes, body, outfit, label)
    return shapes.build()


def _add_torso(
    shapes: ShapeList, body: Body, outfit: Outfit, label: Labels
) -> None:
    p, size, unit = body.points, body.lengths, body.stature * outfit.girth
    chest, pelvis = body.frames['chest'], body.frames['pelvis']
    trunk, hips = size['trunk'], size['hip_width']
    usual = PROPORTIONS['shoulder_width'].mean * body.stature
    broad = size['shoulder_width'] / usual
    shirt, trousers = label[Material.SHIRT], label[Material.TROUSERS]
    for height, half, wide, deep in _TRUNK:
        shapes.ellipsoid(
            p['chest'] + chest @ (0.0, (height - 1) * trunk, 0.005 * unit),
            chest,
            (wide * broad * unit, half * trunk, deep * unit),
            shirt,
        )
    shapes.ellipsoid(
        p['pelvis'] + pelvis @ (0.0, 0.02 * trunk, -0.008 * unit),
        pelvis,
        (0.5 * hips + 0.030 * unit, 0.22 * trunk, 0.066 * unit),
        trousers,
    )
    for side in ('left', 'right'):
        shapes.capsule(
            p['neck'] + chest @ (0.0, 0.006 * unit, -0.006 * unit),
            p[f'{side}_shoulder'] - chest @ (0.0, 0.004 * unit, 0.0),
            (0.024 * unit, 0.028 * unit),
            shirt,
        )
    if outfit.extra == 'print':
        shapes.ellipsoid(
            p['chest'] + chest @ (0.0, -0.36 * trunk, 0.055 * unit),
            chest,
            (0.052 * unit, 0.044 * unit, 0.020 * unit),
            label[Material.ACCENT],
        )
    if outfit.extra == 'backpack':
        _add_backpack(shapes, body, unit, label[Material.ACCENT])


def _add_backpack(
    shapes: ShapeList, body: Body, unit: float, label: int
) -> None:
    chest, trunk = body.frames['chest'], body.lengths['trunk']
    shapes.ellipsoid(
        body.points['chest'] + chest @ (0.0, -0.42 * trunk, -0.105 * unit),
        chest,
        (0.078 * unit, 0.105 * unit, 0.058 * unit),
        label,
    )
    for sign in (-1, 1):
        strap = 0.30 * sign * body.lengths['shoulder_width']
        shapes.capsule(
            body.points['chest'] + chest @ (strap, 0.0, 0.034 * unit),
            body.points['chest'] + chest @ (strap, -0.4 * trunk, 0.05 * unit),
            (0.011 * unit, 0.011 * unit),
            label,
        )


def _add_arm(
    shapes: ShapeList, body: Body, outfit: Outfit, label: Labels, side: str
) -> None:
    p, unit = body.points, body.stature * outfit.girth
    shoulder, elbow, wrist, hand = (
        p[f'{side}_{name}'] for name in ('shoulder', 'elbow', 'wrist', 'hand')
    )
    skin, sleeve = label[Material.SKIN], label[Material.SLEEVE]
    long = outfit.sleeves == 'long'
    upper = skin if outfit.sleeves == 'none' else sleeve
    shapes.capsule(
        shoulder,
        elbow,
        (0.031 * unit, (0.026 if long else 0.023) * unit),
        sleeve if long else skin,
    )
    if not long:
        reach = 0.12 if upper == skin else 0.58
        shapes.capsule(
            shoulder,
            shoulder + reach * (elbow - shoulder),
            (0.034 * unit, 0.0325 * unit),
            upper,
        )
    middle = elbow + 0.3 * (wrist - elbow)
    thick = 1.1 if long else 1.0
    fore = sleeve if long else skin
    for start, end, ra, rb in (
        (elbow, middle, 0.023, 0.024),
        (middle, wrist, 0.024, 0.016),
    ):
        shapes.capsule(
            start, end, (thick * ra * unit, thick * rb * unit), fore
        )
    shapes.capsule(
        wrist + 0.25 * (hand - wrist),
        hand,
        (0.0185 * body.stature, 0.015 * body.stature),
        skin,
    )


def _add_leg(
    shapes: ShapeList, body: Body, outfit: Outfit, label: Labels, side: str
) -> None:
    p, unit = body.points, body.stature * outfit.girth
    hip, knee, ankle, heel, toe = (
        p[f'{side}_{name}'] for name in ('hip', 'knee', 'ankle', 'heel', 'toe')
    )
    skin, cloth = label[Material.SKIN], label[Material.TROUSERS]
    long = outfit.legs == 'long'
    lower = cloth if long else skin
    shapes.capsule(
        hip, knee, (0.054 * unit, 0.036 * unit), cloth if long else skin
    )
    if not long:
        reach, hem = (0.62, 0.051) if outfit.legs == 'short' else (0.75, 0.064)
        shapes.capsule(
            hip,
            hip + reach * (knee - hip),
            (0.058 * unit, hem * unit),
            cloth,
        )
    calf = knee + 0.32 * (ankle - knee)
    back = -body.frames[f'{side}_shank'][:, 2] * (0.008 * unit)
    shapes.capsule(knee, calf + back, (0.034 * unit, 0.035 * unit), lower)
    end = 0.027 if long else 0.020
    shapes.capsule(calf + back, ankle, (0.035 * unit, end * unit), lower)
    shapes.capsule(
        heel,
        toe,
        (0.023 * body.stature, 0.018 * body.stature),
        label[Material.SHOES],
    )


def _add_head(
    shapes: ShapeList, body: Body, outfit: Outfit, label: Labels
) -> None:
    p, unit, frame = body.points, body.stature, body.frames['head']
    half, skin = _half_head(body), label[Material.SKIN]
    shapes.capsule(
        p['neck'],
        _on_head(body, 0, -0.3, -0.1),
        (0.033 * unit, 0.031 * unit),
        skin,
    )
    shapes.ellipsoid(p['head'], frame, half, skin)
    chin = _on_head(body, 0, -0.52, 0.22)
    shapes.ellipsoid(chin, frame, half * (0.72, 0.5, 0.68), skin)
    bridge = _on_head(body, 0, 0.05, 0.94)
    shapes.capsule(bridge, p['nose'], (0.005 * unit, 0.0085 * unit), skin)
    shapes.capsule(
        _on_head(body, -0.28, -0.55, 0.76),
        _on_head(body, 0.28, -0.55, 0.76),
        (0.0055 * unit, 0.0055 * unit),
        label[Material.MOUTH],
    )
    for side, sign in (('left', 1), ('right', -1)):
        shapes.ellipsoid(
            p[f'{side}_eye'], frame, (_EYE * unit,) * 3, label[Material.EYE]
        )
        shapes.ellipsoid(
            p[f'{side}_ear'],
            frame,
            (0.007 * unit, 0.019 * unit, 0.012 * unit),
            skin,
        )
        shapes.capsule(
            _on_head(body, 0.22 * sign, 0.27, 0.93),
            _on_head(body, 0.6 * sign, 0.25, 0.78),
            (0.004 * unit, 0.003 * unit),
            label[Material.HAIR],
        )
    if outfit.hair != 'bald':
        _add_hair(shapes, body, outfit.hair, label)


def _add_hair(
    shapes: ShapeList, body: Body, style: str, label: Labels
) -> None:
    frame, half = body.frames['head'], _half_head(body)
    hair, cap = label[Material.HAIR], label[Material.ACCENT]
    shapes.ellipsoid(
        _on_head(body, 0, 0.26, -0.2),
        frame,
        half * (1.1, 0.88, 1.0),
        cap if style == 'cap' else hair,
    )
    long = style == 'long'
    shapes.capsule(
        _on_head(body, 0, 0.1, -0.42),
        _on_head(body, 0, -1.25 if long else -0.25, -0.5),
        (0.92 * half[0], (0.95 if long else 0.75) * half[0]),
        hair,
    )
    if style == 'cap':
        brim = _on_head(body, 0, 0.42, 0.9)
        shapes.ellipsoid(brim, frame, half * (0.8, 0.1, 0.6), cap)
    if style == 'tail':
        shapes.capsule(
            _on_head(body, 0, 0.3, -1.1),
            _on_head(body, 0, -1.3, -1.35),
            (0.38 * half[0], 0.26 * half[0]),
            hair,
        )


def _half_head(body: Body) -> np.ndarray:
    """Return half of the head's width, height and depth in metres."""
    names = ('head_width', 'head_height', 'head_depth')
    return 0.5 * np.array([body.lengths[name] for name in names])


def _on_head(body: Body, x: float, y: float, z: float) -> np.ndarray:
    """Return a point given in half sizes of the head."""
    return body.points['head'] + body.frames['head'] @ (
        _half_head(body) * (x, y, z)
    )
