"""Curves of a report: ROC, precision-recall and risk-coverage."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from sklearn.metrics import precision_recall_curve, roc_curve

from ....constants import TRUST
from ...functional import risk_coverage_curve
from ..evaluation_input import Floats
from .evaluation_report import EvaluationReport
from .labels import style_of

_NUM_POINTS = 400  # of a curve; keeps SVG files small


def draw_roc(report: EvaluationReport) -> Figure | None:
    """Draw the ROC curve of the detection of wrong joints by a low score.

    Args:
        report: Results for one file of predictions.

    Returns:
        The figure; None if all joints are correct or all are wrong.
    """
    if report.one_class:
        return None
    figure, axes = _new_axes()
    for name in report.score_names:
        x, y, _ = roc_curve(~report.correct, -report.scores[name])
        _add_curve(axes, report, name, 'AUROC', x, y)
    axes.plot([0, 1], [0, 1], color='0.5', linewidth=1, label='chance')
    axes.set(
        xlabel='correct joints flagged as wrong (false positives)',
        ylabel='wrong joints detected (true positives)',
    )
    return _add_legend(figure, axes)


def draw_precision_recall(report: EvaluationReport) -> Figure | None:
    """Draw precision and recall of the detection of wrong joints.

    Args:
        report: Results for one file of predictions.

    Returns:
        The figure; None if all joints are correct or all are wrong.
    """
    if report.one_class:
        return None
    figure, axes = _new_axes()
    for name in report.score_names:
        precision, recall, _ = precision_recall_curve(
            ~report.correct, -report.scores[name]
        )
        x, y = recall[-2::-1], precision[-2::-1]
        _add_curve(axes, report, name, 'AUPR_error', x, y)
    rate = report.evaluation.error_rate.value
    axes.axhline(rate, color='0.5', linewidth=1, label=f'chance {rate:.3f}')
    axes.set(
        xlabel='wrong joints detected (recall)',
        ylabel='flagged joints that are wrong (precision)',
        ylim=(0, 1.02),
    )
    return _add_legend(figure, axes)


def draw_risk_coverage(report: EvaluationReport) -> Figure:
    """Draw the share of wrong joints among those kept over the share kept.

    Args:
        report: Results for one file of predictions.

    Returns:
        The figure.
    """
    figure, axes = _new_axes()
    wrong = (~report.correct).astype(float)
    for name in report.score_names:
        curve = risk_coverage_curve(report.scores[name], wrong)
        x, y = curve.coverage, curve.selective_risk
        _add_curve(axes, report, name, 'AURC', x, y)
    oracle = risk_coverage_curve(-wrong, wrong)
    x, y = _thin(oracle.coverage, oracle.selective_risk)
    axes.plot(
        x,
        y,
        color='black',
        linewidth=1,
        label=f'oracle (AURC {oracle.selective_risk.mean():.3f})',
    )
    axes.axhline(
        wrong.mean(),
        color='0.5',
        linewidth=1,
        label=f'random (AURC {wrong.mean():.3f})',
    )
    axes.set(
        xlabel='joints kept, highest scores first (coverage)',
        ylabel='kept joints that are wrong (risk)',
    )
    # the risk of the first few joints is noisy and would set the range
    axes.set_ylim(0, min(1, 1.5 * wrong.mean()) or 1)
    return _add_legend(figure, axes)


def _new_axes() -> tuple[Figure, Axes]:
    figure = Figure((5.4, 5.6), layout='constrained')
    axes = figure.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    return figure, axes


def _add_curve(
    axes: Axes,
    report: EvaluationReport,
    name: str,
    metric: str,
    x: Floats,
    y: Floats,
) -> None:
    style = style_of(name, report.score_names)
    area = report.evaluation.scorers[name][metric].value
    title = metric.removesuffix('_error')
    axes.plot(
        *_thin(x, y),
        color=style.color,
        linestyle=style.line,
        linewidth=2.4 if name == TRUST else 1.7,
        label=f'{style.label} ({title} {area:.3f})',
    )


def _thin(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Keep points of a curve that are evenly spaced along its length."""
    if len(x) <= _NUM_POINTS:
        return x, y
    length = np.append(0, np.cumsum(np.hypot(np.diff(x), np.diff(y))))
    spaced = np.linspace(0, length[-1], _NUM_POINTS)
    keep = np.unique(np.searchsorted(length, spaced).clip(0, len(x) - 1))
    return x[keep], y[keep]


def _add_legend(figure: Figure, axes: Axes) -> Figure:
    many = len(axes.get_lines()) > 5
    figure.legend(
        loc='outside lower center',
        ncols=2 if many else 1,
        frameon=False,
        fontsize=9 if many else 10,
    )
    return figure
