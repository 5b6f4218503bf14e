"""Freezing weights and BatchNorm statistics of parts of a network."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def freeze(module: nn.Module) -> None:
    """Switch gradients and training behavior of a module off.

    Args:
        module: Module to freeze; it must be kept in eval mode by the owner's
            ``train`` method.
    """
    module.eval()
    module.requires_grad_(False)


@contextmanager
def freeze_bn_stats(*modules: nn.Module) -> Iterator[None]:
    """Let no forward pass inside change running statistics.

    In training mode the layers still normalize with the batch's own
    statistics.

    Args:
        *modules: Modules whose BatchNorm layers are held.

    Yields:
        Nothing.
    """
    layers = [
        layer
        for module in modules
        for layer in module.modules()
        if isinstance(layer, _BatchNorm) and layer.track_running_stats
    ]
    for layer in layers:
        layer.track_running_stats = False
    try:
        yield
    finally:
        for layer in layers:
            layer.track_running_stats = True
