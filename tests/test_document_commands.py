"""Every code block of the documents names what exists, and compiles.

A shell reads the blocks of a page; the programs that they start only write
down their words. The parser of each tool then reads these, and options of a
config are checked as a run checks them. Nothing is computed.
tests/integration/test_document_runs.py runs the same blocks.
"""

import ast
import os
import re
from importlib import import_module
from pathlib import Path
from unittest import mock

import pytest
from document_blocks import (
    PAGES,
    Block,
    link_repository,
    read_blocks,
    read_calls,
    shell_blocks,
    ways,
)
from document_checks import CHECKS, OTHERS, check
from helpers import SELFVERIFY
from mmengine.config import Config


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in a folder that looks like the repository."""
    link_repository(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('BACKBONE_INIT', 'none')
    return tmp_path


def file_of(block: Block) -> str | None:
    """Return the name of the file that a block shows."""
    found = re.match(r'# (\w+\.py)\n', block.text)
    return found[1] if found else None


def write_files(page: str, folder: Path) -> None:
    for block in read_blocks(page):
        if block.kind == 'python' and (name := file_of(block)):
            text = block.text.replace('CONFIG.py', SELFVERIFY)
            (folder / name).write_text(text)


@pytest.mark.parametrize(
    ('page', 'way'),
    [(page, way) for page in PAGES for way in ways(page)],
)
def test_commands_name_what_exists(page: str, way: str, folder: Path) -> None:
    write_files(page, folder)
    programs = [*CHECKS, *OTHERS]
    text = '\n'.join(block.text for block in shell_blocks(page, way))
    wrong = []
    for call in read_calls(text, programs, folder):
        given = {
            name: value.replace('/CONFIG', f'/{SELFVERIFY}')
            for name, value in call.given.items()
        }
        with mock.patch.dict(os.environ, given):
            try:
                check(call)
            except (Exception, SystemExit, pytest.fail.Exception) as error:
                wrong.append((call.words, error))
    assert not wrong


PYTHON = [
    block
    for page in PAGES
    for block in read_blocks(page)
    if block.kind == 'python'
]


def test_blocks_have_a_known_language() -> None:
    kinds = {block.kind for page in PAGES for block in read_blocks(page)}
    assert kinds == {'', 'bash', 'mermaid', 'python'}


@pytest.mark.parametrize('block', PYTHON, ids=lambda block: block.name)
def test_imported_names_exist(block: Block) -> None:
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.Import):
            for name in node.names:
                import_module(name.name)
        elif isinstance(node, ast.ImportFrom) and node.module != 'rtmlib':
            module = import_module(node.module)
            for name in node.names:
                if not hasattr(module, name.name):
                    import_module(f'{node.module}.{name.name}')


def is_config(block: Block) -> bool:
    """Tell whether a block is a config, or lines of one."""
    return 'import ' not in block.text


# the examples of CONTRIBUTING.md are run by test_contributing.py
CONFIGS = [b for b in PYTHON if is_config(b) and b.page != 'CONTRIBUTING.md']


@pytest.mark.parametrize('block', CONFIGS, ids=lambda block: block.name)
def test_configs_load(block: Block, folder: Path) -> None:
    # which a wheel has under its own name, see test_installed_wheel.py
    text = block.text.replace("'self_verify_pose::", "'configs/")
    text = text.replace('CONFIG.py', SELFVERIFY)
    if '_base_ = [' not in text:
        text = f'_base_ = {[SELFVERIFY]}\n{text}'
    (folder / 'shown.py').write_text(text)
    assert Config.fromfile(folder / 'shown.py').model


@pytest.mark.parametrize(
    ('line', 'error'),
    [
        ('python tools/apply_trust.py results.json', SystemExit),
        ('python tools/gone.py', AssertionError),
        ('mim train mmpose configs/gone.py', AssertionError),
        ('mim train mmpose CONFIG --cfg-options model.gone=1', TypeError),
        ('mim train mmpose CONFIG --cfg-options gone=1', AssertionError),
        ('bash run_train_selfverify.sh --gone', SystemExit),
        ('GONE=1 make test', AssertionError),
        ('make gone', AssertionError),
    ],
)
def test_what_does_not_exist_is_found(line, error, folder) -> None:
    (call,) = read_calls(line, [*CHECKS], folder)
    with pytest.raises(error):
        check(call)
