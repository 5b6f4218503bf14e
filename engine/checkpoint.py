"""Read, check, load and save checkpoints of estimators."""

import io
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmpose.models.pose_estimators.base import BasePoseEstimator
from mmpose.registry import MODELS
from torch import Tensor, nn

from ..output_files import replacing

TRUST_PREFIX = 'trust_head.'
_PREFIXES = ('module.', '_orig_mod.')
_STATISTICS = ('.running_mean', '.running_var')


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read a whole checkpoint without running code from it.

    Args:
        path: A file that MMEngine or ``torch.save`` wrote.

    Returns:
        The content of the file; :func:`state_dict_of` returns its weights.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not a checkpoint.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f'checkpoint: expected a file, found nothing at {path}; correct '
            'the path'
        )
    try:
        loaded = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # the file decides what it raises
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(
            f'checkpoint: expected a PyTorch checkpoint, found {path}, which '
            f'cannot be read ({reason}); download or train it again'
        ) from error
    if isinstance(loaded, dict):
        unwrap_weights(loaded)
    if not (
        isinstance(loaded, dict)
        and isinstance(state_dict_of(loaded), dict)
        and all(isinstance(name, str) for name in state_dict_of(loaded))
    ):
        raise ValueError(
            f'checkpoint: expected weights by name, found {path}, which '
            f'holds a {type(loaded).__name__}; give a checkpoint of a model'
        )
    return loaded


def unwrap_weights(checkpoint: dict[str, Any]) -> None:
    """Call weights as MMEngine does, whoever has wrapped them.

    Weights under the key ``model`` are moved to ``state_dict``. The prefixes
    of ``DistributedDataParallel`` and ``torch.compile`` are removed where all
    weights have them.

    Args:
        checkpoint: The content of a checkpoint, changed in place.
    """
    state = checkpoint.get('state_dict', checkpoint.get('model'))
    moved = 'state_dict' not in checkpoint and isinstance(state, dict)
    if not isinstance(state, dict):
        state = checkpoint
    for prefix in _PREFIXES * len(_PREFIXES):  # either may be the outer one
        if state and all(str(n).startswith(prefix) for n in state):
            state = {name[len(prefix) :]: w for name, w in state.items()}
            moved = True
    if moved:
        checkpoint['state_dict'] = state


def state_dict_of(checkpoint: dict[str, Any]) -> dict[str, Tensor]:
    """Return the weights of a checkpoint.

    Args:
        checkpoint: A checkpoint of MMEngine, or a bare state dict.

    Returns:
        The weights by parameter name.
    """
    return checkpoint.get('state_dict', checkpoint)


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """Read the weights of a checkpoint.

    Args:
        path: A file that MMEngine or ``torch.save`` wrote.

    Returns:
        The weights by parameter name.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is not a checkpoint.
    """
    return state_dict_of(read_checkpoint(path))


def save_checkpoint(checkpoint: dict[str, Any], path: str | Path) -> None:
    """Write a checkpoint completely or not at all.

    Args:
        checkpoint: The content of the file.
        path: The file to write or to replace.

    Raises:
        OSError: If it cannot be written, e.g. because the disk is full.
    """
    # in memory first: torch.save does not tell that a disk is full
    content = io.BytesIO()
    torch.save(checkpoint, content)
    with replacing(path) as file:
        file.write(content.getbuffer())


def load_estimator(
    config: Config,
    state: dict[str, Tensor],
    path: str | Path,
    trust: bool,
    device: str | torch.device = 'cpu',
) -> BasePoseEstimator:
    """Build the estimator of a config with the weights of a checkpoint.

    Args:
        config: A config of this package or of MMPose.
        state: The weights, as from :func:`read_state_dict`.
        path: The checkpoint file, for messages.
        trust: Whether a trained trust head is required.
        device: Device to move the estimator to.

    Returns:
        The estimator, in eval mode.

    Raises:
        ValueError: If the weights belong to another architecture, or a
            trained trust head is required and missing.
    """
    model = revert_sync_batchnorm(MODELS.build(config.model))
    load_weights(model, state, path, trust)
    return model.to(device).eval()


