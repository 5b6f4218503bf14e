"""The trust heads that a comparison trains."""

from functools import partial

from self_verify_pose.models.heads.trust_features import PLACE_NAMES
from self_verify_pose.tools.study.train_heads import (
    SCALAR_NAMES,
    HeadVariant,
    annotation_targets,
    crop_annotation_targets,
    mixed_targets,
    rotation_targets,
    solvability_targets,
    strong_view_targets,
    unified_targets,
)

_STATISTICS = [name for name in SCALAR_NAMES if name not in PLACE_NAMES]
_MASSES = tuple(name for name in _STATISTICS if '_mass_' in name)
_OTHERS = tuple(name for name in _STATISTICS if '_mass_' not in name)

HEADS = {
    'TrustHead on rotation consistency': HeadVariant(rotation_targets, False),
    'TrustHead on solvability': HeadVariant(solvability_targets, False),
    'TrustHead on unified': HeadVariant(unified_targets, False),
    'TrustHead on strong views, decay': HeadVariant(
        partial(strong_view_targets, target='decay'), False
    ),
    'TrustHead on strong views, agreement': HeadVariant(
        partial(strong_view_targets, target='agreement'), False
    ),
    'TrustHead on strong views, self-estimate': HeadVariant(
        partial(strong_view_targets, target='self_estimate'), False
    ),
    'TrustHead on true correctness': HeadVariant(annotation_targets, True),
    'TrustHead on the mixture': HeadVariant(mixed_targets, True),
}
ABLATIONS = {
    'without strong views': HeadVariant(crop_annotation_targets, True),
    'without features': HeadVariant(annotation_targets, True, {'levels': ()}),
    'without the first level': HeadVariant(
        annotation_targets, True, {'levels': (1,)}
    ),
    'without the second level': HeadVariant(
        annotation_targets, True, {'levels': (0,)}
    ),
    'with the last level, too': HeadVariant(
        annotation_targets, True, {'levels': (0, 1, 2)}
    ),
    'without attention between joints': HeadVariant(
        annotation_targets, True, {'mix_joints': False}
    ),
    'without mass within shares of the size': HeadVariant(
        annotation_targets, True, hidden=_MASSES
    ),
    'without the other SimCC statistics': HeadVariant(
        annotation_targets, True, hidden=_OTHERS
    ),
    'without place and size': HeadVariant(
        annotation_targets, True, hidden=PLACE_NAMES
    ),
}
VARIANTS = {**HEADS, **ABLATIONS}
# the head that the ablations take an ingredient from
FULL = 'TrustHead on true correctness'
