"""Rotation consistency: does the prediction turn with the image?"""

import torch
from torch import Tensor

from ..augmentations.similarity import SimilarityTransform
from ..geometry.coordinates import Size2D, inside_crop


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
    """
    expected = transform.apply_to_points(reference, input_size)
    distance = torch.linalg.vector_norm(predicted - expected, dim=-1)
    return distance / sizes.unsqueeze(-1), inside_crop(expected, input_size)
