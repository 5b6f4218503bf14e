"""Run the commands of a page in a folder with small files of all names."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import mmpose
from document_blocks import Block, link_repository, read_blocks, shell_blocks
from helpers import ROOT
from integration_runs import SHORT, SHORT_TEST

# what stands for something of the user, and what stands for it here
STANDS_FOR = (
    (r'(?<!\w)CONFIG(\.py|(?![\w.]))', 'config.py'),
    (r'(?<!\w)(CHECKPOINT(\.pth|(?![\w.]))|FILE(?![\w.]))', 'checkpoint.pth'),
    (r'(?<![\w$])WORK_DIR(?![\w=])', 'work'),
    (r'(?<!\w)POSE\.pth', 'pose.pth'),
    (r'best_coco_AP_epoch_5\.pth', 'best_coco_AP_epoch_1.pth'),
    (r'--train 512 --val 128', '--train 12 --val 4'),
    (r'(GPUS=|--gpus |--nproc_per_node )8\b', r'\g<1>2'),
    (r'/data/coco\b|(?<!\w)COCO_MINI\b|(?<=COCO_ROOT=)…', 'data/coco'),
)
# by page and start of a command or of a first line of Python
Pages = dict[tuple[str, str], str]
IN_CHECKOUT = 'projects/self_verify_pose'
LESS = (
    'train_cfg.max_epochs=1',
    'train_dataloader.dataset.indices=8',
    'val_dataloader.dataset.indices=6',
)
PROGRAMS = {
    'bash': ['/bin/bash'],
    'mim': [sys.executable, '-m', 'mim'],
    'torchrun': [sys.executable, '-m', 'torch.distributed.run'],
}
# Adds the options of a short run to the words of a program, in front of those
# that are given.
WRAPPER = """#!{python}
import os, sys
kind, words = os.path.basename(sys.argv[0]), sys.argv[1:]
verb = os.path.basename(words[2 if kind == 'torchrun' else 0])
if verb.startswith(('train', 'test', 'run_')):
    is_test = verb.startswith(('test', 'run_test'))
    short = {test} if is_test else {train}
    if '--cfg-options' not in words:
        words.append('--cfg-options')
    place = words.index('--cfg-options') + 1
    words[place:place] = short
program = {program}
os.execv(program[0], [*program, *words])
"""


def make_root(folder: Path, materials: Path, way: str = '') -> Path:
    """Make the working directory: this repository, or a checkout of MMPose.

    Args:
        folder: Made.
        materials: What :func:`write_materials` has written.
        way: Where this repository is in it.
    """
    folder.mkdir()
    if way == IN_CHECKOUT:
        package = Path(mmpose.__file__).parent
        (folder / 'mmpose').symlink_to(package)
        for name in ('configs', 'tools', 'demo'):
            (folder / name).symlink_to(package / '.mim' / name)
        (folder / 'projects').mkdir()
        (folder / 'projects' / 'self_verify_pose').symlink_to(ROOT)
    else:
        link_repository(folder)
        (folder / 'docs').unlink()  # some commands write figures there
        shutil.copytree(ROOT / 'docs', folder / 'docs')
    for path in materials.iterdir():
        if path.name == 'data':
            shutil.copytree(path, folder / 'data', symlinks=True)
        elif path.is_symlink():
            (folder / path.name).symlink_to(path.readlink())
        elif path.name == 'calib':
            shutil.copytree(path, folder / path.name, symlinks=True)
        else:
            (folder / path.name).symlink_to(path)
    wrappers = folder / '.wrappers'
    wrappers.mkdir()
    for name, program in PROGRAMS.items():
        text = WRAPPER.format(
            python=sys.executable,
            train=[*SHORT, *LESS],
            test=[*SHORT_TEST],
            program=program,
        )
        (wrappers / name).write_text(text)
        (wrappers / name).chmod(0o755)
    return folder


def script_of(
    page: str,
    way: str,
    not_run: Pages,
    preludes: Pages,
) -> str:
    """Write the commands of a page as one script, without those not run.

    Args:
        page: The page.
        way: Where this repository is; in a checkout of MMPose the blocks run
            that name its files there.
        not_run: Pages and starts of commands.
        preludes: Lines before the Python blocks of pages, by first line.
    """
    shell = {block.number for block in shell_blocks(page, way)}
    lines = ['set -eo pipefail']
    for block in read_blocks(page):
        if way == IN_CHECKOUT and '$P/' not in block.text:
            continue
        if block.number in shell:
            part = _shell_part(block, not_run)
        elif block.kind == 'python':
            part = _python_part(block, not_run, preludes)
        else:
            continue
        lines += [f'echo "== {block.name}"', part, 'wait']
    text = '\n'.join(lines)
    for pattern, replacement in STANDS_FOR:
        text = re.sub(pattern, replacement, text)
    return text


def commands_of(block: Block) -> list[str]:
    """Return the lines of a shell block, continued ones joined."""
    return re.sub(r'\\\n\s*', '', block.text).splitlines()


def _shell_part(block: Block, not_run: Pages) -> str:
    lines = commands_of(block)
    return '\n'.join(x for x in lines if not _of_block(block, x, not_run))


def _python_part(block: Block, not_run: Pages, preludes: Pages) -> str:
    first = block.text.splitlines()[0]
    file = re.fullmatch(r'# (\w+\.py)', first)
    if file:
        return f"cat >{file[1]} <<'END'\n{block.text}END"
    if 'import ' not in block.text or _of_block(block, first, not_run):
        return ':'
    before = _of_block(block, first, preludes)
    return f"python - <<'END'\n{before}{block.text}END"


def _of_block(block: Block, line: str, texts: Pages) -> str:
    """Return the text for a line of a page, or an empty text."""
    for (page, start), text in texts.items():
        if page == block.page and line.startswith(start):
            return text
    return ''


def run_page(root: Path, script: str, timeout: float) -> str:
    """Run a script in the working directory; return what it prints."""
    scripts = [root / '.wrappers', Path(sys.executable).parent]
    given = {k: v for k, v in os.environ.items() if k != 'COCO_ROOT'}
    path = os.pathsep.join([*map(str, scripts), given['PATH']])
    printed = root / 'printed.txt'
    with printed.open('w') as out:
        done = subprocess.run(
            ['/bin/bash', '-c', script],
            cwd=root,
            stdout=out,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            env={
                **given,
                'PATH': path,
                'PYTHON': sys.executable,
                'BACKBONE_INIT': 'none',  # no download
                'FAST': '0',  # not measured
            },
        )
    text = printed.read_text()
    assert done.returncode == 0, text[-4000:]
    return text
