"""Report whether this Python can run the training, and how to fix it.

Prints a table of versions, the CUDA device and test imports, then one command
for each problem. Exit code: 0 if the training can run, else 1.

The file is self-contained and uses only the standard library, because it
runs before this package and its dependencies are installed.
"""

import argparse
import contextlib
import importlib
import importlib.metadata
import importlib.util
import io
import re
import runpy
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PIP = f'{sys.executable} -m pip install'
PINNED = f'{PIP} -c {ROOT}/tools/constraints.txt'
SETUP = f'bash {ROOT}/tools/setup_env.sh'
PYTHON_LOW, PYTHON_END = (3, 10), (3, 13)
OPENCV = (
    'opencv-python',
    'opencv-python-headless',
    'opencv-contrib-python',
    'opencv-contrib-python-headless',
)

_compat: dict[str, Any] = {}  # keeps alive what compat.py registers


class Package(NamedTuple):
    """Requirements on one installed distribution.

    Attributes:
        name: Distribution name, as pip knows it.
        wanted: Version range, e.g. ``'>=2.0.0,<2.2.0'``; empty for any.
        stack: Whether it is checked by ``--stack`` too.
        required: Whether the training cannot run without it.
        options: Options of ``pip install`` that it needs.
    """

    name: str
    wanted: str = ''
    stack: bool = False
    required: bool = True
    options: str = ''


PACKAGES = (
    Package('torch', '>=2.6', stack=True),
    Package('torchvision', stack=True, options='--no-deps '),
    Package('numpy', stack=True),
    Package('mmengine', '>=0.10.0', stack=True),
    Package('mmcv', '>=2.0.0,<2.2.0', stack=True),
    Package('mmdet', '>=3.1.0,<3.4.0', stack=True),
    Package('mmpose', '>=1.3.0,<1.4.0', stack=True, options='--no-deps '),
    Package('openmim', '>=0.3.9', options='--no-deps '),
    Package('setuptools', '<82'),
    Package('opencv-python'),
    Package('xtcocotools', options='--no-deps --no-build-isolation '),
    Package('pycocotools'),
    Package('scikit-learn'),
    Package('scipy'),
    Package('albumentations', '>=1.3,<1.4'),
    Package('matplotlib'),
    Package('rich'),
    Package('seaborn', required=False),
    Package('pytorch-kinematics', '>=0.7', required=False),
    Package('tensorboard', required=False),
    Package('wandb', required=False),
)


class CheckResult(NamedTuple):
    """One row of the report.

    Attributes:
        name: Name of the check.
        found: Version, device or error.
        ok: Whether the check passed.
        required: Whether the training cannot run if it fails.
        remedy: Command that fixes a failure; empty otherwise.
    """

    name: str
    found: str
    ok: bool = True
    required: bool = True
    remedy: str = ''

    @property
    def status(self) -> str:
        """The outcome in one word."""
        return 'ok' if self.ok else 'WRONG' if self.required else 'optional'


def _version_tuple(text: str) -> tuple[int, ...]:
    """Leading numbers, e.g. ``(2, 13, 0)`` of ``'2.13.0+cpu'``."""
    match = re.match(r'\d+(\.\d+)*', text)
    return tuple(map(int, match[0].split('.'))) if match else ()


def in_range(version: str, wanted: str) -> bool:
    """Return whether a version lies in a range.

    Args:
        version: A version.
        wanted: Bounds with ``>=`` or ``<``, separated by commas.

    Returns:
        Whether all bounds hold.
    """
    number = _version_tuple(version)
    return all(
        number >= _version_tuple(bound[2:])
        if bound.startswith('>=')
        else number < _version_tuple(bound[1:])
        for bound in filter(None, wanted.split(','))
    )


def _check_python() -> CheckResult:
    """Compare the running Python with the supported versions."""
    found = '.'.join(map(str, sys.version_info[:3]))
    ok = PYTHON_LOW <= sys.version_info[:2] < PYTHON_END
    remedy = '' if ok else f'PYTHON=python3.11 {SETUP}'
    return CheckResult('python', found, ok, remedy=remedy)


def check_package(package: Package) -> CheckResult:
    """Compare the installed version of a distribution with its range.

    Args:
        package: The distribution.

    Returns:
        The outcome.
    """
    version = installed_version(package.name)
    if version is not None and in_range(version, package.wanted):
        return CheckResult(package.name, version)
    found = f'{version}, not {package.wanted}' if version else 'missing'
    remedy = f'{PINNED} {package.options}{package.name}'
    if package.name == 'mmcv':  # the index may offer no wheel
        remedy = SETUP
    return CheckResult(package.name, found, False, package.required, remedy)


def installed_version(name: str) -> str | None:
    """Look up the installed version of a distribution.

    Args:
        name: Its name; any build of OpenCV satisfies ``opencv-python``.

    Returns:
        The version, or None if it is not installed.
    """
    for candidate in OPENCV if name == OPENCV[0] else (name,):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(candidate)
    return None


