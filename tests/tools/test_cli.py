import subprocess
import sys

import pytest
from helpers import ROOT

from self_verify_pose import __version__
from self_verify_pose.tools import cli

# what reads files alone, and must answer at once
WITHOUT_TORCH = ('apply', 'check-env', 'choose-threshold', 'eval', 'export')
WITHOUT_TORCH += ('fit', 'leaderboard', 'select', 'summarize', 'synthetic')
LIST_HELP = f"""
import sys
from self_verify_pose.tools.cli import main
assert not {{'torch', 'numpy', 'mmengine'}} & set(sys.modules)
for name in {WITHOUT_TORCH}:
    try:
        main([name, '--help'])
    except SystemExit as ended:
        assert ended.code == 0
    assert 'torch' not in sys.modules, name
"""


@pytest.fixture(autouse=True)
def _arguments(monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['self-verify-pose'])


def test_help_lists_each_command_in_one_line(capsys):
    assert cli.main([]) == 0
    printed = capsys.readouterr().out
    listed = [line for line in printed.splitlines() if line[:2] == '  ']
    assert [line.split()[0] for line in listed] == list(cli.TOOLS)
    assert all(len(line.split()) > 3 for line in listed)
    assert cli.main(['--help']) == 0
    assert capsys.readouterr().out == printed
    assert cli.main(['--version']) == 0
    assert capsys.readouterr().out.strip() == __version__


def test_a_command_runs_its_tool(capsys, tmp_path):
    with pytest.raises(SystemExit) as ended:
        cli.main(['leaderboard', '--help'])
    assert ended.value.code == 0
    assert 'usage: self-verify-pose leaderboard' in capsys.readouterr().out
    missing = str(tmp_path / 'none.json')
    assert cli.main(['leaderboard', f'A={missing}']) == 2
    assert missing in capsys.readouterr().err


def test_an_unknown_command_is_one_sentence(capsys):
    assert cli.main(['evaluate', 'preds.pkl']) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('self-verify-pose: expected one of eval, visu')
    assert 'found evaluate; self-verify-pose --help' in line


def test_every_command_names_a_tool():
    for module in cli.TOOLS.values():
        assert (ROOT / 'tools' / f'{module}.py').is_file()
    assert set(WITHOUT_TORCH) <= set(cli.TOOLS)


def test_commands_on_files_start_without_torch():
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', LIST_HELP],
        capture_output=True,
        text=True,
        cwd='/',
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('usage: self-verify-pose ') == len(WITHOUT_TORCH)
