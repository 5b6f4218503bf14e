"""Solid shapes that people and objects are made of."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Shapes(NamedTuple):
    """Tapered capsules and ellipsoids with a label each.

    Attributes:
        ends: Capsule axes, shape (N, 2, 3), metres.
        radii: Capsule radii at both ends, shape (N, 2), metres.
        capsule_labels: Labels, shape (N,).
        centers: Ellipsoid centers, shape (M, 3), metres.
        axes: Ellipsoid semi-axes as orthogonal columns, shape (M, 3, 3),
            metres.
        ellipsoid_labels: Labels, shape (M,).
    """

    ends: np.ndarray
    radii: np.ndarray
    capsule_labels: np.ndarray
    centers: np.ndarray
    axes: np.ndarray
    ellipsoid_labels: np.ndarray


class ShapeList:
    """Collects shapes one by one."""

    def __init__(self) -> None:
        self._ends: list[tuple[np.ndarray, np.ndarray]] = []
        self._radii: list[tuple[float, float]] = []
        self._capsule_labels: list[int] = []
        self._centers: list[np.ndarray] = []
        self._axes: list[np.ndarray] = []
        self._ellipsoid_labels: list[int] = []

    def capsule(
        self,
        start: np.ndarray,
        end: np.ndarray,
        radii: tuple[float, float],
        label: int,
    ) -> None:
        """Add a tapered capsule.

        Args:
            start: First end of the axis, shape (3,), metres.
            end: Second end of the axis, shape (3,), metres.
            radii: Radii at both ends in metres.
            label: Label of its pixels, above 0.
        """
        self._ends.append((start, end))
        self._radii.append(radii)
        self._capsule_labels.append(label)

    def ellipsoid(
        self,
        center: np.ndarray,
        frame: np.ndarray,
        semi_axes: ArrayLike,
        label: int,
    ) -> None:
        """Add an ellipsoid.

        Args:
            center: Center, shape (3,), metres.
            frame: Directions of the axes as columns, shape (3, 3).
            semi_axes: Semi-axes along those directions, shape (3,), metres.
            label: Label of its pixels, above 0.
        """
        self._centers.append(center)
        self._axes.append(frame * np.asarray(semi_axes))
        self._ellipsoid_labels.append(label)

    def build(self) -> Shapes:
        """Return all shapes added so far as arrays."""
        return Shapes(
            np.array(self._ends, dtype=float).reshape(-1, 2, 3),
            np.array(self._radii, dtype=float).reshape(-1, 2),
            np.array(self._capsule_labels, dtype=int),
            np.array(self._centers, dtype=float).reshape(-1, 3),
            np.array(self._axes, dtype=float).reshape(-1, 3, 3),
            np.array(self._ellipsoid_labels, dtype=int),
        )


def concatenate(parts: list[Shapes]) -> Shapes:
    """Join shapes into one set.

    Args:
        parts: At least one set of shapes.

    Returns:
        All shapes, in order.
    """
    return Shapes(
        *(np.concatenate(field) for field in zip(*parts, strict=True))
    )
