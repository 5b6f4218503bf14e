import numpy as np
import pytest
from sklearn.metrics import auc

from self_verify_pose.metrics.evaluation.report.figure_curves import (
    draw_precision_recall,
    draw_risk_coverage,
    draw_roc,
)


def step_area(x, y):
    """Average precision and AURC are sums of steps."""
    return np.diff(x, prepend=0) @ y


@pytest.mark.parametrize(
    ('draw', 'metric', 'area'),
    [
        (draw_roc, 'AUROC', auc),
        (draw_precision_recall, 'AUPR_error', step_area),
        (draw_risk_coverage, 'AURC', step_area),
    ],
)
def test_the_area_below_a_curve_is_its_metric(report, draw, metric, area):
    (axes,) = draw(report).axes
    lines = axes.get_lines()
    for line, name in zip(lines, report.score_names, strict=False):
        value = report.evaluation.scorers[name][metric].value
        x, y = line.get_data()
        assert len(x) <= 400
        assert area(x, y) == pytest.approx(value, abs=2e-3)
        assert f'{value:.3f}' in line.get_label()


def test_risk_ends_at_the_error_rate_and_the_oracle_is_lowest(report):
    (axes,) = draw_risk_coverage(report).axes
    rate = 1 - report.correct.mean()
    *scores, oracle, random = axes.get_lines()
    for line in (*scores, oracle):
        assert line.get_ydata()[-1] == pytest.approx(rate)
    assert random.get_ydata()[0] == pytest.approx(rate)
    x, y = oracle.get_data()
    assert (y[x < 1 - rate] == 0).all()
    assert all(np.mean(line.get_ydata()) > np.mean(y) for line in scores)


def test_one_class_has_no_curve_of_detection(all_wrong):
    assert draw_roc(all_wrong) is None
    assert draw_precision_recall(all_wrong) is None
