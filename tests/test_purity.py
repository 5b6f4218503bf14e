"""The folders that hold the mathematics stay free of OpenMMLab."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = 'self_verify_pose'
PURE = (
    'models/geometry',
    'models/heads/calibration.py',
    'models/kinematics',
    'models/teachers',
    'metrics/evaluation',
    'metrics/functional',
    'metrics/plain_values.py',
    'datasets/corruptions.py',
    'datasets/synthetic',
    'datasets/trust_cache.py',
)
WITHOUT_TORCH = (
    'datasets/corruptions.py',
    'datasets/trust_cache.py',
    'metrics/evaluation',
    'metrics/functional',
    'metrics/plain_values.py',
)


def pure_files(folders=PURE):
    for name in folders:
        path = ROOT / name
        yield from (
            sorted(path.rglob('*.py'))
            if path.is_dir()
            else ([path] if path.is_file() else [])
        )


def imported_modules(source, package):
    """Absolute dotted names of everything a module imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split('.')
            parents = parents[: len(parents) - node.level + 1]
            base = '.'.join(parents if node.level else [])
            base = '.'.join(filter(None, [base, node.module]))
            # The package root holds sub-packages: name what is taken from it.
            yield from (f'{base}.{alias.name}' for alias in node.names)


def impure_imports(source, package, banned=()):
    """Imports of OpenMMLab, banned packages or impure parts of this one."""
    allowed = tuple(
        f'{PACKAGE}.{name.removesuffix(".py").replace("/", ".")}.'
        for name in PURE
    )
    for module in imported_modules(source, package):
        top = module.split('.')[0]
        if top.startswith('mm') or top in banned:
            yield module
        if top == PACKAGE and not f'{module}.'.startswith(allowed):
            yield module


def package_of(path):
    return '.'.join((PACKAGE, *path.parent.relative_to(ROOT).parts))


@pytest.mark.parametrize(
    'path', pure_files(), ids=lambda path: str(path.relative_to(ROOT))
)
def test_pure_file_imports_no_openmmlab(path):
    found = list(impure_imports(path.read_text(), package_of(path)))
    assert not found, f'{path.relative_to(ROOT)} imports {found}'


@pytest.mark.parametrize(
    'path',
    pure_files(WITHOUT_TORCH),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_numpy_file_imports_no_torch(path):
    found = list(impure_imports(path.read_text(), package_of(path), ['torch']))
    assert not found, f'{path.relative_to(ROOT)} imports {found}'


def test_pure_folders_are_found():
    folders = {path.parent.relative_to(ROOT) for path in pure_files()}
    assert Path('metrics/functional') in folders
    assert Path('models/geometry') in folders


@pytest.mark.parametrize(
    'source',
    [
        'import mmengine',
        'import numpy, mmcv.ops as ops',
        'def f():\n    from mmpose.registry import METRICS',
        'from ..joint_trust_metric import JointTrustMetric',
        'from ...datasets import transforms',
        'from self_verify_pose.metrics import joint_trust_metric',
        'import self_verify_pose.models.heads.trust_head',
    ],
)
def test_checker_finds_impure_import(source):
    assert list(impure_imports(source, f'{PACKAGE}.metrics.functional'))


@pytest.mark.parametrize(
    'source',
    [
        'import numpy as np',
        'from .ranking import auroc',
        'from . import ranking',
        'from ...models.geometry import rotate',
        'from self_verify_pose.metrics.functional import auroc',
    ],
)
def test_checker_passes_pure_import(source):
    assert not list(impure_imports(source, f'{PACKAGE}.metrics.functional'))
