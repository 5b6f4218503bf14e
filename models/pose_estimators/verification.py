"""Trust from what other views of the crops say of the keypoints."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ...constants import PCK_THRESHOLD
from ..augmentations.verification import VerificationView
from ..trust_targets.step import PoseOutput


def verified_mass(
    pose_output: Callable[[Tensor, Tensor], PoseOutput],
    inputs: Tensor,
    outputs: Sequence[PoseOutput],
    keypoints: Tensor,
    views: Sequence[VerificationView],
    flip_indices: Sequence[int],
    fill: Tensor,
) -> Tensor:
    """Average the probability that views give the disc around a keypoint.

    All views that are not there yet go through the network at once.

    Args:
        pose_output: The pose network, see ``SelfVerifyTopdown.pose_output``.
        inputs: ``(B, 3, H, W)`` normalized crops.
        outputs: Output for the crops and, with flip test, for the mirrored
            crops.
        keypoints: ``(B, K, 2)`` keypoints in pixels of the crops.
        views: Views beside the crops themselves.
        flip_indices: ``(K,)`` the keypoint that each becomes in a mirror.
        fill: ``(3,)`` color of pixels that the crops do not cover.

    Returns:
        ``(B, K)`` mean over the crops and the views of the mass within
        ``PCK_THRESHOLD`` person sizes of the keypoint, in [0, 1].
    """
    own = outputs[0].distribution
    has_mirror = len(outputs) > 1
    masses = [own.mass_within(keypoints, PCK_THRESHOLD)]
    new = [view for view in views if not (view.is_mirror and has_mirror)]
    if new:
        crops = [view.apply_to_images(inputs, fill) for view in new]
        sizes = [own.sizes * view.scale for view in new]
        predicted = pose_output(torch.cat(crops), torch.cat(sizes))
        points = [
            view.apply_to_points(keypoints, own.input_size, flip_indices)
            for view in new
        ]
        found = predicted.distribution.mass_within(
            torch.cat(points), PCK_THRESHOLD
        )
        masses += [
            view.restore_order(mass, flip_indices)
            for view, mass in zip(new, found.chunk(len(new)), strict=True)
        ]
    known = [view for view in views if view.is_mirror and has_mirror]
    for view in known:
        mirrored = view.apply_to_points(
            keypoints, own.input_size, flip_indices
        )
        mass = outputs[1].distribution.mass_within(mirrored, PCK_THRESHOLD)
        masses.append(view.restore_order(mass, flip_indices))
    return torch.stack(masses).mean(0)
