"""Give an estimator the weights of a checkpoint."""

from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmpose.registry import MODELS
from torch import Tensor, nn

from .hooks.pose_checkpoint import check_pose_weights, check_trust_weights


def load_estimator(
    config: Config,
    state: dict[str, Tensor],
    path: str,
    trust: bool,
    device: str = 'cpu',
) -> nn.Module:
    """Build the estimator of a config with the weights of a checkpoint.

    Args:
        config: A config of this package or of MMPose.
        state: The weights, as ``read_state_dict`` returns them.
        path: Where they were read, for messages.
        trust: Whether a trained trust head is needed.
        device: Where it is to run.

    Returns:
        The estimator, in eval mode.

    Raises:
        ValueError: If the weights belong to another architecture, or there
            is no trained trust head where one is needed.
    """
    model = revert_sync_batchnorm(MODELS.build(config.model))
    load_weights(model, state, path, trust)
    return model.to(device).eval()


def load_weights(
    model: nn.Module, state: dict[str, Tensor], path: str, trust: bool
) -> None:
    """Load weights that were checked first.

    Args:
        model: An estimator, which is changed.
        state: The weights.
        path: Where they were read, for messages.
        trust: Whether a trained trust head is needed.

    Raises:
        ValueError: As of :func:`load_estimator`.
    """
    check_pose_weights(model, state, path)
    if trust:
        check_trust_weights(model, state, path)
    model.load_state_dict(state, strict=False)
