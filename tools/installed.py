"""Tell what the packages of an environment lack; used by setup_env.sh.

python tools/installed.py unmet|broken|fingerprint EXTRAS

unmet: requirements without an installed distribution. broken: distributions
that lack files which they installed, as NAME==VERSION. fingerprint: text that
changes where the environment or this repository does, but not with the path
under which the repository is reached; fails if the package
is not installed from it. Uses the standard library and pip alone.
"""

import hashlib
import os
import re
import sys
from importlib.metadata import (
    Distribution,
    PackageNotFoundError,
    distribution,
    requires,
)
from importlib.util import find_spec
from pathlib import Path

from pip._vendor.packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
THIS = 'self-verify-pose'
STACK = ('torch', 'numpy', 'mmengine', 'mmcv', 'mmdet', 'mmpose', 'openmim')
# installed without their own requirements, which are looked up here
ALONE = (THIS, 'mmpose', 'openmim', 'xtcocotools')
# chumpy does not build and is unused here, opendatalab (mim's downloader of
# data sets) downgrades setuptools, rich and requests; mmcv has its own step
SKIPPED = frozenset({'chumpy', 'opendatalab', 'mmcv'})
# recorded modules that an image may leave out
_OUTSIDE = re.compile(r'^\.\./|(^|/)(tests?|testing)/')
INPUTS = (
    'pyproject.toml',
    'compat.py',
    'tools/check_env.py',
    'tools/constraints.txt',
    'tools/installed.py',
    'tools/jobs.sh',
    'tools/newest.txt',
    'tools/setup_env.sh',
)


def installed(name: str) -> Distribution | None:
    """Find an installed distribution.

    Args:
        name: Its name.

    Returns:
        The distribution; None if it is missing.
    """
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def required(extras: str) -> dict[str, Requirement]:
    """List what this package and those installed alone require.

    Args:
        extras: Names of this package's extras, separated by commas.

    Returns:
        The requirements that apply here, by name.
    """
    skipped = SKIPPED | ({'opencv-python'} if find_spec('cv2') else set())
    found = {}
    for name in ALONE:
        wanted = ['', *extras.split(',')] if name == THIS else ['']
        for text in (requires(name) or ()) if installed(name) else ():
            need = Requirement(text)
            applies = need.marker is None or any(
                need.marker.evaluate({'extra': extra}) for extra in wanted
            )
            if applies and need.name.lower() not in skipped:
                found[need.name] = need
    return found


def unmet(extras: str) -> list[str]:
    """List requirements without an installed distribution.

    Args:
        extras: As for :func:`required`.

    Returns:
        Requirements as pip takes them; versions are not compared.
    """
    return [
        need.name + _brackets(need.extras) + str(need.specifier)
        for need in required(extras).values()
        if not installed(need.name)
    ]


def _brackets(extras: set[str]) -> str:
    return f'[{",".join(sorted(extras))}]' if extras else ''


def broken(extras: str) -> list[str]:
    """List distributions that lack modules which they installed.

    Args:
        extras: As for :func:`required`.

    Returns:
        ``NAME==VERSION`` of each.
    """
    names = dict.fromkeys((*STACK, 'torchvision', *required(extras)))
    found = [(name, installed(name)) for name in names]
    return [
        f'{name}=={one.version}' for name, one in found if one and _lacks(one)
    ]


def _lacks(one: Distribution) -> bool:
    """Tell whether a recorded module is not there; one.files is slow."""
    folder = str(one.locate_file(''))
    for line in (one.read_text('RECORD') or '').splitlines():
        name = line.split(',', 1)[0].strip('"')
        is_module = name.endswith(('.py', '.so'))
        if is_module and not _OUTSIDE.search(name):
            if os.path.isfile(f'{folder}/{name}'):
                continue
            return True
    return False


def fingerprint(extras: str) -> list[str]:
    """Describe all that a finished set-up depends on.

    Args:
        extras: As for :func:`required`.

    Returns:
        One line.

    Raises:
        SystemExit: If this package is not installed from this repository.
    """
    spec = find_spec('self_verify_pose')
    if spec is None or spec.origin is None:
        sys.exit(1)
    if Path(spec.origin).resolve() != ROOT / '__init__.py':
        sys.exit(1)
    digest = hashlib.sha256()
    for name in INPUTS:
        digest.update((ROOT / name).read_bytes())
    names = dict.fromkeys((*STACK, *sorted(required(extras))))
    versions = [
        f'{name} {one.version if one else "missing"}'
        for name, one in ((name, installed(name)) for name in names)
    ]
    state = [sys.version, *versions, *broken(extras)]
    digest.update('\n'.join(state).encode())
    return [f'{Path(sys.prefix).resolve()} {digest.hexdigest()}']


def main() -> None:
    """Run the command line."""
    what, extras = sys.argv[1:]
    answers = {'unmet': unmet, 'broken': broken, 'fingerprint': fingerprint}
    for line in answers[what](extras):
        print(line)


if __name__ == '__main__':
    main()
