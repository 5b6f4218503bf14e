import importlib.util
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

TOOL = Path(__file__).resolve().parents[2] / 'tools/make_synthetic_coco.py'


@pytest.fixture(scope='module')
def tool():
    spec = importlib.util.spec_from_file_location('make_synthetic_coco', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def arguments(out, *more):
    sizes = ['--train', '4', '--val', '2', '--workers', '1']
    return ['--out', str(out), *sizes, *more]


def test_it_runs_from_another_directory_and_reports(tmp_path):
    command = [sys.executable, str(TOOL), *arguments('coco', '--seed', '3')]
    command[command.index('--workers') + 1] = '2'
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    line = done.stdout.strip()
    assert '\n' not in line
    assert line.startswith('coco: train 4 images with ')
    assert line.endswith('images/s')
    assert len(list((tmp_path / 'coco/train2017').glob('*.jpg'))) == 4


def test_second_call_keeps_the_data(tool, tmp_path, capsys):
    assert tool.main(arguments(tmp_path / 'a')) == 0
    capsys.readouterr()
    assert tool.main(arguments(tmp_path / 'a')) == 0
    assert 'already there, train 4 images' in capsys.readouterr().out


def test_clash_is_one_clear_sentence_and_exit_code_two(tool, tmp_path, capsys):
    tool.main(arguments(tmp_path / 'a'))
    capsys.readouterr()
    assert tool.main(arguments(tmp_path / 'a', '--seed', '1')) == 2
    captured = capsys.readouterr()
    assert 'seed=0 (wanted 1)' in captured.err
    assert not captured.out


def test_preview_is_an_image(tool, tmp_path):
    sheet = tmp_path / 'sub' / 'sheet.png'
    call = arguments(tmp_path / 'a', '--preview', str(sheet))
    assert tool.main(call) == 0
    image = cv2.imread(str(sheet))
    assert image.shape[1] > 1000
    assert image.std() > 10


@pytest.mark.parametrize(
    'wrong', [['--train', '0'], ['--workers', '0'], ['--seed', '-1']]
)
def test_numbers_out_of_range_end_with_exit_code_two(
    tool, tmp_path, capsys, wrong
):
    assert tool.main(arguments(tmp_path / 'a', *wrong)) == 2
    assert f'expected {wrong[0][2:]} >= ' in capsys.readouterr().err


def test_missing_out_is_an_error(tool):
    with pytest.raises(SystemExit):
        tool.main([])
