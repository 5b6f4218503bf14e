"""Shapes of a person: a posed body with its clothes and hair."""

import numpy as np
from numpy.typing import ArrayLike

from .body import PROPORTIONS, ArticulatedBody
from .outfit import Material, Outfit
from .raster import Capsule, Ellipsoid, Shape

_EYE = 0.0064  # radius as a fraction of stature

# Ellipsoids of the trunk: height above the hips and half height as fractions
# of the trunk, half width and half depth as fractions of stature.
_TRUNK = (
    (0.74, 0.30, 0.110, 0.060),
    (0.60, 0.38, 0.110, 0.065),
    (0.36, 0.40, 0.094, 0.062),
)


def dress(
    body: ArticulatedBody, outfit: Outfit, first_label: int
) -> list[Shape]:
    """Build the shapes of a person.

    Args:
        body: Posed body, in any frame.
        outfit: Appearance of the person.
        first_label: Label of the first :class:`Material`.

    Returns:
        Shapes in the frame of the body.

    Example:
        >>> from self_verify_pose.datasets.synthetic import body, outfit
        >>> ratios = {name: one.mean for name, one in body.PROPORTIONS.items()}
        >>> person = body.pose_body(np.zeros((13, 3)), 1.7, ratios)
        >>> clothes = outfit.sample_outfit(np.random.default_rng(0))
        >>> min(shape.label for shape in dress(person, clothes, first_label=5))
        5
    """
    figure = _Figure(body, outfit, first_label)
    figure.add_torso()
    for side in ('left', 'right'):
        figure.add_arm(side)
        figure.add_leg(side)
    figure.add_head()
    return figure.shapes


