"""Curves of a report: ROC, precision-recall and risk-coverage."""

from collections.abc import Callable

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

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> draw_roc(report).axes[0].get_xlabel()
        'correct joints flagged as wrong (false positives)'
    """
    if report.one_class:
        return None
    figure, axes = _draw_curves(
        report, 'AUROC', lambda scores: roc_curve(~report.correct, -scores)[:2]
    )
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

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> draw_precision_recall(report).axes[0].get_ylabel()
        'flagged joints that are wrong (precision)'
    """
    if report.one_class:
        return None

    def curve(scores: Floats) -> tuple[Floats, Floats]:
        precision, recall, _ = precision_recall_curve(~report.correct, -scores)
        return recall[-2::-1], precision[-2::-1]

    figure, axes = _draw_curves(report, 'AUPR_error', curve)
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

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> for line in draw_risk_coverage(report).axes[0].lines:
        ...     print(line.get_label())
        trust (AURC 0.049)
        raw score (AURC 0.070)
        oracle (AURC 0.049)
        random (AURC 0.250)
    """
    wrong = (~report.correct).astype(float)
    figure, axes = _draw_curves(
        report, 'AURC', lambda scores: risk_coverage_curve(scores, wrong)[:2]
    )
    oracle = risk_coverage_curve(-wrong, wrong)
    x, y = thin_curve(oracle.coverage, oracle.selective_risk)
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


def _draw_curves(
    report: EvaluationReport,
    metric: str,
    curve: Callable[[Floats], tuple[Floats, Floats]],
) -> tuple[Figure, Axes]:
    """Draw the curve of each score, with its area in the legend."""
    figure = Figure((5.4, 5.6), layout='constrained')
    axes = figure.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    title = metric.removesuffix('_error')
    for name in report.score_names:
        style = style_of(name, report.score_names)
        area = report.evaluation.scorers[name][metric].value
        axes.plot(
            *thin_curve(*curve(report.scores[name])),
            color=style.color,
            linestyle=style.line,
            linewidth=2.4 if name == TRUST else 1.7,
            label=f'{style.label} ({title} {area:.3f})',
        )
    return figure, axes


def thin_curve(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Keep points of a curve that are evenly spaced along its length.

    Args:
        x: ``(N,)`` coordinates.
        y: ``(N,)`` coordinates.

    Returns:
        Coordinates of the points that are kept, the first and last among them.

    Example:
        >>> x, y = thin_curve(np.linspace(0, 1, 10_000), np.zeros(10_000))
        >>> len(x), x[[0, -1]]
        (400, array([0., 1.]))
    """
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
