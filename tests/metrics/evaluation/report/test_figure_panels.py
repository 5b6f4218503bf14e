import numpy as np
import pytest

from self_verify_pose.metrics.evaluation.report.figure_panels import (
    draw_histogram,
    draw_reliability,
)


def test_reliability_shows_accuracy_and_counts_of_bins(report):
    panels = [a for a in draw_reliability(report).axes if a.get_visible()]
    upper = [axes for axes in panels if axes.get_title()]
    lower = [axes for axes in panels if not axes.get_title()]
    assert len(upper) == len(lower) == 2
    for one, other, name in zip(upper, lower, report.score_names, strict=True):
        counts = np.array([bar.get_height() for bar in other.patches])
        assert counts.sum() == report.correct.size
        accuracy = one.lines[1].get_ydata()
        assert accuracy @ counts[counts > 0] == pytest.approx(
            report.correct.sum()
        )
        error = report.evaluation.scorers[name]['ECE'].value
        assert f'(ECE {error:.3f})' in one.get_title()


def test_histograms_share_out_all_joints(report):
    figure = draw_histogram(report)
    for axes in figure.axes:
        correct, wrong = axes.patches
        areas = []
        for patch in (correct, wrong):
            x, y = patch.get_xy().T
            area = np.abs(np.sum(x * np.roll(y, 1) - y * np.roll(x, 1))) / 2
            areas.append(area * 30 / np.ptp(x))
        assert areas[0] == pytest.approx(report.correct.mean())
        assert sum(areas) == pytest.approx(1)
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ['correct joints', 'wrong joints']
