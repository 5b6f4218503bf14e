"""The model inside what trains it on several GPUs."""

from mmengine.model import is_model_wrapper
from torch import nn


def unwrap_model(model: nn.Module) -> nn.Module:
    """Return the model itself, where a wrapper holds it.

    Args:
        model: A model, or MMEngine's wrapper of one for several processes.

    Returns:
        The model.
    """
    return model.module if is_model_wrapper(model) else model
