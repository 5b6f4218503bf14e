"""What the estimator reads off its parts: fill color, feature channels."""

import torch
from torch import Tensor, nn


def normalized_fill(preprocessor: nn.Module) -> Tensor:
    """Return black as the pose network gets it.

    Args:
        preprocessor: Data preprocessor of the estimator.

    Returns:
        ``(3,)`` color; ``(1,)`` zero where nothing is normalized.
    """
    if not getattr(preprocessor, '_enable_normalize', False):
        return torch.zeros(1)
    mean, std = preprocessor.mean, preprocessor.std
    assert isinstance(mean, Tensor) and isinstance(std, Tensor)
    return -(mean / std).flatten()


@torch.no_grad()
def infer_channels(backbone: nn.Module) -> list[int]:
    """Return the channels of each feature map of a backbone, by a trial run.

    Args:
        backbone: The backbone; it stays as it is.

    Returns:
        Channels, in the order of its feature maps.
    """
    was_training = backbone.training
    backbone.eval()
    maps = backbone(torch.zeros(1, 3, 64, 64))
    backbone.train(was_training)
    return [level.shape[1] for level in maps]
