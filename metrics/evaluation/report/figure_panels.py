"""Panels of a report, one per score: reliability and histograms."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from ....constants import NUM_BINS
from ...functional import equal_width_edges, reliability_bins
from ..evaluation_input import Floats, Mask
from .evaluation_report import EvaluationReport
from .labels import label_of, select_scores, style_of
from .panel_grid import panel_grid

CORRECT, WRONG = '#0072B2', '#D55E00'
NUM_PANELS = 4


def draw_reliability(report: EvaluationReport) -> Figure:
    """Draw reliability diagrams of a few scores, with the bin counts.

    Args:
        report: Results for one file of predictions.

    Returns:
        The figure.

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> [axes.get_title() for axes in draw_reliability(report).axes[:2]]
        ['trust (ECE 0.200)', 'raw score (ECE 0.300)']
    """
    names = select_scores(report.evaluation, NUM_PANELS, 'Brier')
    figure, grid = panel_grid(
        len(names), (3.4, 4.1), heights=(3, 1), sharex=True
    )
    cells = grid.reshape(-1, 2)
    for (upper, lower), name in zip(cells, names, strict=False):
        _draw_reliability_panel(upper, lower, report, name)
    for upper, lower in grid[:, 0]:
        upper.set_ylabel('share of correct joints')
        lower.set_ylabel('joints')
    return figure


def _draw_reliability_panel(
    upper: Axes, lower: Axes, report: EvaluationReport, name: str
) -> None:
    """Draw accuracy over score above the counts of the bins."""
    edges = equal_width_edges(NUM_BINS)
    bins = reliability_bins(
        np.clip(report.scores[name], 0, 1), report.correct, edges
    )
    style = style_of(name, report.score_names)
    error = report.evaluation.scorers[name]['ECE'].value
    upper.set(xlim=(0, 1), ylim=(0, 1.02))
    upper.set_title(f'{style.label} (ECE {error:.3f})', size=10.5)
    upper.plot([0, 1], [0, 1], color='0.5', linewidth=1)
    filled = bins.count > 0
    upper.plot(
        bins.mean_score[filled],
        bins.accuracy[filled],
        'o-',
        color=style.color,
        markersize=4.5,
        clip_on=False,
    )
    lower.set_xlabel('score')
    lower.yaxis.set_major_locator(MaxNLocator(2))
    lower.yaxis.set_major_formatter(StrMethodFormatter('{x:,.0f}'))
    lower.bar(
        edges[:-1],
        bins.count,
        np.diff(edges),
        align='edge',
        color=style.color,
        edgecolor='white',
    )
    lower.tick_params(labelbottom=True)


def draw_histogram(report: EvaluationReport) -> Figure:
    """Draw histograms of the scores of correct and of wrong joints.

    Args:
        report: Results for one file of predictions.

    Returns:
        The figure.

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> [axes.get_title() for axes in draw_histogram(report).axes]
        ['trust', 'raw score']
    """
    names = select_scores(report.evaluation, NUM_PANELS, 'Brier')
    figure, grid = panel_grid(len(names), (3.4, 2.7), (0, 0.4))
    panels = grid.ravel()[: len(names)]
    for axes, name in zip(panels, names, strict=True):
        _draw_histogram_panel(axes, report.scores[name], report.correct)
        axes.set_title(label_of(name), size=10.5)
    for axes in panels[-grid.shape[1] :]:
        axes.set_xlabel('score')
    for axes in grid[:, 0].flat:
        axes.set_ylabel('share of all joints')
    legend = panels[0].get_legend_handles_labels()
    figure.legend(*legend, loc='outside upper center', ncols=2)
    return figure


def _draw_histogram_panel(axes: Axes, scores: Floats, correct: Mask) -> None:
    edges = np.linspace(min(0, scores.min()), max(1, scores.max()), 31)
    for part, color, hatch, label in (
        (correct, CORRECT, None, 'correct joints'),
        (~correct, WRONG, '////', 'wrong joints'),
    ):
        axes.hist(
            scores[part],
            weights=np.full(part.sum(), 1 / part.size),
            bins=edges.tolist(),
            histtype='stepfilled',
            alpha=0.55,
            color=color,
            edgecolor=color,
            hatch=hatch,
            label=label,
        )
    axes.yaxis.set_major_formatter(lambda v, _: f'{100 * v:.3g} %')