def load_weights(
    model: nn.Module, state: dict[str, Tensor], path: str | Path, trust: bool
) -> None:
    """Check the weights of a checkpoint and load them into an estimator.

    Args:
        model: The estimator, changed in place.
        state: The weights, as from :func:`read_state_dict`.
        path: The checkpoint file, for messages.
        trust: Whether a trained trust head is required.

    Raises:
        ValueError: If the weights belong to another architecture, or a
            trained trust head is required and missing.
    """
    check_pose_weights(model, state, path)
    if trust:
        check_trust_weights(model, state, path)
    model.load_state_dict(state, strict=False)


def check_pose_weights(
    model: nn.Module, state: dict[str, Tensor], path: str | Path
) -> None:
    """Raise unless a checkpoint has every weight of the pose network.

    The trust head may be missing: a plain pose estimator has none.

    Args:
        model: The estimator that is to load the weights.
        state: The weights, as from :func:`read_state_dict`.
        path: The checkpoint file, for messages.

    Raises:
        ValueError: If a weight or a statistic of BatchNorm is missing, has
            another shape, or holds something else than finite real numbers.
    """
    statistics = {
        name: values
        for name, values in model.named_buffers()
        if name.endswith(_STATISTICS)
    }
    needed = {**dict(model.named_parameters()), **statistics}
    for name, parameter in needed.items():
        weight = state.get(name)
        if weight is None and name.startswith(TRUST_PREFIX):
            continue
        shape = getattr(weight, 'shape', None)
        if shape != parameter.shape:
            found = 'nothing' if weight is None else tuple(shape or ())
            first = next(iter(state), 'nothing')
            raise ValueError(
                f'checkpoint: expected weights of this architecture, with '
                f"'{name}' of shape {tuple(parameter.shape)}, found {found} "
                f"in {path}, which begins with '{first}'; use the config that "
                'the checkpoint was trained with'
            )
    trust = {name for name in state if name.startswith(TRUST_PREFIX)}
    for name in {**needed, **dict.fromkeys(trust)}:
        if name in state:
            _check_values(name, state[name], path)


def _check_values(name: str, weight: Tensor, path: str | Path) -> None:
    """Raise unless a weight holds finite real numbers."""
    if weight.is_complex():
        problem = 'complex numbers'
    elif not torch.isfinite(weight).all():
        count = int((~torch.isfinite(weight)).sum())
        problem = f'{count} of {weight.numel()} NaN or infinite'
    else:
        return
    raise ValueError(
        f"checkpoint: expected finite real numbers in '{name}', found "
        f'{problem} in {path}; give a checkpoint from before the training '
        'diverged'
    )


def check_trust_weights(
    model: nn.Module, state: dict[str, Tensor], path: str | Path
) -> None:
    """Raise unless the estimator predicts trust, with trained weights.

    Args:
        model: The estimator that is to load the weights.
        state: The weights, as from :func:`read_state_dict`.
        path: The checkpoint file, for messages.

    Raises:
        ValueError: If the estimator predicts no trust, or the checkpoint
            lacks a weight of its trust head.
    """
    names = [n for n, _ in model.named_parameters()]
    names = [n for n in names if n.startswith(TRUST_PREFIX)]
    if not (names or getattr(model, 'gives_trust', False)):
        raise ValueError(
            'config: expected an estimator with trust, found a '
            f'{type(model).__name__} without; use a self-verify config with '
            'model.trust_cfg.enable=True, or set model.test_cfg.verify'
        )
    for name in names:
        if name not in state:
            raise ValueError(
                f"checkpoint: expected a trained trust head with '{name}', "
                f'found none in {path}; train it first '
                '(run_train_selfverify.sh, run_offline_cached_trusthead.sh)'
            )
