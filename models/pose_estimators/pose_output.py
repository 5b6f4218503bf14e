"""What the pose network says about the views of a batch."""

from typing import Any, NamedTuple

import torch
from mmpose.models.utils.tta import flip_vectors
from torch import Tensor, nn

from ..augmentations.similarity import SimilarityTransform
from ..distributions.simcc import SimCCLogits, SimCCSpec
from ..heads.trust_head import TrustHead


class PoseOutput(NamedTuple):
    """What the pose network says about one view of a batch.

    Args:
        features: Feature maps ``(B, C, h, w)``; the pose head reads the
            last one.
        logits: SimCC logits.
    """

    features: tuple[Tensor, ...]
    logits: SimCCLogits

    def detach(self) -> 'PoseOutput':
        """Return the same view, cut from the graph."""
        features = tuple(level.detach() for level in self.features)
        return PoseOutput(features, self.logits.detach())


class AugmentedView(NamedTuple):
    """A view, and how the people of the crops lie in it.

    Args:
        view: What the pose network says about it.
        placement: How it is turned and magnified against the crop.
        sizes: ``(B,)`` person sizes in pixels of the view.
    """

    view: PoseOutput
    placement: SimilarityTransform
    sizes: Tensor


def fuse_views(
    views: list[PoseOutput], flip_indices: list[int]
) -> SimCCLogits:
    """Average a view with its mirrored one exactly as RTMCCHead does.

    Args:
        views: The upright view and, with flip test, the mirrored one.
        flip_indices: The joint that each becomes in a mirror.

    Returns:
        Logits of the upright crop.
    """
    if len(views) == 1:
        return views[0].logits
    mirrored = flip_vectors(*views[1].logits, flip_indices=flip_indices)
    pairs = zip(views[0].logits, mirrored, strict=True)
    return SimCCLogits(*((one + other) * 0.5 for one, other in pairs))


def trust_of_views(
    head: TrustHead,
    views: list[PoseOutput],
    joints: Tensor,
    flip_indices: list[int],
    spec: SimCCSpec,
    sizes: Tensor,
) -> Tensor:
    """Judge joints in a view, or in it and the mirrored one.

    Args:
        head: What judges.
        views: The upright view and, with flip test, the mirrored one.
        joints: ``(B, K, 2)`` joints to judge, pixels of the upright crop.
        flip_indices: The joint that each becomes in a mirror.
        spec: How to read the logits.
        sizes: ``(B,)`` person sizes in pixels of the crop.

    Returns:
        ``(B, K)`` trust in [0, 1], the mean over the views.
    """
    trust = head.predict(*views[0], joints, spec, sizes)
    if len(views) == 1:
        return trust
    mirrored = joints[:, flip_indices]
    mirrored[..., 0] = spec.input_size[0] - 1 - mirrored[..., 0]
    other = head.predict(*views[1], mirrored, spec, sizes)
    return (trust + other[:, flip_indices]) / 2


def normalized_fill(preprocessor: nn.Module) -> Tensor:
    """Return black as the pose network sees it.

    Args:
        preprocessor: Data preprocessor of the estimator.

    Returns:
        ``(3,)`` color; zero where nothing is normalized.
    """
    if not getattr(preprocessor, '_enable_normalize', False):
        return torch.zeros(1)
    return -(preprocessor.mean / preprocessor.std).flatten()


@torch.no_grad()
def infer_channels(backbone: nn.Module) -> list[int]:
    """Return the channels of each map of a backbone, by trying it.

    Args:
        backbone: The backbone; it stays as it is.

    Returns:
        Channels, in the order of its maps.
    """
    was_training = backbone.training
    backbone.eval()
    maps = backbone(torch.zeros(1, 3, 64, 64))
    backbone.train(was_training)
    return [level.shape[1] for level in maps]


def simcc_spec(head: Any) -> SimCCSpec:
    """Read from a SimCC head how its logits are to be read.

    Args:
        head: Pose head.

    Returns:
        The reading.

    Raises:
        ValueError: If it is no SimCC head.
    """
    beta = getattr(getattr(head, 'loss_module', None), 'beta', None)
    if beta is None or not hasattr(head, 'simcc_split_ratio'):
        raise ValueError(
            'model.head: expected a SimCC head trained with KLDiscretLoss, '
            f'such as RTMCCHead, found {type(head).__name__}; use one'
        )
    return SimCCSpec(tuple(head.input_size), head.simcc_split_ratio, beta)
