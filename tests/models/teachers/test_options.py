import dataclasses

import pytest

from self_verify_pose.constants import DECAY_RATE
from self_verify_pose.models.teachers.free_joints import FreeJointTeacher
from self_verify_pose.models.teachers.options import TeacherOptions

NUMBERS = [
    field.name
    for field in dataclasses.fields(TeacherOptions)
    if field.name != 'fusion'
]


@pytest.mark.parametrize('name', NUMBERS)
@pytest.mark.parametrize('value', [0, -1, float('nan')])
def test_numbers_must_be_positive(name, value):
    with pytest.raises(ValueError, match=f'{name} > 0, found {value}'):
        TeacherOptions(**{name: value})


def test_unknown_fusion_is_named():
    with pytest.raises(ValueError, match="'median'"):
        TeacherOptions(fusion='median')


def test_a_teacher_takes_the_options_as_keywords():
    teacher = FreeJointTeacher(iterations=20)
    assert (teacher.iterations, teacher.alpha) == (20, DECAY_RATE)
    with pytest.raises(TypeError, match='wdth'):
        FreeJointTeacher(wdth=0.1)
