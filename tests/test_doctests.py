"""Run the examples in the docstrings of the package.

pytest's own ``--doctest-modules`` would import a module a second time, under
the name of the repository's folder instead of ``self_verify_pose``.
"""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ('metrics', 'models', 'datasets', 'engine')
FILES = [ROOT / f'{name}.py' for name in ('constants', 'skeleton')]
FILES += [path for room in ROOMS for path in (ROOT / room).rglob('*.py')]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def module_name(path: Path) -> str:
    """Return the name under which a file of the package is imported."""
    parts = path.relative_to(ROOT).with_suffix('').parts
    names = [part for part in parts if part != '__init__']
    return '.'.join(('self_verify_pose', *names))


MODULES = sorted(
    module_name(path) for path in FILES if '>>> ' in path.read_text()
)


def test_examples_are_found() -> None:
    assert 'self_verify_pose.metrics.functional.calibration' in MODULES


@pytest.mark.parametrize('name', MODULES)
def test_examples(name: str) -> None:
    result = doctest.testmod(import_module(name), optionflags=OPTIONS)
    assert not result.failed
