"""Curves of a report: ROC, precision and recall, risk and coverage."""

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

# enough for the eye, and files stay small
_POINTS = 400


def draw_roc(judged: EvaluationReport) -> Figure | None:
    """Share of wrong joints found against share of right joints flagged."""
    if judged.one_class:
        return None
    figure, axes = _panel()
    for name in judged.names:
        flagged, found, _ = roc_curve(~judged.correct, -judged.scores[name])
        area = judged.evaluation.scorers[name]['AUROC'].value
        _curve(axes, judged, name, flagged, found, f'AUROC {area:.3f}')
    axes.plot([0, 1], [0, 1], color='0.5', linewidth=1, label='chance')
    axes.set(
        xlabel='right joints flagged as errors',
        ylabel='wrong joints found',
    )
    return _with_legend(figure, axes)


def draw_precision_recall(judged: EvaluationReport) -> Figure | None:
    """Precision of finding wrong joints against the share found."""
    if judged.one_class:
        return None
    figure, axes = _panel()
    for name in judged.names:
        precision, recall, _ = precision_recall_curve(
            ~judged.correct, -judged.scores[name]
        )
        area = judged.evaluation.scorers[name]['AUPR_error'].value
        _curve(
            axes,
            judged,
            name,
            recall[-2::-1],
            precision[-2::-1],
            f'AUPR {area:.3f}',
        )
    rate = judged.evaluation.error_rate.value
    axes.axhline(rate, color='0.5', linewidth=1, label=f'chance {rate:.3f}')
    axes.set(
        xlabel='wrong joints found (recall)',
        ylabel='flagged joints that are wrong (precision)',
        ylim=(0, 1.02),
    )
    return _with_legend(figure, axes)


def draw_risk_coverage(judged: EvaluationReport) -> Figure:
    """Share of wrong joints among the kept ones against the share kept."""
    figure, axes = _panel()
    wrong = (~judged.correct).astype(float)
    for name in judged.names:
        curve = risk_coverage_curve(judged.scores[name], wrong)
        area = judged.evaluation.scorers[name]['AURC'].value
        _curve(
            axes,
            judged,
            name,
            curve.coverage,
            curve.selective_risk,
            f'AURC {area:.3f}',
        )
    oracle = risk_coverage_curve(-wrong, wrong)
    x, y = _thin(oracle.coverage, oracle.selective_risk)
    axes.plot(
        x, y, color='black', linewidth=1,
        label=f'oracle (AURC {oracle.selective_risk.mean():.3f})',
    )  # fmt: skip
    axes.axhline(
        wrong.mean(),
        color='0.5',
        linewidth=1,
        label=f'random (AURC {wrong.mean():.3f})',
    )
    axes.set(
        xlabel='joints kept, surest first (coverage)',
        ylabel='kept joints that are wrong (risk)',
    )
    # the first few joints make a curve jump: no reason to show their range
    axes.set_ylim(0, min(1, 1.5 * wrong.mean()) or 1)
    return _with_legend(figure, axes)


def _panel() -> tuple[Figure, Axes]:
    figure = Figure((5.4, 5.6), layout='constrained')
    axes = figure.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    return figure, axes


def _curve(
    axes: Axes,
    judged: EvaluationReport,
    name: str,
    x: Floats,
    y: Floats,
    area: str,
) -> None:
    style = style_of(name, judged.names)
    axes.plot(
        *_thin(x, y),
        color=style.color,
        linestyle=style.line,
        linewidth=2.4 if name == TRUST else 1.7,
        label=f'{style.label} ({area})',
    )


def _thin(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Keep points of a curve that are evenly spread along x and y."""
    if len(x) <= _POINTS:
        return x, y
    length = np.append(0, np.cumsum(np.hypot(np.diff(x), np.diff(y))))
    wanted = np.linspace(0, length[-1], _POINTS)
    keep = np.unique(np.searchsorted(length, wanted).clip(0, len(x) - 1))
    return x[keep], y[keep]


def _with_legend(figure: Figure, axes: Axes) -> Figure:
    many = len(axes.get_lines()) > 5
    figure.legend(
        loc='outside lower center',
        ncols=2 if many else 1,
        frameon=False,
        fontsize=9 if many else 10,
    )
    return figure
