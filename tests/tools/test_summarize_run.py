import json
import subprocess
import sys

import pytest
from helpers import ROOT
from run_logs import validation, write_log

TOOL = ROOT / 'tools/summarize_run.py'


def run(*arguments):
    return subprocess.run(
        [sys.executable, str(TOOL), *map(str, arguments)],
        capture_output=True,
        text=True,
    )


def test_last_validation_of_the_newest_run_is_printed(tmp_path):
    write_log(tmp_path, '20200101_000000', validation(9, 0.999, 0.999))
    write_log(
        tmp_path,
        '20200102_000000',
        {'loss': 1.0, 'loss_kpt': 1.0, 'step': 1},
        validation(1, 0.111, 0.222),
        validation(2, 0.654, 0.321),
    )
    curves = tmp_path / 'curves.png'
    done = run(tmp_path, '--curves', curves)
    assert done.returncode == 0, done.stderr
    assert 'AP 0.200' in done.stdout
    assert 'epoch 2' in done.stdout
    (row,) = [x for x in done.stdout.splitlines() if 'AUROC' in x]
    assert row.index('0.654') < row.index('0.321')
    assert '0.999' not in done.stdout
    assert curves.stat().st_size > 10_000


def test_run_without_trust_prints_the_raw_score_only(tmp_path):
    values = validation(1, 0.1, 0.432)
    write_log(
        tmp_path,
        '20200101_000000',
        {k: v for k, v in values.items() if not k.startswith('trust')},
    )
    done = run(tmp_path)
    assert '0.432' in done.stdout
    assert 'trust' not in done.stdout


def test_test_is_printed_without_an_epoch(tmp_path):
    stamp = '20200101_000000'
    write_log(tmp_path, stamp, validation(0, 0.1, 0.432))
    values = {
        k: v for k, v in validation(0, 0.1, 0.432).items() if k != 'step'
    }
    (tmp_path / stamp / f'{stamp}.json').write_text(json.dumps(values))
    done = run(tmp_path)
    assert '0.432' in done.stdout
    assert 'epoch' not in done.stdout


@pytest.mark.parametrize('with_log', [False, True])
def test_missing_validation_exits_with_code_one(tmp_path, with_log):
    if with_log:
        write_log(tmp_path, '20200101_000000', {'loss': 1.0, 'step': 1})
    done = run(tmp_path)
    assert done.returncode == 1
    assert str(tmp_path) in done.stderr
