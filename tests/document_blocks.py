"""The code blocks of the documents, and the commands that they run."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from helpers import ROOT

# equal blocks of both languages are those of the English page
PAGES = (
    'README.md',
    'CONTRIBUTING.md',
    *sorted(
        path.relative_to(ROOT).as_posix()
        for path in ROOT.glob('docs/*.md')
        if not path.stem.endswith('_zh-CN')
    ),
)
FENCE = re.compile(r'^```(\w*)\n(.*?)^```', re.MULTILINE | re.DOTALL)
ASSIGNS_P = re.compile(r'^P=(\S+)$', re.MULTILINE)
# writes the number of exported variables and these, then the same of its
# words, each followed by a zero byte, to a file of its own: programs of a pipe
# write at the same time
STUB = """#!{shell}
{{
    names=($(compgen -e))
    printf '%s\\0' "${{#names[@]}}"
    for name in "${{names[@]}}"; do
        printf '%s=%s\\0' "$name" "${{!name}}"
    done
    printf '%s\\0' "$(($# + 1))" "${{0##*/}}" "$@"
}} >"$CALLS/$EPOCHREALTIME.$$"
"""
SHELL = '/bin/bash'


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        page: The page, relative to the repository.
        number: Its number among the blocks of the page, from 1.
        kind: Its language, such as ``bash``; may be empty.
        text: Its lines.
    """

    page: str
    number: int
    kind: str
    text: str

    @property
    def name(self) -> str:
        """Page and number, for messages and tables."""
        return f'{self.page} {self.number}'


@dataclass(frozen=True)
class Call:
    """A command of a block, as the shell has read it.

    Attributes:
        words: Program and arguments.
        given: The environment variables that the page has set for it.
    """

    words: list[str]
    given: dict[str, str]


def read_blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page."""
    found = FENCE.findall((ROOT / page).read_text(encoding='utf-8'))
    return [
        Block(page, number, kind, text)
        for number, (kind, text) in enumerate(found, 1)
    ]


def ways(page: str) -> list[str]:
    """Return the places of the repository that a page lets the user choose."""
    values = [ASSIGNS_P.search(block.text) for block in read_blocks(page)]
    return [value[1] for value in values if value] or ['']


def shell_blocks(page: str, way: str) -> list[Block]:
    """Return the blocks of a page that a shell reads, for one place ``P``."""
    blocks = [b for b in read_blocks(page) if b.kind == 'bash']
    chosen = [ASSIGNS_P.search(block.text) for block in blocks]
    return [
        block
        for block, found in zip(blocks, chosen, strict=True)
        if found is None or found[1] == way
    ]


def link_repository(folder: Path) -> None:
    """Let a folder look like the repository, and hold it as a project."""
    for path in ROOT.iterdir():
        if path.name not in ('.git', 'build', 'data', 'work_dirs'):
            (folder / path.name).symlink_to(path)
    (folder / 'projects').mkdir()
    (folder / 'projects' / 'self_verify_pose').symlink_to(ROOT)


def read_calls(text: str, programs: list[str], folder: Path) -> list[Call]:
    """Let a shell run commands whose programs only write down their words.

    Args:
        text: The commands.
        programs: Names of the programs; any other one is an error.
        folder: Working directory.

    Returns:
        The calls, in order.
    """
    stubs, record = folder / '.stubs', folder / '.calls'
    stubs.mkdir()
    record.mkdir()
    for name in programs:
        (stubs / name).write_text(STUB.format(shell=SHELL))
        (stubs / name).chmod(0o755)
    base = {'PATH': str(stubs), 'CALLS': str(record)}
    done = subprocess.run(
        [SHELL, '-c', f'{text}\nwait'],
        cwd=folder,
        env=base,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert not done.stderr, done.stderr
    written = b''.join(path.read_bytes() for path in sorted(record.iterdir()))
    parts = iter(written.decode().split('\0')[:-1])
    base.update(PWD=os.fspath(folder), OLDPWD='', SHLVL='', _='')
    calls = []
    for count in parts:
        pairs = [next(parts).partition('=') for _ in range(int(count))]
        words = [next(parts) for _ in range(int(next(parts)))]
        given = {name: value for name, _, value in pairs if name not in base}
        calls.append(Call(words, given))
    return calls
