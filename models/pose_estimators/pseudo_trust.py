"""What the trust head is to learn, from the teachers."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ..augmentations.similarity import SimilarityTransform
from ..distributions.simcc import (
    SimCCLogits,
    SimCCSpec,
    hard_decode,
    raw_scores,
    soft_decode,
)
from ..distributions.simcc_scores import simcc_scores
from ..geometry.coordinates import inside_crop
from ..geometry.rotation import rotate_points
from ..losses.masked import masked_mean
from ..losses.rotation_consistency import rotation_inconsistency
from ..options import ConsistencyOptions, SolvabilityOptions, StrongViewTarget
from ..sample_fields import (
    Samples,
    augmentation_angles,
    box_centers,
    cached_labels,
    labeled_joints,
    person_sizes,
    simcc_targets,
)
from ..teachers.base import TeacherResult
from ..teachers.pseudo_trust import decay, fuse
from ..teachers.solver import CONVERGED, DEGENERATE
from .pose_output import AugmentedView

# a joint's raw score is how far the others may believe it, never nothing
_LEAST_BELIEF = 1e-3


class TrustTarget(NamedTuple):
    """Targets of the trust head.

    Args:
        targets: ``(B, K)`` pseudo-trust in [0, 1].
        mask: ``(B, K)`` boolean, True where there is a target.
    """

    targets: Tensor
    mask: Tensor


def elementwise_min(one: TrustTarget, other: TrustTarget) -> TrustTarget:
    """Take the smaller of two opinions, or the only one there is.

    Args:
        one: Some pseudo-trust.
        other: Another one of the same joints.

    Returns:
        Their minimum where both have a target, the one that has elsewhere.
    """
    known = [
        torch.where(p.mask, p.targets, torch.ones_like(p.targets))
        for p in (one, other)
    ]
    return TrustTarget(torch.minimum(*known), one.mask | other.mask)


class TeacherOutput(NamedTuple):
    """What a teacher says about the joints decoded from a batch.

    Args:
        joints: ``(B, K, 2)`` judged joints, pixels of the upright crop.
        size: ``(B,)`` person sizes in pixels of the crop.
        result: What the teacher says about them.
    """

    joints: Tensor
    size: Tensor
    result: TeacherResult


def judge(
    teacher: Callable[..., TeacherResult],
    options: SolvabilityOptions,
    logits: SimCCLogits,
    spec: SimCCSpec,
    data_samples: Samples,
) -> TeacherOutput:
    """Let a teacher judge the joints decoded from a batch.

    The joints are turned upright first where augmentation has turned the
    crop. The raw scores tell the teacher how far each joint may be believed
    in the judgment of the others, the box where in it the body lies.

    Args:
        teacher: A teacher made with these options.
        options: Options of the teacher.
        logits: SimCC logits of the upright view.
        spec: How to read them.
        data_samples: B samples with targets.

    Returns:
        The joints and the judgment of them.
    """
    decode = hard_decode if options.detach else soft_decode
    device = logits.x.device
    joints = rotate_points(
        decode(logits, spec),
        augmentation_angles(data_samples, device),
        spec.input_size,
    )
    size = person_sizes(data_samples, device)
    belief = raw_scores(logits).detach().clamp(_LEAST_BELIEF, 1)
    if options.use_gt_visible:
        belief = belief * labeled_joints(data_samples)
    result = teacher(
        joints.detach(), belief, size, box_centers(data_samples, device)
    )
    return TeacherOutput(joints, size, result)


def cached_trust(data_samples: Samples, device: torch.device) -> TrustTarget:
    """Take the labels that a teacher gave before the training.

    Args:
        data_samples: B samples that went through ``LoadPseudoTrust``.
        device: Device of the result.

    Returns:
        The pseudo-trust; joints without a label are masked.
    """
    labels = cached_labels(data_samples, device)
    mask = labels.isfinite()
    return TrustTarget(torch.where(mask, labels, 0.0), mask)


def rotation_trust(
    options: ConsistencyOptions,
    dist_thr: float,
    upright: AugmentedView,
    other: AugmentedView,
    spec: SimCCSpec,
    data_samples: Samples,
) -> tuple[TrustTarget, Tensor]:
    """Compare a second view with the upright one.

    Args:
        options: How they are compared.
        dist_thr: Largest distance of views that agree.
        upright: The view of the crop; fixed, it gets no gradient.
        other: The second view.
        spec: How to read the logits.
        data_samples: B training samples.

    Returns:
        The pseudo-trust, and the mean inconsistency in person sizes, a loss.
    """

    def compare(decode: Callable[..., Tensor]) -> tuple[Tensor, Tensor]:
        return rotation_inconsistency(
            decode(upright.view.logits.detach(), spec),
            decode(other.view.logits, spec),
            other.placement.angles,
            upright.sizes,
            spec.input_size,
            other.placement.scales,
        )

    inconsistency, mask = compare(soft_decode)
    if options.use_gt_visible:
        mask = mask & labeled_joints(data_samples)
    mean = masked_mean(inconsistency, mask)
    if options.hard_view is None:
        return TrustTarget(decay(inconsistency, options.alpha), mask), mean
    # the head judges the joints where the arg-max puts them
    distance, _ = compare(hard_decode)
    targets = hard_view_trust(
        distance,
        simcc_scores(other.view.logits, spec, other.sizes).expected,
        options.hard_view.target,
        options.alpha,
        dist_thr,
    )
    return TrustTarget(targets, mask), mean


def hard_view_trust(
    distance: Tensor,
    expected: Tensor,
    target: StrongViewTarget,
    alpha: float,
    dist_thr: float,
) -> Tensor:
    """Turn what a hard view does to a prediction into pseudo-trust.

    Args:
        distance: ``(...)`` distance of its prediction from that of the easy
            view, in person sizes.
        expected: ``(...)`` expected correctness of its prediction, see
            :class:`SimCCScores`.
        target: Which of the three.
        alpha: Rate of the decay.
        dist_thr: Largest distance of views that agree.

    Returns:
        ``(...)`` pseudo-trust in [0, 1].
    """
    if target == 'decay':
        return decay(distance, alpha)
    agreement = (distance <= dist_thr).to(expected.dtype)
    if target == 'agreement':
        return agreement
    return (agreement + expected) / 2


def annotated_trust(
    logits: SimCCLogits,
    spec: SimCCSpec,
    data_samples: Samples,
    dist_thr: float,
    placement: SimilarityTransform,
) -> TrustTarget:
    """Tell from the annotation which joints are right.

    Args:
        logits: SimCC logits of a view.
        spec: How to read them.
        data_samples: B training samples.
        dist_thr: Largest error of a right joint in person sizes.
        placement: How the view is placed.

    Returns:
        1 for right joints, 0 for wrong ones; joints without a label in the
        view are masked.
    """
    targets, weights = simcc_targets(data_samples)
    truth = hard_decode(targets, spec)
    truth = rotate_points(
        truth, placement.angles, spec.input_size, placement.scales
    )
    size = person_sizes(data_samples, logits.x.device) * placement.scales
    distance = torch.linalg.vector_norm(
        hard_decode(logits, spec) - truth, dim=-1
    )
    return TrustTarget(
        (distance <= dist_thr * size[:, None]).float(),
        (weights > 0) & inside_crop(truth, spec.input_size),
    )


def solvability_trust(
    teacher: Callable[..., TeacherResult],
    options: SolvabilityOptions,
    logits: SimCCLogits,
    spec: SimCCSpec,
    data_samples: Samples,
) -> tuple[TrustTarget, dict[str, Tensor]]:
    """Turn the judgment of a teacher into targets, see :func:`judge`.

    Args:
        teacher: A teacher made with these options.
        options: Options of the teacher.
        logits: SimCC logits of the upright view.
        spec: How to read them.
        data_samples: B training samples.

    Returns:
        The pseudo-trust, and what is logged: means of residual (person
        sizes), energy and pseudo-trust, and the share of converged fits.
    """
    joints, size, result = judge(teacher, options, logits, spec, data_samples)
    mask = result.trust.isfinite()
    trust = result.trust
    if not options.detach:
        # NaN of ignored joints must not enter the graph
        expected = torch.where(mask[..., None], result.expected, 0.0)
        distance = torch.linalg.vector_norm(expected - joints, dim=-1)
        solvability = decay(distance / size[:, None], options.alpha)
        trust = fuse(solvability, result.identifiability, options.fusion)
    targets = torch.where(mask, trust, torch.zeros_like(trust))
    return TrustTarget(targets, mask), _log(result, targets.detach(), mask)


def _log(
    result: TeacherResult, targets: Tensor, mask: Tensor
) -> dict[str, Tensor]:
    judged = result.status != DEGENERATE
    converged = (result.status == CONVERGED).float()
    return {
        'solv_residual_mean': masked_mean(result.residual, mask),
        'solv_energy_mean': masked_mean(result.energy, judged),
        'pseudo_trust_sol_mean': masked_mean(targets, mask),
        'solv_converged': masked_mean(converged, judged),
    }
