import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / 'tools' / 'check_env.py'


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location('check_env', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *options, str(TOOL)],
        capture_output=True,
        text=True,
        check=False,
        cwd='/',
        timeout=120,
    )


@pytest.mark.slow
def test_working_environment(tool: ModuleType) -> None:
    result = run()
    assert result.returncode == 0, result.stdout
    for package in tool.PACKAGES:
        assert package.name in result.stdout
    for name in ('CUDA device', 'mmcv.ops', 'mim sees mmpose'):
        assert name in result.stdout
    assert f'works in {sys.executable}.' in result.stdout


def test_bare_python_gets_remedies(tool: ModuleType) -> None:
    result = run('-I', '-S')
    assert result.returncode == 1
    assert not result.stderr
    remedies = dict(
        re.findall(r'^(.*) \((?:WRONG|optional)\): (.+)$', result.stdout, re.M)
    )
    names = {package.name for package in tool.PACKAGES}
    assert names <= set(remedies)
    assert remedies['mmpose'] == f'{tool.PINNED} --no-deps mmpose'
    assert remedies['mmcv'] == tool.SETUP
    assert result.stdout.endswith(f'All of it is set up by: {tool.SETUP}\n')


def test_missing_optional_package_passes(
    tool: ModuleType, monkeypatch, capsys
) -> None:
    package = tool.Package('no-such-package', required=False)
    row = tool.check_package(package)
    assert (row.ok, row.status) == (False, 'optional')
    monkeypatch.setattr(tool, 'collect', lambda stack_only: iter([row]))
    assert tool.main([]) == 0
    output = capsys.readouterr().out
    assert f'{tool.PINNED} no-such-package' in output


def test_missing_required_package_fails(
    tool: ModuleType, monkeypatch, capsys
) -> None:
    row = tool.check_package(tool.Package('no-such-package'))
    monkeypatch.setattr(tool, 'collect', lambda stack_only: iter([row]))
    assert tool.main([]) == 1
    assert 'Not usable: no-such-package.' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('version', 'wanted', 'expected'),
    [
        ('2.1.0', '>=2.0.0,<2.2.0', True),
        ('2.2.0', '>=2.0.0,<2.2.0', False),
        ('1.7.2', '>=2.0.0,<2.2.0', False),
        ('2.13.0+cpu', '>=2.6', True),
        ('80.9.0', '<82', True),
        ('82.0.1', '<82', False),
        ('1.3.1', '>=1.3,<1.4', True),
        ('0.1rc1', '', True),
    ],
)
def test_in_range(
    tool: ModuleType, version: str, wanted: str, expected: bool
) -> None:
    assert tool.in_range(version, wanted) is expected


def test_wrong_version_is_reported(tool: ModuleType, monkeypatch) -> None:
    monkeypatch.setattr(tool, 'installed_version', lambda name: '2.2.0')
    row = tool.check_package(tool.Package('mmcv', '<2.2.0'))
    assert row.found == '2.2.0, not <2.2.0'
    assert row.status == 'WRONG'


def test_import_error_is_reported(
    tool: ModuleType, tmp_path: Path, monkeypatch
) -> None:
    (tmp_path / 'half_installed.py').write_text(
        'raise ValueError("numpy.dtype size changed\\nmore")'
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    row = tool.check_import('half_installed', 'install it')
    assert row.found == 'ValueError: numpy.dtype size changed'
    assert row.remedy == 'install it'


def test_ranges_are_those_of_the_package(tool: ModuleType) -> None:
    text = (ROOT / 'pyproject.toml').read_text().split('\n[tool.')[0]
    listed = dict(re.findall(r'"([a-z-]+)((?:[<>=][^"]*)?)"[,\]]', text))
    for package in tool.PACKAGES:
        if package.name in listed:
            assert package.wanted == listed[package.name], package.name
    named = {package.name for package in tool.PACKAGES}
    block = re.search(r'\ndependencies = \[(.*?)\n\]', text, re.S)[1]
    declared = set(re.findall(r'"([a-z-]+)', block))
    assert declared <= named
