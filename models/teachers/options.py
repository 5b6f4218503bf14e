"""Options that every teacher has, each with its one default."""

from dataclasses import dataclass, fields

from ...constants import DECAY_RATE
from .pseudo_trust import FUSIONS, Fusion


@dataclass(frozen=True)
class TeacherOptions:
    """Options of a teacher.

    Args:
        alpha: Decay rate of solvability and identifiability per person size.
        fusion: Combination of both into trust, see ``pseudo_trust.fuse``.
        iterations: Largest number of solver steps.
        starts: Number of facing directions that are fitted, the best initial
            ones first; the fit with the lowest energy is kept.
        noise: Standard deviation of a good keypoint in units of person size.
        width: Width of the Geman–McClure loss in units of person size.
        prior_weight: Factor on the precision of the pose prior.
        tolerance: Relative change of energy at which a sample has converged.

    Raises:
        ValueError: A number is not positive or ``fusion`` is unknown.
    """

    alpha: float = DECAY_RATE
    fusion: Fusion = 'min'
    iterations: int = 50
    starts: int = 1
    noise: float = 0.02
    width: float = 0.05
    prior_weight: float = 1.0
    tolerance: float = 5e-3

    def __post_init__(self) -> None:
        """Check the ranges and the choice."""
        for field in fields(TeacherOptions):
            value = getattr(self, field.name)
            if field.name != 'fusion' and not value > 0:
                raise ValueError(f'expected {field.name} > 0, found {value}')
        if self.fusion not in FUSIONS:
            raise ValueError(
                f'expected fusion to be one of {FUSIONS}, found '
                f'{self.fusion!r}'
            )
