"""The pose network of a comparison."""

from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmpose.registry import MODELS

from self_verify_pose.engine.checkpoint import (
    TRUST_PREFIX,
    load_weights,
    read_state_dict,
)
from self_verify_pose.models.heads.trust_head import TrustHead
from self_verify_pose.models.pose_estimators.selfverify_topdown import (
    SelfVerifyTopdown,
)
from self_verify_pose.tools.command_line import CONFIGS
from self_verify_pose.tools.study.train_pose import BASELINE

# arguments of a pose network's parts that change no weight
_NOT_WEIGHTS = ('init_cfg', 'out_indices')


def build_model(config: Config, path: Path) -> SelfVerifyTopdown:
    """Build the estimator of a config.

    Args:
        config: The config.
        path: Its file, for the message.

    Returns:
        The estimator, with a trust head.

    Raises:
        ValueError: If it is none with a :class:`TrustHead`.
    """
    model = revert_sync_batchnorm(MODELS.build(config.model))
    head = getattr(model, 'trust_head', None)
    # a head of another type may take other arguments
    if isinstance(model, SelfVerifyTopdown) and type(head) is TrustHead:
        return model
    raise ValueError(
        '--config: expected a SelfVerifyTopdown with a TrustHead, found a '
        f'{type(model).__name__} with '
        f'{"none" if head is None else type(head).__name__} in '
        f'{path}; give a config with trust, such as one of '
        'configs/zoo'
    )


def load_pose_network(
    model: SelfVerifyTopdown, checkpoint: str, device: str
) -> None:
    """Load weights, without those of a trust head.

    Args:
        model: The estimator; it is then in eval mode.
        checkpoint: File of the weights.
        device: Where the estimator is to run.
    """
    state = {
        name: weight
        for name, weight in read_state_dict(checkpoint).items()
        if not name.startswith(TRUST_PREFIX)
    }
    load_weights(model, state, checkpoint, False)
    model.to(device).eval()
    model.to(memory_format=torch.channels_last)


def check_baseline(config: Config) -> None:
    """Raise unless a config has the pose network of the baseline.

    Args:
        config: The config.

    Raises:
        ValueError: If it has another one.
    """
    base = Config.fromfile(CONFIGS / BASELINE)

    def network(model: dict) -> list[dict]:
        return [
            {k: v for k, v in model[part].items() if k not in _NOT_WEIGHTS}
            for part in ('backbone', 'head')
        ]

    if network(config.model) != network(base.model):
        raise ValueError(
            '--pose-epochs: expected the pose network of '
            f'configs/{BASELINE}, found a {config.model.backbone.type} with '
            f'a {config.model.head.type} of other options; train it with its '
            'own config, and leave the option out'
        )
