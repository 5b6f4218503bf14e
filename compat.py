"""Fixes for third-party packages, applied when this module is imported.

Configs (by ``engine/registration.py``), tools and tests import it before
MMPose. Each fix names the versions that need it and does not change others.
"""

import functools
import importlib
import importlib.util
import logging
import pickle
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

__all__ = [
    'allow_mmengine_checkpoints',
    'define_missing_torchvision_ops',
    'format_configs_once',
    'hide_known_warnings',
    'keep_config_off_console',
]

_OPS = (
    'nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor',
    'qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor',
)
# Warnings between third-party packages, which a user can do nothing about
_KNOWN_WARNINGS: tuple[tuple[type[Warning], str], ...] = (
    (UserWarning, 'pkg_resources is deprecated as an API'),  # MMEngine, mim
    (FutureWarning, r'`torch\.cuda\.amp\.autocast'),  # mmdet 3.3
    # MMPose 1.3: its own data sets and transforms
    (UserWarning, 'The metainfo config file .* does not exist. A matched'),
    (UserWarning, r'\w+ is not pixel-level transformations'),
)
# the same in the log of a run: MMEngine 0.10 of itself
_KNOWN_MESSAGES = (
    '"FileClient" will be deprecated',
    '"HardDiskBackend" is the alias',
)
# The definitions of a torch Library are removed when it is collected.
_libraries: list[torch.library.Library] = []


def define_missing_torchvision_ops() -> bool:
    """Let a torchvision built for CUDA be imported by a CPU-only torch.

    Needed by torchvision 0.28.0 from the package index with torch 2.13.0+cpu:
    its compiled part does not load there, and the import then raises
    ``operator torchvision::nms does not exist``. The schemas of the two
    operators suffice for the import; calling them still fails, and MMPose
    uses only ``torchvision.transforms.ToPILImage``.

    Returns:
        Whether the schemas had to be defined.
    """
    if torch.version.cuda or torch.version.hip:
        return False
    if 'torchvision' in sys.modules or not _is_installed('torchvision'):
        return False
    try:
        importlib.import_module('torchvision')
    except RuntimeError as error:
        if 'torchvision::nms does not exist' not in str(error):
            raise
    else:
        return False
    for name in [m for m in sys.modules if m.startswith('torchvision.')]:
        del sys.modules[name]  # left by the failed import
    library = torch.library.Library('torchvision', 'DEF')
    for schema in _OPS:
        library.define(schema)
    _libraries.append(library)
    return True


def allow_mmengine_checkpoints() -> bool:
    """Let MMEngine's checkpoints pass ``torch.load(weights_only=True)``.

    Needed by MMEngine 0.10.7 with torch >= 2.6, where ``weights_only`` is
    the default: its checkpoints hold the log history (``HistoryBuffer``)
    and the data set's meta information (numeric NumPy arrays). Only these
    are added to the allow-list; any other class or function in a checkpoint
    is still rejected.

    Returns:
        Whether this torch needs the allow-list.
    """
    if _version(torch.__version__) < (2, 6) or not _is_installed('mmengine'):
        return False
    from mmengine.logging import HistoryBuffer

    torch.serialization.add_safe_globals(
        [
            HistoryBuffer,
            (_history_statistic, 'builtins.getattr'),
            *_numpy_globals(),
        ]
    )
    return True


def start_processes_without_gpu() -> bool:
    """Let ``--launcher pytorch`` train and test on a machine without a GPU.

    Needed by MMEngine 0.10.7, whose launcher selects a GPU and whose wrapper
    of the model asks for one. Without a GPU the processes talk by gloo, and
    each has batch statistics of its own, since SyncBN works on GPUs alone.

    Returns:
        Whether there is no GPU.
    """
    if torch.cuda.is_available() or not _is_installed('mmengine'):
        return False
    from mmengine.dist import utils
    from mmengine.model import MMDistributedDataParallel as Wrapper
    from mmengine.model import revert_sync_batchnorm

    if getattr(utils._init_dist_pytorch, 'without_gpu', False):
        return True
    wrap = Wrapper.__init__

    def start(backend: str, init_backend: str = 'torch', **given: Any) -> None:
        torch.distributed.init_process_group(backend='gloo', **given)

    def wrap_without_gpu(
        self: Wrapper, module: torch.nn.Module, *args: Any, **given: Any
    ) -> None:
        given['device_ids'] = None
        wrap(self, revert_sync_batchnorm(module), *args, **given)

    start.without_gpu = True  # type: ignore[attr-defined]
    utils._init_dist_pytorch = start
    Wrapper.__init__ = wrap_without_gpu
    return True


