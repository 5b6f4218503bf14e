"""Makes the teachers known to MMPose, and to configs by short names."""

from mmpose.registry import MODELS

from ..teachers.free_joints import FreeJointTeacher
from ..teachers.kinematic_chain import KinematicChainTeacher

TEACHERS = {'free': FreeJointTeacher, 'fk': KinematicChainTeacher}

for _teacher in TEACHERS.values():
    MODELS.register_module(module=_teacher)
