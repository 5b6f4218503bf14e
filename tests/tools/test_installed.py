import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import ROOT, load_tool
from pip._vendor.packaging.requirements import Requirement

NEEDED = {
    name: Requirement(text)
    for name, text in (
        ('svp-one', 'svp-one>=1'),
        ('svp-two', 'svp-two[b,a]<3'),
    )
}


@pytest.fixture
def tool(monkeypatch):
    tool = load_tool('installed')
    monkeypatch.setattr(tool, 'required', lambda extras: NEEDED)
    monkeypatch.setattr(tool, 'STACK', ())
    return tool


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Return site packages with one of the two that are needed."""
    info = tmp_path / 'svp_one-1.5.dist-info'
    info.mkdir()
    (info / 'METADATA').write_text('Name: svp-one\nVersion: 1.5\n')
    recorded = ['one/__init__.py', 'one/tests/test.py', '../bin/one.py']
    recorded += ['one/data.txt', f'{info.name}/RECORD']
    (info / 'RECORD').write_text(''.join(f'{r},,\n' for r in recorded))
    (tmp_path / 'one').mkdir()
    (tmp_path / 'one' / '__init__.py').touch()
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_package_that_vanished_is_unmet(tool, site):
    assert tool.unmet('') == ['svp-two[a,b]<3']
    shutil.rmtree(site / 'svp_one-1.5.dist-info')
    assert tool.unmet('') == ['svp-one>=1', 'svp-two[a,b]<3']


def test_a_package_that_lost_modules_is_broken(tool, site):
    assert tool.broken('') == []
    (site / 'one' / '__init__.py').unlink()
    assert tool.broken('') == ['svp-one==1.5']


def test_the_fingerprint_changes_with_what_it_depends_on(
    tool, site, tmp_path, monkeypatch
):
    found = [tool.fingerprint('')]
    (site / 'one' / '__init__.py').unlink()
    found.append(tool.fingerprint(''))
    shutil.rmtree(site / 'svp_one-1.5.dist-info')
    found.append(tool.fingerprint(''))
    copy = tmp_path / 'copy'
    (copy / 'tools').mkdir(parents=True)
    for name in tool.INPUTS:
        shutil.copy(ROOT / name, copy / name)
    with open(copy / 'tools' / 'constraints.txt', 'a') as file:
        file.write('# another line\n')
    (copy / '__init__.py').touch()
    spec = type('Spec', (), {'origin': str(copy / '__init__.py')})
    monkeypatch.setattr(tool, 'find_spec', lambda name: spec)
    monkeypatch.setattr(tool, 'ROOT', copy)
    found.append(tool.fingerprint(''))
    assert len({line for (line,) in found}) == 4


def test_the_path_of_the_repository_does_not_matter(tmp_path):
    (tmp_path / 'link').symlink_to(ROOT)
    lines = {
        subprocess.run(
            [sys.executable, root / 'tools/installed.py', 'fingerprint', 'fk'],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        ).stdout
        for root in (ROOT, tmp_path / 'link')
    }
    assert len(lines) == 1
    assert not any(str(tmp_path) in line for line in lines)


def test_another_repository_is_not_this_one(tool, monkeypatch):
    monkeypatch.setattr(tool, 'ROOT', Path('/elsewhere'))
    with pytest.raises(SystemExit) as left:
        tool.fingerprint('')
    assert left.value.code == 1


def test_this_environment_lacks_nothing_of_the_package():
    tool = load_tool('installed')
    assert {'rich', 'pytorch-kinematics'} <= tool.required('fk').keys()
    assert not {'chumpy', 'mmcv'} & tool.required('fk').keys()