def check_import(module: str, remedy: str) -> CheckResult:
    """Import a module.

    Args:
        module: Its full name.
        remedy: Command that fixes a failure.

    Returns:
        The outcome, with the first line of the error, if any.
    """
    name = f'import {module}'
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            with contextlib.redirect_stdout(io.StringIO()):
                importlib.import_module(module)
    except Exception as error:  # a broken package raises anything
        reason = (str(error).strip().splitlines() or [''])[0]
        found = f'{type(error).__name__}: {reason}'
        return CheckResult(name, found, False, remedy=remedy)
    return CheckResult(name, 'loads')


def _check_mim() -> CheckResult:
    """Check that ``mim train mmpose`` finds its scripts."""
    name = 'mim sees mmpose'
    result = check_import(
        'mim', f'{PINNED} setuptools; {PINNED} --no-deps openmim'
    )
    if not result.ok:
        return result._replace(name=name)
    remedy = f'{PINNED} --no-deps --force-reinstall mmpose'
    spec = importlib.util.find_spec('mmpose')
    if spec is None or spec.origin is None:
        return CheckResult(name, 'mmpose is missing', False, remedy=remedy)
    script = Path(spec.origin).parent / '.mim' / 'tools' / 'train.py'
    if not script.is_file():
        return CheckResult(name, f'{script} is missing', False, remedy=remedy)
    return CheckResult(name, 'yes')


def _check_device() -> CheckResult:
    """Name the CUDA devices that PyTorch can use."""
    name = 'CUDA device'
    try:
        import torch
    except Exception:
        return CheckResult(name, 'unknown: torch does not load')
    if torch.cuda.is_available():
        count, kind = torch.cuda.device_count(), torch.cuda.get_device_name()
        return CheckResult(name, f'{count} x {kind}')
    if not _has_nvidia_gpu():
        return CheckResult(name, 'CPU only')
    found = f'a GPU is there, but torch {torch.__version__} cannot use it'
    remedy = (
        'install the build of torch for the CUDA version that nvidia-smi '
        'names: https://pytorch.org/get-started/previous-versions'
    )
    return CheckResult(name, found, False, False, remedy)


def _has_nvidia_gpu() -> bool:
    if shutil.which('nvidia-smi') is None:
        return False
    listing = subprocess.run(
        ['nvidia-smi', '-L'], capture_output=True, text=True, check=False
    )
    return listing.returncode == 0 and 'GPU' in listing.stdout


def _check_this_package() -> CheckResult:
    """Check that this repository is installed as a package."""
    name = 'self-verify-pose'
    version = installed_version(name)
    if version is not None and importlib.util.find_spec('self_verify_pose'):
        return CheckResult(name, version)
    remedy = f'{PIP} --no-deps --no-build-isolation -e {ROOT}'
    return CheckResult(name, 'missing', False, remedy=remedy)


def _apply_compat() -> None:
    """Run ``compat.py`` by its path: the package may not be installed."""
    with contextlib.suppress(Exception):  # reported by the checks
        _compat.update(runpy.run_path(str(ROOT / 'compat.py')))


def collect(stack_only: bool) -> Iterator[CheckResult]:
    """Run the checks, from the cheap to the slow.

    Args:
        stack_only: Check only what must be there before this package and its
            light dependencies are installed.

    Yields:
        The outcome of each check.
    """
    yield _check_python()
    for package in PACKAGES:
        if package.stack or not stack_only:
            yield check_package(package)
    _apply_compat()
    yield _check_device()
    yield check_import(
        'mmcv.ops',
        f'{sys.executable} -m pip uninstall -y mmcv mmcv-lite; {SETUP}',
    )
    yield check_import('mmdet.models', f'{PINNED} mmdet')
    yield check_import('mmpose.apis', SETUP)
    if not stack_only:
        yield _check_mim()
        yield _check_this_package()


def report(results: list[CheckResult]) -> None:
    """Print one line per check, then one remedy per line.

    Args:
        results: The outcomes of the checks.
    """
    for result in results:
        print(f'{result.name:24} {result.status:9} {result.found}')
    for result in results:
        if result.remedy:
            print(f'{result.name} ({result.status}): {result.remedy}')
    failed = [r.name for r in results if r.required and not r.ok]
    if failed:
        print(f'Not usable: {", ".join(failed)}.')
        print(f'All of it is set up by: {SETUP}')
    else:
        print(f'All that is needed works in {sys.executable}.')


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments; those of the process by default.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--stack',
        action='store_true',
        help='check only torch, mmengine, mmcv, mmdet and mmpose',
    )
    results = list(collect(parser.parse_args(argv).stack))
    report(results)
    return int(any(r.required and not r.ok for r in results))


if __name__ == '__main__':
    sys.exit(main())
