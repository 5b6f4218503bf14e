"""Running an inverse-kinematics teacher on the predictions of a batch."""

from typing import NamedTuple

import torch
from torch import Tensor

from ..distributions import KeypointDistribution
from ..geometry.rotation import rotate_points
from ..losses.masked import masked_mean
from ..options import SolvabilityOptions
from ..sample_fields import (
    Samples,
    augmentation_angles,
    box_centers,
    labeled_joints,
)
from ..teachers.base import TeacherResult
from ..teachers.joint_mapping import TeacherFunction
from ..teachers.pseudo_trust import decay, fuse
from ..teachers.solver import CONVERGED, DEGENERATE

# the raw score of a keypoint is its weight in the fit, never zero
_SMALLEST_WEIGHT = 1e-3


class TeacherOutput(NamedTuple):
    """Result of a teacher for the keypoints decoded from a batch.

    Args:
        keypoints: ``(B, K, 2)`` evaluated keypoints, pixels of the crop
            turned upright.
        sizes: ``(B,)`` person sizes in pixels of the crop.
        result: The fit and the trust that it gives.
    """

    keypoints: Tensor
    sizes: Tensor
    result: TeacherResult

    @property
    def mask(self) -> Tensor:
        """``(B, K)`` boolean, True where the teacher gives a trust."""
        return self.result.trust.isfinite()

    def trust(self, options: SolvabilityOptions) -> Tensor:
        """Return the trust of the teacher.

        Args:
            options: Options of the teacher. Without ``detach`` the trust is
                differentiable by the keypoints, with the fitted body held.

        Returns:
            ``(B, K)`` trust in [0, 1]; 0 where there is none.
        """
        trust, mask = self.result.trust, self.mask
        if not options.detach:
            # NaN of ignored keypoints must not enter the graph
            expected = torch.where(mask[..., None], self.result.expected, 0.0)
            distance = torch.linalg.vector_norm(
                expected - self.keypoints, dim=-1
            )
            solvability = decay(distance / self.sizes[:, None], options.alpha)
            identifiability = self.result.identifiability
            trust = fuse(solvability, identifiability, options.fusion)
        return torch.where(mask, trust, torch.zeros_like(trust))

    def logged(self, options: SolvabilityOptions) -> dict[str, Tensor]:
        """Return what is logged of a training step.

        Args:
            options: Options of the teacher.

        Returns:
            Means of residual (person sizes), energy and trust, and the share
            of converged fits, by logged name.
        """
        result, mask = self.result, self.mask
        fitted = result.status != DEGENERATE
        converged = (result.status == CONVERGED).float()
        trust = self.trust(options).detach()
        return {
            'solv_residual_mean': masked_mean(result.residual, mask),
            'solv_energy_mean': masked_mean(result.energy, fitted),
            'pseudo_trust_sol_mean': masked_mean(trust, mask),
            'solv_converged': masked_mean(converged, fitted),
        }


def run_teacher(
    teacher: TeacherFunction | None,
    options: SolvabilityOptions,
    distribution: KeypointDistribution,
    data_samples: Samples,
) -> TeacherOutput:
    """Fit the teacher's body to the keypoints decoded from a batch.

    Crops that augmentation has rotated are turned upright first. The raw
    scores are the weights of the keypoints in the fit; the box tells where
    in it the body lies.

    Args:
        teacher: A teacher made with these options.
        options: Options of the teacher.
        distribution: Predicted distributions for the crops.
        data_samples: B samples with targets.

    Returns:
        The keypoints and the result of the teacher for them.

    Raises:
        ValueError: If there is no teacher.
    """
    if teacher is None:
        raise ValueError(
            'expected a model with a teacher, found '
            'model.solvability_cfg.enable=False; set it to True'
        )
    if options.detach:
        decoded = distribution.hard_decode()
    else:
        decoded = distribution.soft_decode()
    device = decoded.device
    keypoints = rotate_points(
        decoded,
        augmentation_angles(data_samples, device),
        distribution.input_size,
    )
    weights = distribution.raw_scores().detach().clamp(_SMALLEST_WEIGHT, 1)
    if options.use_gt_visible:
        weights = weights * labeled_joints(data_samples)
    sizes = distribution.sizes
    centers = box_centers(data_samples, device)
    result = teacher(keypoints.detach(), weights, sizes, centers)
    return TeacherOutput(keypoints, sizes, result)
