"""The wheel of this repository, for the tests that look into it."""

import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from helpers import ROOT

# what git ignores, and what is no part of the package
OUTSIDE = ('.*', '__pycache__', '*.egg-info', 'build', 'dist', 'tests')
OUTSIDE += ('data', 'work_dirs', 'checkpoints', 'wandb')


def copy_sources(target: Path) -> Path:
    outside = shutil.ignore_patterns(*OUTSIDE)
    shutil.copytree(
        *(ROOT, target),
        symlinks=True,
        ignore=lambda folder, names: set(outside(folder, names)) - {'.mim'},
    )
    return target


def pip(*arguments: str) -> None:
    subprocess.run(
        [sys.executable, '-m', 'pip', '--quiet', *arguments],
        check=True,
        capture_output=True,
        timeout=300,
    )


def build_wheel(folder: Path) -> Path:
    """Build the wheel from a copy of the sources, or skip the test.

    Args:
        folder: Existing folder for both.
    """
    if int(version('setuptools').split('.')[0]) < 77:
        pytest.skip('building needs setuptools 77 or later')
    # a build leaves files in its source, so it gets a copy
    source = copy_sources(folder / 'source')
    options = ('--no-deps', '--no-build-isolation', '--no-index')
    pip('wheel', *options, '-w', str(folder), str(source))
    return next(folder.glob('*.whl'))
