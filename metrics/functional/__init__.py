"""Metrics of per-joint scores as pure functions of NumPy arrays."""

from ...constants import PCK_THRESHOLD
from .calibration import (
    ReliabilityBins,
    accuracy_at,
    brier,
    ece,
    ece_mass,
    equal_mass_edges,
    equal_width_edges,
    reliability_bins,
)
from .correctness import is_correct, joint_errors, person_size
from .ranking import aupr, aupr_error, auroc
from .score_groups import ScoreGroups, SortedScores
from .selective import (
    RiskCoverageCurve,
    augrc,
    aurc,
    coverage_at_risk,
    risk_coverage_curve,
)

__all__ = [
    'PCK_THRESHOLD',
    'ReliabilityBins',
    'RiskCoverageCurve',
    'ScoreGroups',
    'SortedScores',
    'accuracy_at',
    'augrc',
    'aupr',
    'aupr_error',
    'aurc',
    'auroc',
    'brier',
    'coverage_at_risk',
    'ece',
    'ece_mass',
    'equal_mass_edges',
    'equal_width_edges',
    'is_correct',
    'joint_errors',
    'person_size',
    'reliability_bins',
    'risk_coverage_curve',
]
