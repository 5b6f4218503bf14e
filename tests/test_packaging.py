import re
import subprocess
import sys
import zipfile
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import pytest
from packaging_files import build_wheel, copy_sources, pip

if sys.version_info >= (3, 11):
    import tomllib
else:  # comes with pytest there
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / 'pyproject.toml').read_text())
LISTED = PROJECT['tool']['setuptools']['packages']


def folder_of(package: str) -> Path:
    return Path(*package.split('.')[1:])


@pytest.fixture(scope='module')
def wheel(tmp_path_factory) -> Path:
    return build_wheel(tmp_path_factory.mktemp('wheel'))


def test_every_package_is_listed(tmp_path: Path) -> None:
    source = copy_sources(tmp_path / 'source')
    found = {
        '.'.join(('self_verify_pose', *path.relative_to(source).parent.parts))
        for path in source.rglob('__init__.py')
    }
    assert found == set(LISTED)
    assert len(LISTED) == len(set(LISTED))


def test_every_module_lies_in_a_package(tmp_path: Path) -> None:
    source = copy_sources(tmp_path / 'source')
    for path in source.rglob('*.py'):
        top = path.relative_to(source).parts[0]
        if top not in ('configs', 'demo', 'tools', 'docs'):
            assert (path.parent / '__init__.py').exists(), path


def test_wheel_holds_everything(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = ['py.typed']
    patterns = [f'{folder_of(package)}/*.py' for package in LISTED]
    patterns += ['tools/*.*', 'run_*.sh', 'configs/**/*.py', 'configs/*.yml']
    for pattern in patterns:
        found = [str(path.relative_to(ROOT)) for path in ROOT.glob(pattern)]
        # mim refuses a config that it finds twice
        moved = '.mim/' if pattern.startswith('configs') else ''
        wanted += [f'{moved}{name}' for name in found]
    wanted += ['.mim/model-index.yml', '.mim/tools/train.py']
    missing = [n for n in wanted if f'self_verify_pose/{n}' not in names]
    assert not missing
    for path in ('LICENSE', 'metrics/evaluation/report/page/*LICENSE.txt'):
        (one,) = (str(found.relative_to(ROOT)) for found in ROOT.glob(path))
        assert any(name.endswith(f'/licenses/{one}') for name in names)
    strangers = r'[^/]+/(tests|docs|configs|\.(?!mim/))'
    assert not [name for name in names if re.match(strangers, name)]


def test_wheel_imports_from_another_directory(
    wheel: Path, tmp_path: Path
) -> None:
    site = tmp_path / 'site'
    pip(
        'install', '--no-deps', '--no-index', '--target', str(site), str(wheel)
    )
    code = (
        'import sys; sys.path.insert(0, sys.argv[1])\n'
        'import self_verify_pose as p\n'
        'import self_verify_pose.metrics.functional as f\n'
        'print(p.__version__, p.__file__, f.__file__)'
    )
    result = subprocess.run(
        [sys.executable, '-I', '-c', code, str(site)],
        capture_output=True,
        text=True,
        check=True,
        cwd='/',
    )
    number, *files = result.stdout.split()
    assert number == version('self-verify-pose')
    package = site / 'self_verify_pose'
    assert files == [
        str(package / '__init__.py'),
        str(package / 'metrics' / 'functional' / '__init__.py'),
    ]


def test_import_needs_nothing_else() -> None:
    code = 'import sys, self_verify_pose; print("torch" in sys.modules)'
    result = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        check=True,
        cwd='/',
    )
    assert result.stdout == 'False\n'


def test_no_global_name_is_taken() -> None:
    code = (
        'from importlib.util import find_spec\n'
        f'for name in {[str(folder_of(p).parts[0]) for p in LISTED[1:]]}:\n'
        '    spec = find_spec(name)\n'
        f'    assert not spec or {str(ROOT)!r} not in str(spec), spec'
    )
    subprocess.run([sys.executable, '-c', code], check=True, cwd='/')


def pins() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in (ROOT / 'tools' / 'constraints.txt').read_text().splitlines():
        if line and not line.startswith('#'):
            match = re.match(r'([a-z0-9-]+)==([0-9.]+)(;.*)?$', line)
            assert match, f'not an exact version: {line}'
            found.setdefault(match[1], set()).add(match[2])
    return found


def test_every_requirement_is_pinned() -> None:
    project = PROJECT['project']
    extras = project['optional-dependencies'].values()
    requirements = [*project['dependencies'], *chain.from_iterable(extras)]
    names = {re.split(r'[<>=\[]', r)[0] for r in requirements}
    assert not names - set(pins())


def test_pre_commit_uses_the_pinned_ruff() -> None:
    text = (ROOT / '.pre-commit-config.yaml').read_text()
    assert set(re.findall(r'ruff==([0-9.]+)', text)) == pins()['ruff']
    assert not re.search(r'repo: (?!local)', text)
