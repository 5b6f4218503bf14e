"""Mapping of any skeleton onto the body of the teachers, by joint name."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ...skeleton import JOINTS, LIMB_JOINTS, joint_name
from .base import TeacherResult

# `Teacher`, or one for another skeleton
TeacherFunction = Callable[..., TeacherResult]

MIN_LIMB_JOINTS = 8
_TRUNK = [
    joint for joint in LIMB_JOINTS if 'hip' in joint or 'should' in joint
]


class JointMapping:
    """Where the joints of the body are among the keypoints of a skeleton.

    Keypoints that the body lacks, such as fingers, have no place in it.

    Args:
        names: Names of the K keypoints in order.

    Raises:
        ValueError: If a hip or a shoulder is missing, or more than four of
            the twelve limb joints.

    Examples:
        >>> mapping = JointMapping(['neck', *JOINTS[5:]])
        >>> mapping.to_body(torch.arange(13.0)[None])[0, 4:7]
        tensor([0., 1., 2.])
        >>> mapping.to_skeleton(torch.arange(17.0)[None])[0, :3]
        tensor([nan, 5., 6.])
    """

    def __init__(self, names: Sequence[str]) -> None:
        places = {joint_name(name): k for k, name in enumerate(names)}
        lacking = [joint for joint in LIMB_JOINTS if joint not in places]
        if (
            not places.keys() >= {*_TRUNK}
            or len(LIMB_JOINTS) - len(lacking) < MIN_LIMB_JOINTS
        ):
            raise ValueError(
                'model.metainfo: expected both hips, both shoulders and at '
                f'least {MIN_LIMB_JOINTS} of the {len(LIMB_JOINTS)} joints '
                f'{", ".join(LIMB_JOINTS)} for an inverse-kinematics teacher, '
                f'found no {", ".join(lacking)}; choose a '
                'model.trust_cfg.source without a teacher, or correct the '
                'names'
            )
        self.num_keypoints = len(names)
        self._body = [k for k, joint in enumerate(JOINTS) if joint in places]
        self._skeleton = [places[JOINTS[k]] for k in self._body]

    def to_body(self, values: Tensor) -> Tensor:
        """Take the joints of the body.

        Args:
            values: (B, K, …) values of the keypoints.

        Returns:
            (B, 17, …) values in the order of COCO, 0 at joints that the
            skeleton lacks.
        """
        found = values.new_zeros(len(values), len(JOINTS), *values.shape[2:])
        found[:, self._body] = values[:, self._skeleton]
        return found

    def to_skeleton(self, values: Tensor) -> Tensor:
        """Place values of the body at the keypoints.

        Args:
            values: (B, 17, …) floating-point values in the order of COCO.

        Returns:
            (B, K, …) values, NaN at keypoints that the body lacks.
        """
        shape = (len(values), self.num_keypoints, *values.shape[2:])
        found = values.new_full(shape, torch.nan)
        found[:, self._skeleton] = values[:, self._body]
        return found


class MappedTeacher:
    """A teacher for the keypoints of another skeleton than COCO's.

    Args:
        teacher: The teacher.
        mapping: Place of the body's joints among the keypoints.
    """

    def __init__(
        self, teacher: TeacherFunction, mapping: JointMapping
    ) -> None:
        self.teacher, self.mapping = teacher, mapping

    def __call__(
        self,
        keypoints: Tensor,
        weights: Tensor | None = None,
        size: Tensor | None = None,
        center: Tensor | None = None,
    ) -> TeacherResult:
        """Fit the body to the keypoints that it has.

        Args:
            keypoints: (B, K, 2), otherwise as in ``Teacher``.
            weights: (B, K), otherwise as in ``Teacher``.
            size: As in ``Teacher``.
            center: As in ``Teacher``.

        Returns:
            The result for the K keypoints; ``joints_3d`` is the body, with
            its 17 joints.
        """
        if weights is None:
            weights = torch.ones_like(keypoints[..., 0])
        to_body, to_skeleton = self.mapping.to_body, self.mapping.to_skeleton
        result = self.teacher(
            to_body(keypoints), to_body(weights), size, center
        )
        return replace(
            result,
            residual=to_skeleton(result.residual),
            solvability=to_skeleton(result.solvability),
            identifiability=to_skeleton(result.identifiability),
            trust=to_skeleton(result.trust),
            expected=to_skeleton(result.expected),
        )
