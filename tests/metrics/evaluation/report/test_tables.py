import numpy as np

from self_verify_pose.metrics.evaluation.report.tables import (
    base_rate,
    difference_table,
    format_difference,
    format_estimate,
    is_significant,
    scorer_table,
)
from self_verify_pose.metrics.evaluation.statistics.evaluate import (
    METRICS,
    Estimate,
)


def test_table_cells():
    assert (
        format_estimate(Estimate(0.12345, 0.1, 0.2)) == '0.123 [0.100, 0.200]'
    )
    assert format_estimate(Estimate(0.5, np.nan, np.nan)) == '0.500'
    assert format_estimate(Estimate(np.nan, np.nan, np.nan)) == '–'
    assert (
        format_difference(Estimate(-0.01, -0.02, 0.0))
        == '-0.010 [-0.020, +0.000]'
    )
    assert format_difference(Estimate(np.nan, np.nan, np.nan)) == '–'


def test_the_table_has_a_row_per_score_and_a_column_per_metric(report):
    lines = scorer_table(report.evaluation).splitlines()
    assert len(lines) == 2 + len(report.score_names)
    assert lines[2].startswith('| trust | ')
    assert all(line.count('|') == len(METRICS) + 2 for line in lines)
    figures = report.evaluation.scorers['keypoint_trust']
    cells = [cell.strip() for cell in lines[2].split('|')[2:-1]]
    assert cells == [format_estimate(e) for e in figures.values()]


def test_differences_that_leave_out_zero_are_bold(report):
    row = difference_table(report.evaluation).splitlines()[2]
    cells = [cell.strip() for cell in row.split('|')[2:-1]]
    figures = report.evaluation.differences['keypoint_trust'].values()
    for cell, estimate in zip(cells, figures, strict=True):
        excludes_zero = estimate.low > 0 or estimate.high < 0
        assert is_significant(estimate) == excludes_zero
        assert cell.startswith('**') == excludes_zero


def test_a_difference_without_interval_is_not_significant():
    assert not is_significant(Estimate(0.5, np.nan, np.nan))


def test_the_base_rate_counts_joints_and_images(report):
    labeled = report.predictions.truth.labeled
    text = base_rate(report.evaluation)
    assert text.startswith(f'{labeled.sum()} labeled joints of 40 persons')
    assert f'{1 - report.correct.mean():.3f} [' in text
