import runpy
import sys

import pytest
from helpers import ROOT


@pytest.mark.parametrize('name', ['train', 'test'])
def test_the_tool_of_mmpose_is_run(name, monkeypatch, capsys):
    script = ROOT / 'tools' / f'{name}.py'
    monkeypatch.setattr(sys, 'argv', [str(script), '-h'])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(script), run_name='__main__')
    assert ended.value.code == 0
    assert '--work-dir' in capsys.readouterr().out
