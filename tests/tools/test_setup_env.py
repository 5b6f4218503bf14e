import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ('.ci/run', 'tests/run.sh', 'tools/setup_env.sh')
# A Python without packages that cannot make a virtual environment.
FAKE_PYTHON = """#!/usr/bin/env bash
if [ "$1" = - ]; then
    if [[ $(cat) == *ensurepip* ]]; then {probe}; else exit 1; fi
elif [ "$1 $2" = '-m venv' ]; then
    {venv}
else
    echo "$0"
fi
"""


def start(script: Path, *arguments: str, **environment: str):
    return subprocess.Popen(
        ['bash', str(script), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd='/',
        env={**os.environ, **environment},
    )


def run(script: Path, *arguments: str, **environment: str):
    """Return exit code, standard output and standard error."""
    process = start(script, *arguments, **environment)
    output, messages = process.communicate(timeout=60)
    return process.returncode, output, messages


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """Return the script in a repository without an environment."""
    (tmp_path / 'tools').mkdir()
    names = ('setup_env.sh', 'jobs.sh', 'installed.py', 'check_env.py')
    for name in (*names, 'constraints.txt', 'newest.txt'):
        shutil.copy(ROOT / 'tools' / name, tmp_path / 'tools')
    for name in ('pyproject.toml', 'compat.py', '__init__.py'):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path / 'tools' / 'setup_env.sh'


def fake_python(
    folder: Path, venv: str = 'exit 3', probe: str = 'echo "$0"'
) -> str:
    path = folder / 'fake_python'
    path.write_text(
        FAKE_PYTHON.replace('{venv}', venv).replace('{probe}', probe)
    )
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize('name', SCRIPTS)
def test_syntax(name: str) -> None:
    subprocess.run(['bash', '-n', str(ROOT / name)], check=True)
    assert os.access(ROOT / name, os.X_OK)


def test_second_run_is_quick() -> None:
    ready = ROOT / '.setup_env' / 'ready'
    inputs = ('pyproject.toml', 'compat.py', 'tools/check_env.py')
    inputs += ('tools/constraints.txt', 'tools/setup_env.sh')
    inputs += ('tools/installed.py', 'tools/jobs.sh')
    newest = max((ROOT / name).stat().st_mtime for name in inputs)
    if not ready.exists() or ready.stat().st_mtime < newest:
        pytest.skip('needs a first run of tools/setup_env.sh')
    begin = time.monotonic()
    code, output, messages = run(
        ROOT / 'tools' / 'setup_env.sh',
        '--print-python',
        PYTHON=sys.executable,
    )
    assert time.monotonic() - begin < 3
    assert code == 0
    assert Path(output.strip()).samefile(sys.executable)
    assert messages == f'setup_env: Python: {output}'


def test_failed_step_is_reported(script: Path, tmp_path: Path) -> None:
    python = fake_python(tmp_path, 'echo "no space left"; exit 3')
    code, output, messages = run(script, '--print-python', PYTHON=python)
    assert code == 1
    assert not output
    assert f"step 1 'virtual environment .venv with {python}' failed" in (
        messages
    )
    assert 'with exit code 3.' in messages
    assert '\n    no space left\n' in messages
    assert 'what to do: check that the folder is writable' in messages
    assert 'interrupted' not in run(script, PYTHON=python)[2]


def test_newest_versions_get_an_environment_of_their_own(
    script: Path, tmp_path: Path
) -> None:
    python = Path(fake_python(tmp_path))
    # this one has the stack, and is taken otherwise
    python.write_text(python.read_text().replace('else exit 1', 'else exit 0'))
    code, _, messages = run(script, '--newest', PYTHON=str(python))
    assert code == 1
    place = '.setup_env/newest/venv'
    assert f"step 1 'virtual environment {place} with" in messages


def test_interrupted_set_up_starts_again(script: Path, tmp_path: Path) -> None:
    # the parent of the step's own process group
    parent = "awk '/^PPid/ {print $2}' /proc/$PPID/status"
    python = fake_python(tmp_path, f'kill -9 $({parent})')
    assert run(script, PYTHON=python)[0] == -9
    python = fake_python(tmp_path)
    code, _, messages = run(script, PYTHON=python)
    assert code == 1
    expected = 'the last set-up was interrupted: .venv is created again'
    assert expected in messages
    assert '[1/7] virtual environment' in messages


def test_second_run_waits_for_the_first(script: Path, tmp_path: Path) -> None:
    (tmp_path / '.setup_env').mkdir()
    with open(tmp_path / '.setup_env' / 'lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = start(script, PYTHON=fake_python(tmp_path))
        line = process.stderr.readline()
        assert line == (
            'setup_env: another set-up is running; waiting for it.\n'
        )
        assert process.poll() is None
    assert '[1/7]' in process.communicate(timeout=60)[1]


@pytest.mark.parametrize(
    ('arguments', 'probe', 'code', 'message'),
    [
        (['--verbose'], 'echo "$0"', 2, "found '--verbose'"),
        ([], 'exit 1', 1, 'expected Python 3.10, 3.11 or 3.12'),
    ],
)
def test_bad_input(
    script: Path,
    tmp_path: Path,
    arguments: list[str],
    probe: str,
    code: int,
    message: str,
) -> None:
    python = fake_python(tmp_path, probe=probe)
    found, output, messages = run(script, *arguments, PYTHON=python)
    assert (found, output) == (code, '')
    assert message in messages


def test_python_that_does_not_run(script: Path) -> None:
    code, _, messages = run(script, PYTHON='/nonexistent/python')
    assert code == 1
    assert "'/nonexistent/python' does not run" in messages


def test_ci_appends_its_wheels(tmp_path: Path) -> None:
    root = tmp_path / 'repository'
    wheels = tmp_path / 'shared' / 'wheels' / 'cp311-torch2.13-cpu'
    wheels.mkdir(parents=True)
    for name in ('.ci', 'tests'):
        (root / name).mkdir(parents=True)
    shutil.copy(ROOT / '.ci' / 'run', root / '.ci')
    (root / 'tests' / 'run.sh').write_text('echo "$CI:$PIP_FIND_LINKS:$#"')
    script = root / '.ci' / 'run'
    assert run(script, PIP_FIND_LINKS='/one /two') == (
        0,
        f'true:/one /two {wheels}:0\n',
        '',
    )
    wheels.rmdir()
    assert run(script, PIP_FIND_LINKS='/one')[1] == 'true:/one:0\n'
