"""Bars of a report: AUROC by stratum."""

from collections.abc import Iterable
from math import isnan

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..evaluation_input import Floats
from ..statistics.evaluate import Estimate
from ..statistics.strata import Stratum
from .evaluation_report import NUM_BARS, EvaluationReport
from .labels import select_scores, style_of


def draw_joints(report: EvaluationReport) -> Figure | None:
    """Draw the AUROC of a few scores by joint.

    Args:
        report: Results for one file of predictions.

    Returns:
        The figure; None if all joints are correct or all are wrong.

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> axes = draw_joints(report).axes[0]
        >>> [label.get_text() for label in axes.get_yticklabels()]
        ['shoulder (25%)', 'wrist (25%)']
    """
    return _bars(report, ['joint'])


def draw_parts(report: EvaluationReport) -> Figure | None:
    """Draw the AUROC by person size, visibility and kind of error.

    Args:
        report: Results for one file of predictions.

    Returns:
        The figure; None if all joints are correct or all are wrong.

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> [axes.get_title(loc='left') for axes in draw_parts(report).axes]
        ['longer side of the box (share of wrong joints)']
    """
    return _bars(report, ['size', 'visibility', 'kind'])


def _bars(
    report: EvaluationReport, stratifications: Iterable[str]
) -> Figure | None:
    """Draw horizontal bars of AUROC, one group per stratum."""
    shown = {
        name: report.strata[name]
        for name in stratifications
        if name in report.strata
    }
    if report.one_class or not shown:
        return None
    names = select_scores(report.evaluation, NUM_BARS, 'AURC')
    heights = [len(strata) for strata in shown.values()]
    figure = Figure(
        (6.2, 1.5 + 0.13 * (len(names) + 1) * sum(heights) + 0.5 * len(shown)),
        layout='constrained',
    )
    grid = figure.subplots(
        len(shown), 1, squeeze=False, sharex=True, height_ratios=heights
    )
    for axes, (name, strata) in zip(grid[:, 0], shown.items(), strict=True):
        _draw_bar_panel(axes, report, names, strata)
        axes.set_title(_BAR_TITLES[name], size=10.5, loc='left')
    # the panels share this axis
    grid[-1, 0].set_xlim(_axis_start(shown.values(), names), 1)
    grid[-1, 0].set_xlabel('AUROC (0.5: chance)')
    legend = grid[0, 0].get_legend_handles_labels()
    figure.legend(*legend, loc='outside lower center', ncols=3, frameon=False)
    return figure


_BAR_TITLES = {
    'joint': 'joint (share of wrong joints)',
    'size': 'longer side of the box (share of wrong joints)',
    'visibility': 'label of the joint (share of wrong joints)',
    'kind': 'kind of error (wrong joints), against all correct joints',
}


def _draw_bar_panel(
    axes: Axes,
    report: EvaluationReport,
    names: list[str],
    strata: dict[str, Stratum],
) -> None:
    height = 0.8 / len(names)
    positions = np.arange(len(strata))
    for k, name in enumerate(names):
        style = style_of(name, report.score_names)
        estimates = [s.auroc[name] for s in strata.values()]
        values = np.array([e.value for e in estimates])
        axes.barh(
            positions + (k - (len(names) - 1) / 2) * height,
            values - 0.5,
            height,
            left=0.5,
            xerr=_error_bars(estimates),
            color=style.color,
            hatch=(None, '////', '....')[k % 3],
            edgecolor='white',
            error_kw={'linewidth': 1, 'ecolor': '0.2'},
            label=style.label,
        )
    axes.axvline(0.5, color='0.3', linewidth=1)
    axes.set_ylim(len(strata) - 0.5, -0.5)
    axes.set_yticks(positions, [_row_label(*item) for item in strata.items()])
    axes.grid(visible=False, axis='y')


def _error_bars(estimates: list[Estimate]) -> Floats:
    reach = [
        (e.value - e.low, e.high - e.value) if not isnan(e.low) else (0.0, 0.0)
        for e in estimates
    ]
    return np.maximum(np.nan_to_num(np.array(reach).T), 0)


def _axis_start(
    groups: Iterable[dict[str, Stratum]], names: list[str]
) -> float:
    """Largest tenth below all values and intervals, at most 0.5."""
    values = [
        value
        for strata in groups
        for stratum in strata.values()
        for name in names
        for value in (stratum.auroc[name].value, stratum.auroc[name].low)
        if not isnan(value)
    ]
    return min(0.5, float(np.floor(min(values, default=0.5) * 10) / 10))


def _row_label(name: str, stratum: Stratum) -> str:
    name = name.replace('_', ' ')
    if not stratum.aurc:
        return f'{name} ({stratum.num_wrong:,})'
    return f'{name} ({stratum.num_wrong / stratum.num_joints:.0%})'
