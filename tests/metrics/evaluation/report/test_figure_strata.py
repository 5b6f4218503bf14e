import math

import pytest

from self_verify_pose.metrics.evaluation.report.figure_strata import (
    draw_joints,
    draw_parts,
)


@pytest.mark.parametrize('draw', [draw_joints, draw_parts])
def test_bars_end_at_the_auroc_and_nothing_is_cut_off(report, draw):
    figure = draw(report)
    shown = (
        ['joint'] if draw is draw_joints else ['size', 'visibility', 'kind']
    )
    for axes, stratification in zip(figure.axes, shown, strict=True):
        strata = report.strata[stratification]
        start, stop = axes.get_xlim()
        groups = axes.containers[1::2]  # between error bars
        for bars, name in zip(groups, report.score_names, strict=True):
            for bar, stratum in zip(bars, strata.values(), strict=True):
                estimate = stratum.auroc[name]
                if math.isnan(estimate.value):
                    continue
                end = bar.get_x() + bar.get_width()
                assert end == pytest.approx(estimate.value)
                assert start <= estimate.value <= stop
                if not math.isnan(estimate.low):
                    assert start <= estimate.low


def test_one_class_has_no_bars(all_wrong):
    assert draw_joints(all_wrong) is None
    assert draw_parts(all_wrong) is None