def format_configs_once() -> bool:
    """Let the text of a config be formatted once, not for each use.

    MMEngine 0.10 formats the same config for the log, for three files and
    for each checkpoint, and yapf takes a second each time.

    Returns:
        Whether MMEngine had to be changed.
    """
    if not _is_installed('mmengine'):
        return False
    from mmengine.config import config

    original = config.FormatCode
    if hasattr(original, '__wrapped__'):
        return False
    formatted: dict[str, Any] = {}  # of one text: a run has one config

    @functools.wraps(original)
    def format_code(text: str, **options: Any) -> Any:
        if text not in formatted:
            formatted.clear()
            formatted[text] = original(text, **options)
        return formatted[text]

    config.FormatCode = format_code
    return True


def _history_statistic(owner: object, name: str) -> Callable[..., Any]:
    """Replace ``getattr`` while a checkpoint is read.

    A pickled ``HistoryBuffer`` refers to its statistics as ``getattr(
    HistoryBuffer, 'mean')``. Allowing the real ``getattr`` would allow any
    code, so only these names of this class are resolved.
    """
    from mmengine.logging import HistoryBuffer

    if owner is HistoryBuffer and name in ('min', 'max', 'current', 'mean'):
        return getattr(HistoryBuffer, name)
    raise pickle.UnpicklingError(
        'Expected a checkpoint that reads nothing but the statistics of '
        f'HistoryBuffer, but it asks for attribute {name!r} of {owner!r}. Do '
        'not use this file unless you trust its source.'
    )


def _numpy_globals() -> list[Any]:
    """Functions and types in pickles of numeric NumPy arrays and scalars.

    NumPy 2 renamed ``numpy.core`` to ``numpy._core``; a checkpoint holds the
    name of the version that wrote it, so both names are listed.
    """
    core = (
        'numpy._core' if _version(np.__version__) >= (2, 0) else 'numpy.core'
    )
    multiarray = importlib.import_module(f'{core}.multiarray')
    functions = [
        (getattr(multiarray, name), f'{package}.multiarray.{name}')
        for package in ('numpy.core', 'numpy._core')
        for name in ('_reconstruct', 'scalar')
    ]
    dtypes = {type(np.dtype(code)) for code in np.typecodes['AllInteger']}
    dtypes |= {type(np.dtype(code)) for code in ('?', *np.typecodes['Float'])}
    return [*functions, np.ndarray, np.dtype, *dtypes]


def hide_known_warnings() -> bool:
    """Hide the warnings that a normal run causes between other packages.

    They are named one by one, so that all others stay. Options of the user,
    ``python -W`` or ``PYTHONWARNINGS``, go before them.

    Returns:
        Whether they are hidden.
    """
    if sys.warnoptions:
        return False
    for kind, message in _KNOWN_WARNINGS:
        warnings.filterwarnings('ignore', message, kind)
    return True


def keep_config_off_console() -> bool:
    """Let a run write its environment and config to its log file alone.

    Called by ``engine/registration.py``: the import of MMEngine's runner
    takes a second.

    MMEngine 0.10 also prints them, which are 700 lines for this package's
    configs. A run without a log file still prints them. What MMEngine says
    about its own deprecated parts is left out of both.

    Returns:
        Whether MMEngine's runner had to be changed.
    """
    from mmengine.runner import Runner

    original = getattr(Runner, '_log_env', None)
    if original is None or hasattr(original, '__wrapped__'):
        return False

    @functools.wraps(original)
    def log_env(runner: Runner, env_cfg: dict[str, Any]) -> None:
        runner.logger.addFilter(_is_unknown)
        handlers = runner.logger.handlers
        files = [h for h in handlers if isinstance(h, logging.FileHandler)]
        consoles = [h for h in handlers if h not in files] if files else []
        for console in consoles:
            console.addFilter(_nothing)
        try:
            original(runner, env_cfg)
        finally:
            for console in consoles:
                console.removeFilter(_nothing)
        for file in files:
            runner.logger.info(
                f'Environment and config of the run: {file.baseFilename}'
            )

    Runner._log_env = log_env
    return True


def _nothing(record: logging.LogRecord) -> bool:
    return False


def _is_unknown(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(_KNOWN_MESSAGES)


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _version(text: str) -> tuple[int, int]:
    """Read major and minor number, e.g. ``'2.13.0+cpu'`` as ``(2, 13)``."""
    major, minor = text.split('.')[:2]
    return int(major), int(minor)


hide_known_warnings()
define_missing_torchvision_ops()
allow_mmengine_checkpoints()
start_processes_without_gpu()
format_configs_once()
