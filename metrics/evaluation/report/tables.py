"""Write evaluations as Markdown."""

import math
from collections.abc import Sequence

from ..statistics.evaluate import LEVEL, METRICS, Estimate, Evaluation
from .labels import label_of

TITLES = {'Coverage': 'Coverage at 5 % risk'}


def markdown_table(
    header: Sequence[str], rows: Sequence[Sequence[str]]
) -> str:
    """Return a table; the first column is text, the others are numbers.

    Args:
        header: Titles of the columns.
        rows: Cells of each row.

    Returns:
        The table, without a newline at its end.
    """
    lines = [header, ['---', *['---:'] * (len(header) - 1)], *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def number(value: float) -> str:
    """Return a figure with three digits, an en dash where it is NaN."""
    return '–' if math.isnan(value) else f'{value:.3f}'


def with_interval(estimate: Estimate) -> str:
    """Return a figure and, where there is one, its interval."""
    if math.isnan(estimate.low):
        return number(estimate.value)
    return (
        f'{number(estimate.value)} '
        f'[{number(estimate.low)}, {number(estimate.high)}]'
    )


def scorer_table(evaluation: Evaluation) -> str:
    """Return the figures of every score, with their intervals.

    Args:
        evaluation: What every score reaches.

    Returns:
        Markdown: one row per score, one column per metric.
    """
    arrows = [
        f'{TITLES.get(name, name)} {"↑" if more else "↓"}'
        for name, more in METRICS.items()
    ]
    rows = [
        [
            label_of(name),
            *(with_interval(figures[metric]) for metric in METRICS),
        ]
        for name, figures in evaluation.scorers.items()
    ]
    return markdown_table(['score', *arrows], rows)


def difference_table(evaluation: Evaluation) -> str:
    """Return each score minus the reference, with intervals.

    An interval without 0 is printed in bold.

    Args:
        evaluation: What every score reaches.

    Returns:
        Markdown: one row per score, one column per metric.
    """
    rows = [
        [label_of(name), *(_difference(figures[metric]) for metric in METRICS)]
        for name, figures in evaluation.differences.items()
    ]
    header = [TITLES.get(name, name) for name in METRICS]
    return markdown_table(
        [f'minus {label_of(evaluation.reference)}', *header], rows
    )


def base_rate(evaluation: Evaluation) -> str:
    """Return what was judged, in one sentence."""
    return (
        f'{evaluation.num_joints:,} labeled joints of '
        f'{evaluation.num_persons:,} persons in {evaluation.num_images:,} '
        f'images; share of wrong joints {with_interval(evaluation.error_rate)}'
        f' (brackets: {LEVEL} % intervals, images resampled).'
    )


def signed(estimate: Estimate) -> str:
    """Return a difference with its sign and, where there is one, interval."""
    if math.isnan(estimate.value):
        return number(estimate.value)
    text = f'{estimate.value:+.3f}'
    if math.isnan(estimate.low):
        return text
    return f'{text} [{estimate.low:+.3f}, {estimate.high:+.3f}]'


def _difference(estimate: Estimate) -> str:
    clear = estimate.low > 0 or estimate.high < 0
    return f'**{signed(estimate)}**' if clear else signed(estimate)
