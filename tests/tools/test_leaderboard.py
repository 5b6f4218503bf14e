import json

import pytest
from evaluation_inputs import make_joints
from helpers import load_tool

from self_verify_pose.metrics.evaluation.report.evaluation_report import (
    EvalConfig,
    evaluate_predictions,
)
from self_verify_pose.metrics.evaluation.report.write import as_json

main = load_tool('leaderboard').main


@pytest.fixture(scope='module')
def report(tmp_path_factory):
    """Write a report of two files of predictions, without its figures."""
    path = tmp_path_factory.mktemp('report') / 'report.json'
    content = {}
    for seed, name in enumerate(('easy', 'hard')):
        joints = make_joints(persons=30, seed=seed)
        found = evaluate_predictions(joints, EvalConfig(n_bootstrap=20))
        content[name] = as_json(found)
    path.write_text(json.dumps(content))
    return path


def one_of(report, folder, name, **changes):
    content = json.loads(report.read_text())[name]
    path = folder / f'{name}.json'
    path.write_text(json.dumps({name: {**content, **changes}}))
    return path


def test_each_score_of_each_report_is_a_row(report, tmp_path, capsys):
    single, out = one_of(report, tmp_path, 'hard'), tmp_path / 'board.md'
    given = [f'A=B={report}', f'C={single}', '--out', str(out)]
    assert main(given) == 0
    assert capsys.readouterr().out == out.read_text()
    _, _, *rows = (
        [cell.strip() for cell in line.strip('| \n').split('|')]
        for line in out.read_text().splitlines()
    )
    content = json.loads(report.read_text())
    scores = [*content['hard']['scores']]
    titles = dict.fromkeys(row[0] for row in rows)
    assert [*titles] == ['A=B, easy', 'A=B, hard', 'C']
    assert len(rows) == 3 * len(scores)
    assert [row[1:] for row in rows if row[0] == 'C'] == [
        row[1:] for row in rows if row[0] == 'A=B, hard'
    ]
    row = rows[0]
    first = content['easy']['scores'][scores[0]]
    assert row[5].startswith(f'{first["AUROC"]["value"]:.3f} [')
    assert row[7] == f'{first["AURC"]["value"]:.3f}'
    assert {row[6] == '–' for row in rows} == {True, False}
    assert row[1:3] == ['30', str(content['easy']['joints'])]


def test_other_rules_are_refused(report, tmp_path, capsys):
    settings = {'criterion': 'bbox', 'dist_thr': 0.1}
    other = one_of(report, tmp_path, 'hard', settings=settings)
    assert main([f'A={report}', f'B={other}']) == 2
    message = capsys.readouterr().err
    assert 'B: bbox, dist_thr 0.1' in message
    assert message.count('\n') == 1


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('{"a": {"settings": {}}}', 'expected a report.json of eval_trust'),
        ('[]', 'expected a report.json of eval_trust'),
        ('{}', 'expected a report.json of eval_trust'),
        ('{', 'expected JSON'),
    ],
)
def test_no_report(tmp_path, capsys, text, expected):
    path = tmp_path / 'report.json'
    path.write_text(text)
    assert main([f'A={path}']) == 2
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize('argument', ['report.json', '=report.json', 'A='])
def test_an_argument_without_title_or_file(argument, capsys):
    assert main([argument]) == 2
    assert 'expected TITLE=REPORT.json' in capsys.readouterr().err
