"""MMEngine's default constructor of optimizers, with checks and less noise."""

from typing import Any

from mmengine.device import get_device
from mmengine.optim import AmpOptimWrapper, DefaultOptimWrapperConstructor
from mmpose.registry import OPTIM_WRAPPER_CONSTRUCTORS
from torch import nn


@OPTIM_WRAPPER_CONSTRUCTORS.register_module(
    name='DefaultOptimWrapperConstructor'
)
class CheckedOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Takes the place of MMEngine's default one in the scope of MMPose.

    A module that is frozen as a whole is passed over, where MMEngine warns of
    each of its weights. ``AmpOptimWrapper`` without a GPU is refused.

    Args:
        optim_wrapper_cfg: As of MMEngine's class.
        paramwise_cfg: As of MMEngine's class.

    Raises:
        ValueError: If ``AmpOptimWrapper`` is to run on a CPU.
    """

    def __init__(
        self,
        optim_wrapper_cfg: dict[str, Any],
        paramwise_cfg: dict[str, Any] | None = None,
    ) -> None:
        kind = optim_wrapper_cfg.get('type')
        is_amp = kind in (AmpOptimWrapper, AmpOptimWrapper.__name__)
        if is_amp and get_device() in ('cpu', 'mps'):
            raise ValueError(
                'optim_wrapper.type: expected a GPU for AmpOptimWrapper '
                f'(--amp), found {get_device()} alone; use '
                'optim_wrapper.type=BFloat16OptimWrapper, which works on a '
                'CPU, or OptimWrapper'
            )
        super().__init__(optim_wrapper_cfg, paramwise_cfg)

    def add_params(
        self,
        params: list[dict],
        module: nn.Module,
        prefix: str = '',
        is_dcn_module: int | float | None = None,
    ) -> None:
        """Add the weights of a module that are trained.

        Args:
            params: Groups of parameters, extended in place.
            module: The module.
            prefix: Its name.
            is_dcn_module: As of MMEngine's method.
        """
        if any(weight.requires_grad for weight in module.parameters()):
            super().add_params(params, module, prefix, is_dcn_module)
