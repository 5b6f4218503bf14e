"""Targets from an inverse-kinematics teacher, and the teachers by name."""

from collections.abc import Sequence

from mmpose.registry import MODELS

from ...skeleton import JOINTS
from ..options import SolvabilityOptions
from ..teachers.base import Teacher
from ..teachers.free_joints import FreeJointTeacher
from ..teachers.joint_mapping import (
    JointMapping,
    MappedTeacher,
    TeacherFunction,
)
from ..teachers.kinematic_chain import KinematicChainTeacher
from .base import TrustSource, TrustTarget
from .step import TrainingStep

TEACHERS: dict[str, type[Teacher]] = {
    'free': FreeJointTeacher,
    'fk': KinematicChainTeacher,
}
for _teacher in TEACHERS.values():
    MODELS.register_module(module=_teacher)


@MODELS.register_module()
class SolvabilityTargets(TrustSource):
    """Trust that the teacher gives to the keypoints decoded from the crops."""

    requires = frozenset({'teacher'})

    def targets(self, step: TrainingStep) -> Sequence[TrustTarget]:
        """Read the trust of the teacher.

        Args:
            step: The training step.

        Returns:
            Targets for the crops themselves.
        """
        output = step.teacher_output
        values = output.trust(step.options.solvability)
        return [TrustTarget(step.view, values, output.mask)]


def build_teacher(
    options: SolvabilityOptions, names: Sequence[str] = JOINTS
) -> TeacherFunction:
    """Build the teacher of a config.

    Args:
        options: Options of the teacher.
        names: Names of the K keypoints of the pose network.

    Returns:
        The teacher for these keypoints.

    Raises:
        ValueError: If the names do not make a body.
    """
    teacher = TEACHERS[options.teacher](**options.teacher_options())
    if tuple(names) == JOINTS:
        return teacher
    return MappedTeacher(teacher, JointMapping(names))
