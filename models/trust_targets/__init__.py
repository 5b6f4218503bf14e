"""Sources of trust targets, one registered component per file."""

from .agreement import AgreementTargets
from .annotation import AnnotationTargets
from .base import TrustSource, TrustTarget, build_source, checked_targets
from .cached import CachedTargets
from .combine import CombinedTargets
from .consistency import ConsistencyTargets
from .solvability import SolvabilityTargets, build_teacher
from .step import AugmentedView, PoseOutput, TrainingStep

__all__ = [
    'AgreementTargets',
    'AnnotationTargets',
    'AugmentedView',
    'CachedTargets',
    'CombinedTargets',
    'ConsistencyTargets',
    'PoseOutput',
    'SolvabilityTargets',
    'TrainingStep',
    'TrustSource',
    'TrustTarget',
    'build_source',
    'build_teacher',
    'checked_targets',
]
