"""Report whether this Python can run the training, and what to do if not.

Prints a table of versions, the CUDA device and what loads, then the exact
command for each thing that is missing or wrong. Needs nothing but the
standard library. Exit code: 0 if the training can run, else 1.
"""

import argparse
import contextlib
import importlib
import importlib.metadata
import importlib.util
import io
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

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
# What a package that is missing, half installed or built for other versions
# of its neighbors raises when it is imported.
IMPORT_ERRORS = (
    ImportError,
    AssertionError,
    AttributeError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


class Package(NamedTuple):
    """What is asked of one installed distribution.

    Attributes:
        name: Distribution name, as pip knows it.
        wanted: Version range, e.g. ``'>=2.0.0,<2.2.0'``; empty for any.
        stack: Whether it belongs to the stack that is used as it is found.
        required: Whether the training cannot run without it.
        options: Options of ``pip install`` that it needs.
    """

    name: str
    wanted: str = ''
    stack: bool = False
    required: bool = True
    options: str = ''


PACKAGES = (
    Package('torch', '>=2.0', stack=True),
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
    Package('albumentations', '>=1.3,<1.4'),
    Package('matplotlib'),
    Package('rich'),
    Package('seaborn', required=False),
    Package('pytorch-kinematics', '>=0.7', required=False),
    Package('tensorboard', required=False),
    Package('wandb', required=False),
)


class CheckResult(NamedTuple):
    """One line of the report.

    Attributes:
        name: What was looked at.
        found: What was found.
        ok: Whether it is as it should be.
        required: Whether the training cannot run otherwise.
        remedy: The command that puts it right; empty where nothing is wrong.
    """

    name: str
    found: str
    ok: bool = True
    required: bool = True
    remedy: str = ''

    @property
    def status(self) -> str:
        """The verdict in one word."""
        if self.ok:
            return 'ok'
        return 'WRONG' if self.required else 'optional'


def version_tuple(text: str) -> tuple[int, ...]:
    """Read the leading numbers, e.g. ``'2.13.0+cpu'`` as ``(2, 13, 0)``."""
    match = re.match(r'\d+(\.\d+)*', text)
    return tuple(map(int, match[0].split('.'))) if match else ()


def in_range(version: str, wanted: str) -> bool:
    """Tell whether a version lies in a range of ``>=`` and ``<`` bounds."""
    found = version_tuple(version)
    for bound in filter(None, wanted.split(',')):
        if bound.startswith('>='):
            if found < version_tuple(bound[2:]):
                return False
        elif found >= version_tuple(bound[1:]):
            return False
    return True


def check_python() -> CheckResult:
    """Compare the running Python with the supported ones."""
    found = '.'.join(map(str, sys.version_info[:3]))
    ok = PYTHON_LOW <= sys.version_info[:2] < PYTHON_END
    remedy = f'PYTHON=python3.11 {SETUP}'
    return CheckResult('python', found, ok, remedy='' if ok else remedy)


def check_package(package: Package) -> CheckResult:
    """Look up the installed version of a distribution."""
    version = installed_version(package.name)
    if version is not None and in_range(version, package.wanted):
        return CheckResult(package.name, version)
    found = (
        'missing' if version is None else f'{version}, not {package.wanted}'
    )
    remedy = f'{PINNED} {package.options}{package.name}'
    if package.name == 'mmcv':  # the index may offer no wheel
        remedy = SETUP
    return CheckResult(package.name, found, False, package.required, remedy)


def installed_version(name: str) -> str | None:
    """Look up a version; any build of OpenCV stands for ``opencv-python``."""
    for candidate in OPENCV if name == OPENCV[0] else (name,):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(candidate)
    return None


def check_import(module: str, remedy: str) -> CheckResult:
    """Import a module and report the error that it raises, if any."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            with contextlib.redirect_stdout(io.StringIO()):
                importlib.import_module(module)
    except IMPORT_ERRORS as error:
        reason = (str(error).strip().splitlines() or [''])[0]
        found = f'{type(error).__name__}: {reason}'
        return CheckResult(f'import {module}', found, False, remedy=remedy)
    return CheckResult(f'import {module}', 'loads')


def check_mim() -> CheckResult:
    """Look for the scripts that ``mim train mmpose`` starts."""
    name = 'mim sees mmpose'
    row = check_import(
        'mim', f'{PINNED} setuptools; {PINNED} --no-deps openmim'
    )
    if not row.ok:
        return row._replace(name=name)
    spec = importlib.util.find_spec('mmpose')
    if spec is not None and spec.origin is not None:
        script = Path(spec.origin).parent / '.mim' / 'tools' / 'train.py'
        if script.is_file():
            return CheckResult(name, 'yes')
        found = f'{script} is missing'
    else:
        found = 'mmpose is missing'
    remedy = f'{PINNED} --no-deps --force-reinstall mmpose'
    return CheckResult(name, found, False, remedy=remedy)


def check_device() -> CheckResult:
    """Name the CUDA devices that PyTorch sees."""
    try:
        import torch
    except IMPORT_ERRORS:
        return CheckResult('CUDA device', 'unknown: torch does not load')
    if torch.cuda.is_available():
        count = torch.cuda.device_count()
        return CheckResult(
            'CUDA device', f'{count} x {torch.cuda.get_device_name()}'
        )
    if not has_nvidia_gpu():
        return CheckResult('CUDA device', 'CPU only')
    found = f'a GPU is there, but torch {torch.__version__} cannot use it'
    remedy = (
        'install the build of torch for the CUDA version that nvidia-smi '
        'names: https://pytorch.org/get-started/previous-versions'
    )
    return CheckResult('CUDA device', found, False, False, remedy)


def has_nvidia_gpu() -> bool:
    """Ask the NVIDIA driver whether there is a GPU."""
    if shutil.which('nvidia-smi') is None:
        return False
    listing = subprocess.run(
        ['nvidia-smi', '-L'], capture_output=True, text=True, check=False
    )
    return listing.returncode == 0 and 'GPU' in listing.stdout


def check_this_package() -> CheckResult:
    """Look for this repository as an installed package."""
    name = 'self-verify-pose'
    version = installed_version(name)
    if version is not None and importlib.util.find_spec('self_verify_pose'):
        return CheckResult(name, version)
    remedy = f'{PIP} --no-deps --no-build-isolation -e {ROOT}'
    return CheckResult(name, 'missing', False, remedy=remedy)


def load_compat() -> None:
    """Apply ``compat.py`` by its path, since nothing may be installed yet."""
    spec = importlib.util.spec_from_file_location(
        'check_env_compat', ROOT / 'compat.py'
    )
    module = importlib.util.module_from_spec(spec)
    with contextlib.suppress(*IMPORT_ERRORS):  # reported by the checks
        spec.loader.exec_module(module)


def collect(stack_only: bool) -> Iterator[CheckResult]:
    """Run the checks, from the cheap to the slow.

    Args:
        stack_only: Check only what must be there before this package and its
            light dependencies are installed.

    Yields:
        CheckResult: The outcome of each check.
    """
    yield check_python()
    for package in PACKAGES:
        if package.stack or not stack_only:
            yield check_package(package)
    load_compat()
    yield check_device()
    yield check_import(
        'mmcv.ops',
        f'{sys.executable} -m pip uninstall -y mmcv mmcv-lite; {SETUP}',
    )
    yield check_import('mmdet.models', f'{PINNED} mmdet')
    yield check_import('mmpose.apis', SETUP)
    if not stack_only:
        yield check_mim()
        yield check_this_package()


def report(
    rows: list[CheckResult], write: Callable[[str], object] = print
) -> None:
    """Write the table and, below it, one remedy per line.

    Args:
        rows: What was found.
        write: Takes one line of text.
    """
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        for row in rows:
            write(f'{row.name:24} {row.status:9} {row.found}')
    else:
        table = Table('what', 'status', 'found')
        for row in rows:
            style = '' if row.ok else ('red' if row.required else 'yellow')
            table.add_row(row.name, row.status, row.found, style=style)
        Console().print(table)
    for row in rows:
        if row.remedy:
            write(f'{row.name} ({row.status}): {row.remedy}')
    broken = [row.name for row in rows if row.required and not row.ok]
    if broken:
        write(f'Not usable: {", ".join(broken)}.')
        write(f'All of it is set up by: {SETUP}')
    else:
        write(f'All that is needed works in {sys.executable}.')


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments; those of the process by default.

    Returns:
        int: The exit code.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--stack',
        action='store_true',
        help='check only torch, mmengine, mmcv, mmdet and mmpose',
    )
    rows = list(collect(parser.parse_args(argv).stack))
    report(rows)
    return int(any(row.required and not row.ok for row in rows))


if __name__ == '__main__':
    sys.exit(main())
