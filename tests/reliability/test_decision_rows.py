"""Each row of decision_rows.py."""

import json
import sys

import pytest
from decision_files import certificate_of_coco, write_files
from decision_rows import ROWS
from helpers import load_tool
from row import check_message

from self_verify_pose.engine.decisions.certificate import (
    as_json,
    load_certificate,
)

BY_CASE = {row.case: row for row in ROWS}
NAMES = ('nose', 'left_eye', 'left_knee', 'right_knee')


def change(path, edit):
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def run(case, folder, monkeypatch):
    """Do what a row says; return the exit code."""
    few = {'labels of a few images': 12, 'a check of three images': 3}
    certified = certificate_of_coco(0.5, NAMES)
    write_files(folder, images=few.get(case, 6))
    scored, out = folder / 'scored.json', folder / 'out.json'
    certificate = folder / 'certificate.json'
    if 'skeleton' in case:
        certified = certificate_of_coco(0.5)
    certificate.write_text(json.dumps(as_json(certified)))
    choose = [scored, '--ann', folder / 'ann.json', '--out', out]
    check = [scored, '--check', certificate]
    export = [scored, '--certificate', certificate, '--format', 'coco']
    export += ['--out', out]
    tool, given = 'choose_threshold', choose
    if case.startswith('a risk'):
        given = [*choose, '--risk', '5']
    elif case.startswith('a confidence'):
        given = [*choose, '--confidence', '90']
    elif case == 'results without trust':
        change(scored, lambda e: [one.pop('keypoint_trust') for one in e])
    elif case == 'a certificate that is something else':
        certificate.write_text('{}')
        given = check
    elif case == 'a certificate of a later version':
        change(certificate, lambda c: c.update(version=2))
        given = check
    elif case == 'a check of three images':
        given = check
    elif case == 'a certificate of another skeleton':
        tool, given = 'export_trust', export
    elif case.startswith('other images'):
        change(scored, lambda e: e[2].update(image_id=99))
        tool, given = 'export_trust', [*export, '--ann', folder / 'ann.json']
    elif case == 'a table with another ending':
        tool, given = 'export_trust', [scored, '--format', 'deeplabcut']
        given += ['--out', folder / 'table.txt']
    elif case == 'a missing package':
        write_files(folder, images=90)
        monkeypatch.setitem(sys.modules, 'mapie.risk_control', None)
    else:
        assert case == 'labels of a few images'
    return load_tool(tool).main([*map(str, given)])


@pytest.mark.parametrize('case', BY_CASE)
def test_row(case, tmp_path, monkeypatch, capsys):
    row = BY_CASE[case]
    code = run(case, tmp_path, monkeypatch)
    written = {path.name for path in tmp_path.iterdir()}
    written -= {'scored.json', 'ann.json', 'certificate.json'}
    if row.message is None:
        assert code == 0
        found = load_certificate(tmp_path / 'out.json')
        assert found.all.reason.startswith('too few labels')
        return
    assert code == 2
    check_message(row, capsys.readouterr().err)
    assert not written
