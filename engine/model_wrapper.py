"""Access to the estimator inside MMEngine's distributed wrapper."""

from mmengine.model import is_model_wrapper
from mmpose.models.pose_estimators.base import BasePoseEstimator
from torch import nn


def unwrap_model(model: nn.Module) -> BasePoseEstimator:
    """Return the pose estimator that a runner trains or tests.

    Args:
        model: An estimator, or MMEngine's wrapper of one for several
            processes.

    Returns:
        The estimator itself.
    """
    return model.module if is_model_wrapper(model) else model
