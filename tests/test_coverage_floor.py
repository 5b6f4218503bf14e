import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name('coverage_floor.py')


def write_report(path: Path, **percent: float) -> Path:
    files = {
        f'models/{name}.py': {
            'summary': {'percent_covered': value},
            'missing_lines': [3, 4, 5, 9],
        }
        for name, value in percent.items()
    }
    totals = {'percent_covered': 90.0}
    path.write_text(json.dumps({'files': files, 'totals': totals}))
    return path


def run(report: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(report)],
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def test_enough_everywhere_passes(tmp_path: Path) -> None:
    code, text = run(write_report(tmp_path / 'report.json', a=85, b=100))
    assert code == 0
    assert '90.0 % of all statements; 0 of 2 files below' in text


def test_files_below_the_floor_are_named_lowest_first(tmp_path: Path) -> None:
    report = write_report(tmp_path / 'report.json', a=84.9, b=90, c=10)
    code, text = run(report)
    assert code == 1
    first, second, *_ = text.splitlines()
    assert first == ' 10.0 %  models/c.py  missing: 3-5, 9'
    assert second.startswith(' 84.9 %  models/a.py')
    assert 'models/b.py' not in text


def test_report_without_files_fails(tmp_path: Path) -> None:
    report = tmp_path / 'report.json'
    report.write_text(json.dumps({'files': {}}))
    code, text = run(report)
    assert code == 1
    assert 'found none' in text
