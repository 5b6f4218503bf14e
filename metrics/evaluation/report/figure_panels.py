"""Panels and bars of a report: reliability, histograms, strata."""

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from ....constants import NUM_BINS
from ...functional import equal_width_edges, reliability_bins
from ..evaluation_input import Floats
from ..statistics.evaluate import Estimate
from ..statistics.strata import Stratum
from .evaluation_report import BARS, EvaluationReport
from .labels import label_of, most_telling, style_of

RIGHT, WRONG = '#0072B2', '#D55E00'
PANELS = 4


def draw_reliability(judged: EvaluationReport) -> Figure:
    """Share of right joints against the score, with the bin counts."""
    names = most_telling(judged.evaluation, PANELS, 'Brier')
    columns = min(2, len(names))
    rows = -(-len(names) // columns)
    figure = Figure((3.4 * columns, 4.1 * rows), layout='constrained')
    grid = figure.subplots(
        2 * rows,
        columns,
        squeeze=False,
        sharex=True,
        height_ratios=[3, 1] * rows,
    )
    edges = equal_width_edges(NUM_BINS)
    for axes in grid.flat:
        axes.set_visible(False)
    for k, name in enumerate(names):
        row, column = divmod(k, columns)
        upper, lower = grid[2 * row, column], grid[2 * row + 1, column]
        bins = reliability_bins(
            np.clip(judged.scores[name], 0, 1), judged.correct, edges
        )
        style = style_of(name, judged.names)
        error = judged.evaluation.scorers[name]['ECE'].value
        upper.set(
            visible=True,
            title=f'{style.label} (ECE {error:.3f})',
            ylim=(0, 1.02),
            xlim=(0, 1),
        )
        upper.title.set_size(10.5)
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
        lower.set(visible=True, xlabel='score')
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
        if column == 0:
            upper.set_ylabel('share of right joints')
            lower.set_ylabel('joints')
    return figure


def draw_histogram(judged: EvaluationReport) -> Figure:
    """How the scores of right and of wrong joints are spread."""
    names = most_telling(judged.evaluation, PANELS, 'Brier')
    columns = min(2, len(names))
    rows = -(-len(names) // columns)
    figure = Figure((3.4 * columns, 2.7 * rows + 0.4), layout='constrained')
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat[len(names) :]:
        axes.set_visible(False)
    share = np.full(judged.correct.size, 1 / judged.correct.size)
    handles = []
    for k, (axes, name) in enumerate(zip(grid.flat, names, strict=False)):
        values = judged.scores[name]
        edges = np.linspace(min(0, values.min()), max(1, values.max()), 31)
        options = {'bins': edges, 'histtype': 'stepfilled', 'alpha': 0.55}
        handles = [
            axes.hist(
                values[part],
                weights=share[part],
                color=color,
                edgecolor=color,
                hatch=hatch,
                label=label,
                **options,
            )[2][0]
            for part, color, hatch, label in (
                (judged.correct, RIGHT, None, 'right joints'),
                (~judged.correct, WRONG, '////', 'wrong joints'),
            )
        ]
        axes.set_title(label_of(name), size=10.5)
        axes.yaxis.set_major_formatter(lambda v, _: f'{100 * v:.3g} %')
        if k >= len(names) - columns:
            axes.set_xlabel('score')
        if k % columns == 0:
            axes.set_ylabel('share of all joints')
    figure.legend(handles=handles, loc='outside upper center', ncols=2)
    return figure


def draw_joints(judged: EvaluationReport) -> Figure | None:
    """AUROC of each joint."""
    return _bars(judged, ['joint'])


def draw_parts(judged: EvaluationReport) -> Figure | None:
    """AUROC by person size, visibility and kind of error."""
    return _bars(judged, ['size', 'visibility', 'kind'])


def _bars(
    judged: EvaluationReport, stratifications: Iterable[str]
) -> Figure | None:
    """Horizontal bars of AUROC, one group per stratum."""
    shown = {
        d: judged.strata[d] for d in stratifications if d in judged.strata
    }
    if judged.one_class or not shown:
        return None
    names = most_telling(judged.evaluation, BARS, 'AURC')
    heights = [len(strata) for strata in shown.values()]
    figure = Figure(
        (6.2, 1.5 + 0.13 * (len(names) + 1) * sum(heights) + 0.5 * len(shown)),
        layout='constrained',
    )
    grid = figure.subplots(
        len(shown), 1, squeeze=False, sharex=True, height_ratios=heights
    )
    for axes, (stratification, strata) in zip(
        grid[:, 0], shown.items(), strict=True
    ):
        _bar_panel(axes, judged, names, strata)
        axes.set_title(_BAR_TITLES[stratification], size=10.5, loc='left')
    grid[-1, 0].set_xlabel('AUROC (0.5: chance)')
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc='outside lower center', ncols=3, frameon=False
    )
    return figure


_BAR_TITLES = {
    'joint': 'joint (share of wrong joints)',
    'size': 'longer side of the box (share of wrong joints)',
    'visibility': 'label of the joint (share of wrong joints)',
    'kind': 'kind of error (wrong joints), against all right joints',
}


def _bar_panel(
    axes: Axes,
    judged: EvaluationReport,
    names: list[str],
    strata: dict[str, Stratum],
) -> None:
    height = 0.8 / len(names)
    places = np.arange(len(strata))
    for k, name in enumerate(names):
        style = style_of(name, judged.names)
        estimates = [s.auroc[name] for s in strata.values()]
        values = np.array([e.value for e in estimates])
        axes.barh(
            places + (k - (len(names) - 1) / 2) * height,
            values - 0.5,
            height,
            left=0.5,
            xerr=_whiskers(estimates),
            color=style.color,
            hatch=(None, '////', '....')[k % 3],
            edgecolor='white',
            error_kw={'linewidth': 1, 'ecolor': '0.2'},
            label=style.label,
        )
    axes.axvline(0.5, color='0.3', linewidth=1)
    axes.set(ylim=(len(strata) - 0.5, -0.5), xlim=(_lowest(strata, names), 1))
    axes.set_yticks(places, [_row_label(*item) for item in strata.items()])
    axes.grid(visible=False, axis='y')


def _whiskers(estimates: list[Estimate]) -> Floats:
    reach = [
        (e.value - e.low, e.high - e.value) if e.low == e.low else (0.0, 0.0)
        for e in estimates
    ]
    return np.maximum(np.nan_to_num(np.array(reach).T), 0)


def _lowest(strata: dict[str, Stratum], names: list[str]) -> float:
    values = [
        value
        for stratum in strata.values()
        for name in names
        for value in (stratum.auroc[name].value, stratum.auroc[name].low)
        if value == value
    ]
    return min(0.5, np.floor(min(values, default=0.5) * 10) / 10)


def _row_label(name: str, stratum: Stratum) -> str:
    name = name.replace('_', ' ')
    if not stratum.aurc:
        return f'{name} ({stratum.num_wrong:,})'
    return f'{name} ({stratum.num_wrong / stratum.num_joints:.0%})'
