"""Rotation consistency: does the prediction turn with the image?"""

import torch
from torch import Tensor

from ..augmentations.similarity import SimilarityTransform
from ..geometry.coordinates import Size2D, inside_crop
from .masked import masked_mean


def rotation_inconsistency(
    reference: Tensor,
    predicted: Tensor,
    transform: SimilarityTransform,
    sizes: Tensor,
    input_size: Size2D,
) -> tuple[Tensor, Tensor]:
    """Measure how far a prediction fails to follow its transformed image.

    Args:
        reference: ``(B, K, 2)`` keypoints decoded from the crop, pixels.
        predicted: ``(B, K, 2)`` keypoints decoded from the transformed view,
            pixels.
        transform: The transform from the crop to the view.
        sizes: ``(B,)`` person sizes in pixels of the view.
        input_size: Crop size ``(W, H)`` in pixels.

    Returns:
        ``(B, K)`` distance of ``predicted`` from the transformed
        ``reference`` in units of person size, and a ``(B, K)`` boolean mask:
        True where the transformed reference is inside the view, so that the
        distance counts.

    Example:
        >>> unchanged = SimilarityTransform(torch.zeros(1), torch.ones(1))
        >>> one = torch.tensor([[[90.0, 100.0]]])
        >>> rotation_inconsistency(
        ...     one, one + 10, unchanged, torch.tensor([200.0]), (192, 256)
        ... )
        (tensor([[0.0707]]), tensor([[True]]))
    """
    expected = transform.apply_to_points(reference, input_size)
    distance = torch.linalg.vector_norm(predicted - expected, dim=-1)
    return distance / sizes.unsqueeze(-1), inside_crop(expected, input_size)


def robust_consistency_loss(
    distance: Tensor, confidence: Tensor, mask: Tensor, width: float
) -> Tensor:
    """Average a Huber loss of the distances, weighted by confidence.

    The plain distance pulls with the same force at any length: on
    predictions that agree as well as they can, and on guesses, which have no
    position to agree on. Here the force falls to zero with the distance
    below ``width`` (Huber, "Robust Estimation of a Location Parameter",
    1964, equation 3.1, divided by the width), and a guess of the fixed side
    hardly counts, so that the loss grows with what the network has learned.

    Args:
        distance: ``(B, K)`` distances in person sizes.
        confidence: ``(B, K)`` confidence of the fixed side in [0, 1].
        mask: ``(B, K)`` boolean, True where the distance counts.
        width: Distance in person sizes at which the loss turns from
            quadratic to linear.

    Returns:
        Scalar loss in person sizes, at most the mean distance; 0 where
        nothing counts.

    Examples:
        >>> one = torch.ones(1, 2)
        >>> distance = torch.tensor([[0.05, 0.25]])
        >>> robust_consistency_loss(distance, one, one.bool(), width=0.05)
        tensor(0.1250)
    """
    losses = torch.nn.functional.huber_loss(
        distance, torch.zeros_like(distance), reduction='none', delta=width
    )
    return masked_mean(confidence * losses / width, mask)
