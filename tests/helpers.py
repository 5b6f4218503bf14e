"""What several test files share: paths, configs, small estimators."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType
from unittest import mock

import pytest

import self_verify_pose.compat  # noqa: F401  (before mmpose is imported)
from self_verify_pose.skeleton import FLIP

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / 'shared'
BASELINE = 'configs/baseline_rtmpose_s_1x32g_coco-256x192.py'
SELFVERIFY = 'configs/selfverify_cycle_rtmpose_s_1x32g_coco-256x192.py'
SOLVABILITY = 'configs/solvability_rtmpose_s_1x32g_coco-256x192.py'
CACHEGEN = 'configs/cachegen_rtmpose_s_1x32g_coco-256x192.py'
CACHED = 'configs/solvability_cached_trusthead_rtmpose_s_1x32g_coco-256x192.py'


# the same as command line options
NARROW = (
    'model.backbone.widen_factor=0.0625',
    'model.backbone.deepen_factor=0.1',
    'model.backbone.norm_cfg.type=BN',
    'model.head.in_channels=64',
)


def environment_without_coverage() -> dict[str, str]:
    """Return the environment for a process whose time is measured."""
    return {k: v for k, v in os.environ.items() if not k.startswith('COVER')}


def load_tool(name: str) -> ModuleType:
    """Import a tool, which belongs to no package."""
    path = ROOT / 'tools' / f'{name}.py'
    spec = importlib.util.spec_from_file_location(name, path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def shared_path(*parts: str) -> Path:
    """Return a path of the real test data, or skip the test."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f'needs the real data {"/".join(("../shared", *parts))}')
    return path


def load_config(name: str, root: Path | str | None = None):
    """Read a config of the repository with random initial weights."""
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    given = {'BACKBONE_INIT': 'none'}
    if root is not None:
        given['COCO_ROOT'] = str(root)
    with mock.patch.dict(os.environ, given):
        config = Config.fromfile(ROOT / name)
    init_default_scope('mmpose')
    return config


def load_mmpose_config(name: str):
    """Read a config of MMPose's zoo with random weights and plain BatchNorm.

    Args:
        name: Its path in MMPose's folder of configs.
    """
    import mmpose
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    import self_verify_pose.engine.registration  # noqa: F401

    folder = Path(mmpose.__file__).parent / '.mim/configs'
    config = Config.fromfile(folder / name)
    init_default_scope('mmpose')
    config.model.backbone.pop('init_cfg', None)
    if config.model.backbone.get('norm_cfg', {}).get('type') == 'SyncBN':
        config.model.backbone.norm_cfg = {'type': 'BN'}
    return config


def narrow(model_cfg):
    """Make RTMPose small enough for quick tests; 64 feature channels."""
    model_cfg.backbone.widen_factor = 0.0625
    model_cfg.backbone.deepen_factor = 0.1
    model_cfg.backbone.norm_cfg = {'type': 'BN'}
    model_cfg.head.in_channels = 64
    return model_cfg


def build_estimator(name: str = SELFVERIFY, small: bool = True, **changes):
    """Build the estimator of a config with fixed random weights.

    Args:
        name: Config in the repository.
        small: Use the narrow backbone.
        **changes: Keys to merge into ``model``; dots as double underscores.
    """
    import torch
    from mmpose.registry import MODELS

    config = load_config(name)
    config.merge_from_dict(
        {f'model.{k.replace("__", ".")}': v for k, v in changes.items()}
    )
    model_cfg = narrow(config.model) if small else config.model
    if not small:
        model_cfg.backbone.norm_cfg = {'type': 'BN'}
    torch.manual_seed(0)
    model = MODELS.build(model_cfg)
    model.init_weights()
    return model


def packed_batch(model, size: int = 3, training: bool = True):
    """Make a batch of random crops and samples, through the preprocessor."""
    import numpy as np
    from mmpose.testing import get_packed_inputs

    state = np.random.get_state()
    batch = get_packed_inputs(size, with_heatmap=False)
    np.random.set_state(state)
    for sample in batch['data_samples']:
        sample.set_metainfo({'flip_indices': FLIP})
        meta = sample.metainfo
        for key in ('input_center', 'input_scale'):
            sample.set_metainfo({key: np.asarray(meta[key]).reshape(-1)[:2]})
    return model.data_preprocessor(batch, training=training)


def save_tiny(folder: Path, name: str = SELFVERIFY) -> tuple[Path, Path]:
    """Save a narrow estimator with random weights.

    Returns:
        Its config and its checkpoint.
    """
    import torch

    config = load_config(name)
    narrow(config.model)
    config.dump(folder / 'config.py')
    state = build_estimator(name).state_dict()
    torch.save({'state_dict': state}, folder / 'checkpoint.pth')
    return folder / 'config.py', folder / 'checkpoint.pth'


def fail_second(context, rank, count):
    """Prepare a process of the benchmark, but not the second one."""
    from self_verify_pose.tools.benchmark.processes import Workload

    if rank == 1:
        raise ValueError('not today')
    return Workload(int, 1)
