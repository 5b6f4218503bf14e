import json

from evaluation_inputs import make_joints

from self_verify_pose.metrics.evaluation.report import write
from self_verify_pose.metrics.evaluation.report.evaluation_report import (
    EvalConfig,
    evaluate_predictions,
)
from self_verify_pose.metrics.evaluation.report.page_data import page_data
from self_verify_pose.metrics.evaluation.report.write import as_json


def test_json_holds_every_figure(report, written):
    content = json.loads((written / 'report.json').read_text())
    assert set(content) == {'one', 'wrong'}
    one = content['one']
    assert one['settings']['dist_thr'] == 0.05
    for name, figures in report.evaluation.scorers.items():
        for metric, estimate in figures.items():
            assert one['scores'][name][metric] == estimate._asdict()
    wrist = report.strata['joint']['left_wrist']
    entry = one['strata']['joint']['left_wrist']
    assert entry['joints'] == wrist.num_joints
    value = wrist.auroc['keypoint_trust'].value
    assert entry['AUROC']['keypoint_trust']['value'] == value


def test_nan_becomes_null():
    report = evaluate_predictions(
        make_joints(shift=0.0), EvalConfig(n_bootstrap=5)
    )
    text = json.dumps(as_json(report), allow_nan=False)
    figures = json.loads(text)['scores']['keypoint_trust']
    assert figures['AUROC'] == {'value': None, 'low': None, 'high': None}
    assert figures['AURC']['value'] == 0


def test_the_page_is_written_on_demand(report, tmp_path, monkeypatch):
    monkeypatch.setattr(write, 'draw_figures', lambda *arguments: [])
    monkeypatch.setattr(write, 'format_report', lambda *arguments: '')
    pages = {'one': page_data(report)}
    write.write_report({'one': report}, tmp_path, pages)
    assert 'id="data"' in (tmp_path / 'report.html').read_text('utf-8')
    # a page of an older report does not stay beside new figures
    write.write_report({'one': report}, tmp_path)
    assert not (tmp_path / 'report.html').exists()
    assert (tmp_path / 'report.json').exists()
