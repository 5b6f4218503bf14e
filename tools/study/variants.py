"""The trust heads that a comparison trains."""

from functools import partial

from self_verify_pose.models.heads.trust_features import PLACE_NAMES
from self_verify_pose.models.trust_targets.base import (
    LARGEST_OF_AVERAGES,
    LARGEST_OF_TEACHERS,
)
from self_verify_pose.tools.study.head_variants import (
    FeatureLayout,
    HeadVariant,
)
from self_verify_pose.tools.study.training_targets import (
    annotation_targets,
    crop_annotation_targets,
    mixed_targets,
    rotation_targets,
    solvability_targets,
    strong_view_targets,
    unified_targets,
)

HEADS = {
    'TrustHead on rotation consistency': HeadVariant(rotation_targets, False),
    'TrustHead on solvability': HeadVariant(
        solvability_targets, False, largest=LARGEST_OF_TEACHERS
    ),
    'TrustHead on unified': HeadVariant(
        unified_targets, False, largest=LARGEST_OF_TEACHERS
    ),
    'TrustHead on strong views, decay': HeadVariant(
        partial(strong_view_targets, target='decay'), False
    ),
    'TrustHead on strong views, agreement': HeadVariant(
        partial(strong_view_targets, target='agreement'), False
    ),
    'TrustHead on strong views, self-estimate': HeadVariant(
        partial(strong_view_targets, target='self_estimate'),
        False,
        largest=LARGEST_OF_AVERAGES,
    ),
    'TrustHead on true correctness': HeadVariant(annotation_targets, True),
    'TrustHead on the mixture': HeadVariant(mixed_targets, True),
}
# those that are evaluated with verification by other views, too
VERIFIED_HEADS = (
    'TrustHead on strong views, self-estimate',
    'TrustHead on true correctness',
    'TrustHead on the mixture',
)
# those that a teacher gives the targets for
TEACHER_HEADS = ('TrustHead on solvability', 'TrustHead on unified')
# the head that the ablations take an ingredient from
FULL = 'TrustHead on true correctness'


def make_ablations(layout: FeatureLayout) -> dict[str, HeadVariant | None]:
    """Take each ingredient out of the head on true correctness.

    Args:
        layout: Features of the pose network.

    Returns:
        The heads by name; None where the pose network lacks the ingredient.
    """
    levels, last = layout.levels, len(layout.channels) - 1
    statistics = [n for n in layout.scalar_names if n not in PLACE_NAMES]
    masses = tuple(name for name in statistics if 'mass_' in name)
    others = tuple(name for name in statistics if 'mass_' not in name)

    def without(names: tuple[str, ...]) -> HeadVariant | None:
        if not names:
            return None
        return HeadVariant(annotation_targets, True, hidden=names)

    def reading(*chosen: int) -> HeadVariant:
        return HeadVariant(annotation_targets, True, {'levels': chosen})

    several = len(levels) > 1
    return {
        'without strong views': HeadVariant(crop_annotation_targets, True),
        'without features': reading() if levels else None,
        'without the first level': reading(*levels[1:]) if several else None,
        'without the second level': (
            reading(levels[0], *levels[2:]) if several else None
        ),
        'with the last level, too': (
            None if last in levels else reading(*levels, last)
        ),
        'without attention between joints': HeadVariant(
            annotation_targets, True, {'mix_joints': False}
        ),
        'without mass within shares of the size': without(masses),
        'without the other statistics': without(others),
        'without place and size': without(PLACE_NAMES),
    }
