"""Interface of the bodies that a teacher can fit."""

from collections.abc import Callable
from typing import Protocol

from torch import Tensor

from .initialization import PoseInit
from .normal_equations import Equations
from .terms import DataTerm


class ParametricBody(Protocol):
    """A body with N unknowns θ, in units of person size."""

    def initialize(self, pose: PoseInit, points: Tensor) -> Tensor:
        """Make initial unknowns from a placed rest body.

        Args:
            pose: S placed rest bodies per sample.
            points: First guess (B, 17, 2) of the projected joints.

        Returns:
            θ (B, S, N).
        """
        ...

    def joints(self, unknowns: Tensor) -> Tensor:
        """Compute the 3-D joints.

        Args:
            unknowns: θ (B, N).

        Returns:
            Joints (B, 17, 3) in units of person size.
        """
        ...

    def project(self, unknowns: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the projected joints.

        Args:
            unknowns: θ (B, N).

        Returns:
            P (B, 17, 2) and dP/dθ (B, 34, N).
        """
        ...

    def linearize(
        self, unknowns: Tensor, data_term: Callable[[Tensor], DataTerm]
    ) -> Equations:
        """Expand ``data_term(P(θ))`` plus the body's own |r(θ)|² at θ.

        Args:
            unknowns: θ (B, N).
            data_term: Result of ``terms.data_term``.

        Returns:
            Energy, half gradient and half Hessian.
        """
        ...
