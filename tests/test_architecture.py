"""The paths that docs/architecture.md names exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / 'docs' / 'architecture.md'
TOPS = ('models', 'metrics', 'datasets', 'engine', 'tools', 'configs', 'tests')
PATHS = sorted(
    {
        path
        for path in re.findall(r'`([\w/.]+)`', PAGE.read_text())
        if path.split('/')[0] in TOPS or path.endswith('.py')
    }
)


@pytest.mark.parametrize('path', PATHS)
def test_named_path_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_paths_are_found() -> None:
    assert 'models/trust_targets/base.py' in PATHS
    assert len(PATHS) > 20


@pytest.mark.parametrize(
    'room', ['models', 'metrics/evaluation', 'datasets', 'engine']
)
def test_every_folder_of_a_room_is_named(room: str) -> None:
    text = PAGE.read_text()
    folders = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / room).iterdir()
        if (path / '__init__.py').exists()
    ]
    assert folders
    missing = [folder for folder in folders if f'`{folder}/' not in text]
    assert not missing