class _Figure:
    """Collects the shapes of a person."""

    def __init__(
        self, body: ArticulatedBody, outfit: Outfit, first_label: int
    ) -> None:
        self.body, self.outfit = body, outfit
        self.first_label = first_label
        self.unit = body.stature * outfit.girth
        self.shapes: list[Shape] = []

    def capsule(
        self,
        start: np.ndarray,
        end: np.ndarray,
        radii: tuple[float, float],
        material: Material,
        unit: float | None = None,
    ) -> None:
        """Add a capsule with radii in units, by default of the thickness."""
        unit = self.unit if unit is None else unit
        label = self.first_label + material
        size = radii[0] * unit, radii[1] * unit
        self.shapes.append(Capsule(start, end, size, label))

    def ellipsoid(
        self, part: str, at: np.ndarray, semi_axes: ArrayLike, color: Material
    ) -> None:
        """Add an ellipsoid along the axes of a part, in metres."""
        axes = self.body.frames[part] * np.asarray(semi_axes)
        self.shapes.append(Ellipsoid(at, axes, self.first_label + color))

    def at(self, part: str, x: float, y: float, z: float) -> np.ndarray:
        """Return a point given in the frame of a part, in metres."""
        return self.body.points[part] + self.body.frames[part] @ (x, y, z)

    def on_head(self, x: float, y: float, z: float) -> np.ndarray:
        """Return a point given in half sizes of the head."""
        return self.at('head', *(self.body.half_head * (x, y, z)))

    def add_torso(self) -> None:
        body, unit = self.body, self.unit
        trunk, hips = body.lengths['trunk'], body.lengths['hip_width']
        usual = PROPORTIONS['shoulder_width'].mean * body.stature
        broad = body.lengths['shoulder_width'] / usual
        for height, half, wide, deep in _TRUNK:
            self.ellipsoid(
                'chest',
                self.at('chest', 0.0, (height - 1) * trunk, 0.005 * unit),
                (wide * broad * unit, half * trunk, deep * unit),
                Material.SHIRT,
            )
        self.ellipsoid(
            'pelvis',
            self.at('pelvis', 0.0, 0.02 * trunk, -0.008 * unit),
            (0.5 * hips + 0.030 * unit, 0.22 * trunk, 0.066 * unit),
            Material.TROUSERS,
        )
        chest, points = body.frames['chest'], body.points
        for side in ('left', 'right'):
            self.capsule(
                points['neck'] + chest @ (0.0, 0.006 * unit, -0.006 * unit),
                points[f'{side}_shoulder'] - chest @ (0.0, 0.004 * unit, 0.0),
                (0.024, 0.028),
                Material.SHIRT,
            )
        if self.outfit.extra == 'print':
            self.ellipsoid(
                'chest',
                self.at('chest', 0.0, -0.36 * trunk, 0.055 * unit),
                (0.052 * unit, 0.044 * unit, 0.020 * unit),
                Material.ACCENT,
            )
        if self.outfit.extra == 'backpack':
            self.add_backpack()

    def add_backpack(self) -> None:
        unit, trunk = self.unit, self.body.lengths['trunk']
        self.ellipsoid(
            'chest',
            self.at('chest', 0.0, -0.42 * trunk, -0.105 * unit),
            (0.078 * unit, 0.105 * unit, 0.058 * unit),
            Material.ACCENT,
        )
        for sign in (-1, 1):
            strap = 0.30 * sign * self.body.lengths['shoulder_width']
            top = self.at('chest', strap, 0.0, 0.034 * unit)
            bottom = self.at('chest', strap, -0.4 * trunk, 0.05 * unit)
            self.capsule(top, bottom, (0.011, 0.011), Material.ACCENT)

    def add_arm(self, side: str) -> None:
        shoulder, elbow, wrist, hand = (
            self.body.points[f'{side}_{name}']
            for name in ('shoulder', 'elbow', 'wrist', 'hand')
        )
        skin, sleeve = Material.SKIN, Material.SLEEVE
        long = self.outfit.sleeves == 'long'
        cover = sleeve if long else skin
        self.capsule(shoulder, elbow, (0.031, 0.026 if long else 0.023), cover)
        if not long:
            bare = self.outfit.sleeves == 'none'
            end = shoulder + (0.12 if bare else 0.58) * (elbow - shoulder)
            upper = skin if bare else sleeve
            self.capsule(shoulder, end, (0.034, 0.0325), upper)
        middle = elbow + 0.3 * (wrist - elbow)
        thick = 1.1 if long else 1.0
        self.capsule(elbow, middle, (thick * 0.023, thick * 0.024), cover)
        self.capsule(middle, wrist, (thick * 0.024, thick * 0.016), cover)
        palm = wrist + 0.25 * (hand - wrist)
        self.capsule(palm, hand, (0.0185, 0.015), skin, self.body.stature)

    def add_leg(self, side: str) -> None:
        hip, knee, ankle, heel, toe = (
            self.body.points[f'{side}_{name}']
            for name in ('hip', 'knee', 'ankle', 'heel', 'toe')
        )
        cloth, long = Material.TROUSERS, self.outfit.legs == 'long'
        cover = cloth if long else Material.SKIN
        self.capsule(hip, knee, (0.054, 0.036), cover)
        if not long:
            short = self.outfit.legs == 'short'
            reach, hem = (0.62, 0.051) if short else (0.75, 0.064)
            end = hip + reach * (knee - hip)
            self.capsule(hip, end, (0.058, hem), cloth)
        back = -self.body.frames[f'{side}_shank'][:, 2] * (0.008 * self.unit)
        calf = knee + 0.32 * (ankle - knee) + back
        self.capsule(knee, calf, (0.034, 0.035), cover)
        self.capsule(calf, ankle, (0.035, 0.027 if long else 0.020), cover)
        shoes, stature = Material.SHOES, self.body.stature
        self.capsule(heel, toe, (0.023, 0.018), shoes, stature)

    def add_head(self) -> None:
        points, stature = self.body.points, self.body.stature
        half, skin = self.body.half_head, Material.SKIN
        throat = self.on_head(0, -0.3, -0.1)
        self.capsule(points['neck'], throat, (0.033, 0.031), skin, stature)
        self.ellipsoid('head', points['head'], half, skin)
        chin = self.on_head(0, -0.52, 0.22)
        self.ellipsoid('head', chin, half * (0.72, 0.5, 0.68), skin)
        bridge = self.on_head(0, 0.05, 0.94)
        self.capsule(bridge, points['nose'], (0.005, 0.0085), skin, stature)
        right, left = (self.on_head(x, -0.55, 0.76) for x in (-0.28, 0.28))
        lips = (0.0055, 0.0055)
        self.capsule(right, left, lips, Material.MOUTH, stature)
        eye, ear = (_EYE,) * 3, (0.007, 0.019, 0.012)
        for side, sign in (('left', 1), ('right', -1)):
            for name, size, material in (
                ('eye', eye, Material.EYE),
                ('ear', ear, skin),
            ):
                semi_axes = np.multiply(size, stature)
                center = points[f'{side}_{name}']
                self.ellipsoid('head', center, semi_axes, material)
            inner = self.on_head(0.22 * sign, 0.27, 0.93)
            outer = self.on_head(0.6 * sign, 0.25, 0.78)
            brow = (0.004, 0.003)
            self.capsule(inner, outer, brow, Material.HAIR, stature)
        if self.outfit.hair != 'bald':
            self.add_hair(self.outfit.hair)

    def add_hair(self, style: str) -> None:
        half, hair, cap = self.body.half_head, Material.HAIR, Material.ACCENT
        long, width = style == 'long', half[0]
        crown = self.on_head(0, 0.26, -0.2)
        top = cap if style == 'cap' else hair
        self.ellipsoid('head', crown, half * (1.1, 0.88, 1.0), top)
        start = self.on_head(0, 0.1, -0.42)
        end = self.on_head(0, -1.25 if long else -0.25, -0.5)
        self.capsule(start, end, (0.92, 0.95 if long else 0.75), hair, width)
        if style == 'cap':
            brim = self.on_head(0, 0.42, 0.9)
            self.ellipsoid('head', brim, half * (0.8, 0.1, 0.6), cap)
        if style == 'tail':
            start = self.on_head(0, 0.3, -1.1)
            end = self.on_head(0, -1.3, -1.35)
            self.capsule(start, end, (0.38, 0.26), hair, width)
