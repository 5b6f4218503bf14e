import json
import re

import numpy as np
import pytest
from evaluation_inputs import make_joints
from matplotlib.image import imread

from self_verify_pose.metrics.evaluation.report.evaluation_report import (
    EvalConfig,
    judge,
)
from self_verify_pose.metrics.evaluation.report.figures import (
    FIGURES,
    draw_figures,
)
from self_verify_pose.metrics.evaluation.report.tables import (
    difference_table,
    scorer_table,
    signed,
    with_interval,
)
from self_verify_pose.metrics.evaluation.report.write import (
    as_json,
    write_report,
)
from self_verify_pose.metrics.evaluation.statistics.evaluate import (
    METRICS,
    Estimate,
)


@pytest.fixture(scope='module')
def judged():
    return judge(make_joints(persons=40), EvalConfig(n_bootstrap=20))


@pytest.fixture(scope='module')
def written(judged, tmp_path_factory):
    folder = tmp_path_factory.mktemp('report') / 'new' / 'report'
    wrong = judge(make_joints(shift=0.2), EvalConfig(n_bootstrap=5))
    write_report({'one': judged, 'wrong': wrong}, folder)
    return folder


def test_json_holds_every_figure(judged, written):
    content = json.loads((written / 'report.json').read_text())
    assert set(content) == {'one', 'wrong'}
    found = content['one']
    assert found['settings']['dist_thr'] == 0.05
    for name, figures in judged.evaluation.scorers.items():
        for metric, estimate in figures.items():
            assert found['scores'][name][metric] == estimate._asdict()
    wrist = judged.strata['joint']['left_wrist']
    entry = found['strata']['joint']['left_wrist']
    assert entry['joints'] == wrist.num_joints
    value = wrist.auroc['keypoint_trust'].value
    assert entry['AUROC']['keypoint_trust']['value'] == value


def test_nan_becomes_null():
    judged = judge(make_joints(shift=0.0), EvalConfig(n_bootstrap=5))
    text = json.dumps(as_json(judged), allow_nan=False)
    figures = json.loads(text)['scores']['keypoint_trust']
    assert figures['AUROC'] == {'value': None, 'low': None, 'high': None}
    assert figures['AURC']['value'] == 0


def test_every_figure_is_written_and_shown(written):
    text = (written / 'report.md').read_text()
    shown = re.findall(r'!\[.+?\]\((.+?)\)', text)
    assert len(shown) == len(set(shown)) == len(FIGURES) + 3
    for name in shown:
        image = imread(written / name)
        assert min(image.shape[:2]) > 300
        # not empty, and with a margin on every side
        assert image.std() > 0.05
        border = [image[0], image[-1], image[:, 0], image[:, -1]]
        assert all((edge == 1).all() for edge in border)
        svg = (written / name).with_suffix('.svg').read_text()
        assert '<svg' in svg
        assert len(svg) < 300_000


def test_the_report_says_what_was_judged(judged, written):
    text = (written / 'report.md').read_text()
    assert 'off by at most 0.05 of the longer side' in text
    assert '## Overview' in text
    assert scorer_table(judged.evaluation) in text
    assert difference_table(judged.evaluation) in text
    for title in ('joint', 'person size', 'label', 'kind of error'):
        assert f'### By {title}' in text
    assert '**better**' in text
    trust = judged.strata['joint']
    values = {n: s.auroc['keypoint_trust'].value for n, s in trust.items()}
    assert (
        with_interval(
            trust[min(values, key=values.get)].auroc['keypoint_trust']
        )
        in text
    )


def test_one_class_leaves_out_figures_that_need_two(written):
    drawn = {p.stem for p in (written / 'figures').glob('wrong_*.png')}
    assert drawn == {
        'wrong_risk_coverage',
        'wrong_reliability',
        'wrong_histogram',
    }
    assert (
        'AUROC and AUPR_error are NaN' in (written / 'report.md').read_text()
    )


def test_the_same_input_gives_the_same_figures(
    judged, written, tmp_path, monkeypatch
):
    chosen = ('roc', 'parts')  # one of curves, one of panels
    for name in set(FIGURES) - set(chosen):
        monkeypatch.delitem(FIGURES, name)
    draw_figures(judged, tmp_path, 'one')
    drawn = sorted(tmp_path.iterdir())
    assert len(drawn) == 2 * len(chosen)
    for path in drawn:
        other = written / 'figures' / path.name
        assert path.read_bytes() == other.read_bytes(), path.name


def test_criterion_is_passed_on():
    joints = make_joints(persons=20)
    judged = judge(joints, EvalConfig(criterion='oks', n_bootstrap=0))
    labeled = joints.truth.labeled
    expected = (joints.similarity >= 0.5)[labeled]
    np.testing.assert_array_equal(judged.correct, expected)
    assert judged.evaluation.error_rate.value == pytest.approx(
        1 - expected.mean()
    )
    assert 'at least 0.5' in judged.settings.rule


def test_table_cells():
    assert with_interval(Estimate(0.12345, 0.1, 0.2)) == '0.123 [0.100, 0.200]'
    assert with_interval(Estimate(0.5, np.nan, np.nan)) == '0.500'
    assert with_interval(Estimate(np.nan, np.nan, np.nan)) == '–'
    assert signed(Estimate(-0.01, -0.02, 0.0)) == '-0.010 [-0.020, +0.000]'
    assert signed(Estimate(np.nan, np.nan, np.nan)) == '–'


def test_the_table_has_a_row_per_score_and_a_column_per_metric(judged):
    lines = scorer_table(judged.evaluation).splitlines()
    assert len(lines) == 2 + len(judged.names)
    assert lines[2].startswith('| trust | ')
    assert all(line.count('|') == len(METRICS) + 2 for line in lines)
    figures = judged.evaluation.scorers['keypoint_trust']
    cells = [cell.strip() for cell in lines[2].split('|')[2:-1]]
    assert cells == [with_interval(e) for e in figures.values()]


def test_differences_that_leave_out_zero_are_bold(judged):
    row = difference_table(judged.evaluation).splitlines()[2]
    cells = [cell.strip() for cell in row.split('|')[2:-1]]
    figures = judged.evaluation.differences['keypoint_trust'].values()
    for cell, estimate in zip(cells, figures, strict=True):
        clear = estimate.low > 0 or estimate.high < 0
        assert cell.startswith('**') == clear
