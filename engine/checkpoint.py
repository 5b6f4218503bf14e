"""Give an estimator the weights of a checkpoint."""

import pickle
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmpose.registry import MODELS
from torch import Tensor, nn


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


TRUST_PREFIX = 'trust_head.'


def read_checkpoint(path: str) -> dict[str, Any]:
    """Read all of a checkpoint, without running code from it.

    Args:
        path: A file that mmengine or ``torch.save`` wrote.

    Returns:
        What the file holds; :func:`state_dict_of` finds the weights in it.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds no checkpoint.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f'checkpoint: expected a file, found nothing at {path}; correct '
            'the path'
        )
    try:
        loaded = torch.load(path, map_location='cpu', weights_only=True)
    except (
        pickle.UnpicklingError,
        BadZipFile,
        EOFError,
        RuntimeError,
        ValueError,
    ) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(
            f'checkpoint: expected a PyTorch checkpoint, found {path}, which '
            f'cannot be read ({reason}); download or train it again'
        ) from error
    state = loaded.get('state_dict', loaded) if isinstance(loaded, dict) else 0
    if not isinstance(state, dict):
        raise ValueError(
            f'checkpoint: expected weights by name, found {path}, which '
            f'holds a {type(loaded).__name__}; give a checkpoint of a model'
        )
    return loaded


def state_dict_of(checkpoint: dict[str, Any]) -> dict[str, Tensor]:
    """Return the weights of a checkpoint, also where it is nothing else."""
    return checkpoint.get('state_dict', checkpoint)


def read_state_dict(path: str) -> dict[str, Tensor]:
    """Read the weights of a checkpoint: see :func:`read_checkpoint`."""
    return state_dict_of(read_checkpoint(path))


def check_pose_weights(
    model: nn.Module, state: dict[str, Tensor], path: str
) -> None:
    """Raise unless every weight of the pose network is in a checkpoint.

    The trust head may be missing: a plain pose estimator has none.

    Args:
        model: The model that is to take the weights.
        state: State dict of the checkpoint.
        path: Where it was read, for the message.

    Raises:
        ValueError: If a weight is missing or has another shape.
    """
    for name, parameter in model.named_parameters():
        found = state.get(name)
        if found is None and name.startswith(TRUST_PREFIX):
            continue
        if found is None or found.shape != parameter.shape:
            kind = 'nothing' if found is None else tuple(found.shape)
            raise ValueError(
                f'checkpoint: expected weights of this architecture, with '
                f"'{name}' of shape {tuple(parameter.shape)}, found {kind} "
                f'in {path}; use the config that the checkpoint was trained '
                'with'
            )


def check_trust_weights(
    model: nn.Module, state: dict[str, Tensor], path: str
) -> None:
    """Raise unless the model has a trust head and a checkpoint all of it.

    Args:
        model: The model that is to take the weights.
        state: State dict of the checkpoint.
        path: Where it was read, for the message.

    Raises:
        ValueError: If there is no trust head, or a weight of it is missing.
    """
    names = [n for n, _ in model.named_parameters()]
    names = [n for n in names if n.startswith(TRUST_PREFIX)]
    if not names:
        raise ValueError(
            'config: expected an estimator with trust, found a '
            f'{type(model).__name__} without; use a self-verify config with '
            'model.trust_cfg.enable=True'
        )
    for name in names:
        if name not in state:
            raise ValueError(
                f"checkpoint: expected a trained trust head with '{name}', "
                f'found none in {path}; train it first '
                '(run_train_selfverify.sh, run_offline_cached_trusthead.sh)'
            )
