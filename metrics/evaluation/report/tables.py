"""Markdown tables of evaluations."""

import math
from collections.abc import Sequence

from ..statistics.evaluate import (
    LEVEL,
    METRICS,
    MORE_IS_BETTER,
    Estimate,
    Evaluation,
)
from .labels import label_of

TITLES = {'Coverage': 'Coverage at 5 % risk'}


def markdown_table(
    header: Sequence[str], rows: Sequence[Sequence[str]]
) -> str:
    """Format a table; the first column is text, the others are numbers.

    Args:
        header: Titles of the columns.
        rows: Cells of each row.

    Returns:
        The table, without a newline at its end.

    Examples:
        >>> print(markdown_table(['score', 'AUROC'], [['trust', '0.900']]))
        | score | AUROC |
        | --- | ---: |
        | trust | 0.900 |
    """
    lines = [header, ['---', *['---:'] * (len(header) - 1)], *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def format_number(value: float) -> str:
    """Format a number with three decimals.

    Args:
        value: Number, or NaN.

    Returns:
        The text; an en dash for NaN.

    Example:
        >>> format_number(0.88637)
        '0.886'
    """
    return '–' if math.isnan(value) else f'{value:.3f}'


def format_estimate(estimate: Estimate, sign: str = '') -> str:
    """Format an estimate with its interval.

    Args:
        estimate: Estimate; its interval is NaN if there is none.
        sign: ``'+'`` writes the sign of positive numbers too.

    Returns:
        The text, without brackets if there is no interval; an en dash for
        NaN.

    Example:
        >>> format_estimate(Estimate(0.886, 0.871, 0.899))
        '0.886 [0.871, 0.899]'
    """
    if math.isnan(estimate.value):
        return format_number(estimate.value)
    text = f'{estimate.value:{sign}.3f}'
    if math.isnan(estimate.low):
        return text
    return f'{text} [{estimate.low:{sign}.3f}, {estimate.high:{sign}.3f}]'


def format_difference(estimate: Estimate) -> str:
    """Format a difference with its sign and its interval.

    Args:
        estimate: Difference; its interval is NaN if there is none.

    Returns:
        The text, without brackets if there is no interval; an en dash for
        NaN.

    Example:
        >>> format_difference(Estimate(0.004, 0.002, 0.006))
        '+0.004 [+0.002, +0.006]'
    """
    return format_estimate(estimate, sign='+')


def scorer_table(evaluation: Evaluation) -> str:
    """Format the metrics of every score with their intervals.

    Args:
        evaluation: Metrics of every score.

    Returns:
        A table in Markdown: one row per score, one column per metric.

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> print(scorer_table(report.evaluation))
        | score | AUROC ↑ | AUPR_error ↑ | ECE ↓ | ...
        | --- | ---: | ---: | ---: | ...
        | trust | 1.000 | 1.000 | 0.200 | ...
        | raw score | 0.917 | 0.833 | 0.300 | ...
    """
    arrows = [
        f'{TITLES.get(name, name)} {"↑" if name in MORE_IS_BETTER else "↓"}'
        for name in METRICS
    ]
    rows = [
        [label_of(name), *(format_estimate(values[m]) for m in METRICS)]
        for name, values in evaluation.scorers.items()
    ]
    return markdown_table(['score', *arrows], rows)


def difference_table(evaluation: Evaluation) -> str:
    """Format each score minus the reference with intervals.

    An interval that excludes 0 is printed in bold.

    Args:
        evaluation: Metrics of every score.

    Returns:
        A table in Markdown: one row per score, one column per metric.

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> print(difference_table(report.evaluation))
        | minus raw score | AUROC | AUPR_error | ECE | ...
        | --- | ---: | ---: | ---: | ...
        | trust | +0.083 | +0.167 | -0.100 | ...
    """
    rows = [
        [label_of(name), *(highlight_difference(values[m]) for m in METRICS)]
        for name, values in evaluation.differences.items()
    ]
    header = [TITLES.get(name, name) for name in METRICS]
    return markdown_table(
        [f'minus {label_of(evaluation.reference)}', *header], rows
    )


def base_rate(evaluation: Evaluation) -> str:
    """Describe the evaluated joints and the share of wrong ones.

    Args:
        evaluation: Metrics of every score.

    Returns:
        One sentence.

    Example:
        With the ``report`` of :class:`EvaluationReport`:

        >>> print(base_rate(report.evaluation))
        8 labeled joints of 4 persons in 4 images; share of wrong joints 0.250.
    """
    brackets = f' (brackets: {LEVEL} % intervals, images resampled)'
    if math.isnan(evaluation.error_rate.low):
        brackets = ''
    return (
        f'{evaluation.num_joints:,} labeled joints of '
        f'{evaluation.num_persons:,} persons in {evaluation.num_images:,} '
        'images; share of wrong joints '
        f'{format_estimate(evaluation.error_rate)}{brackets}.'
    )


def is_significant(difference: Estimate) -> bool:
    """Return whether the interval of a difference excludes 0.

    Args:
        difference: Difference; its interval is NaN if there is none.

    Returns:
        False if there is no interval.

    Example:
        >>> is_significant(Estimate(0.004, -0.001, 0.009))
        False
    """
    return difference.low > 0 or difference.high < 0


def highlight_difference(difference: Estimate) -> str:
    """Format a difference; in bold where its interval excludes 0.

    Args:
        difference: Difference; its interval is NaN if there is none.

    Returns:
        Markdown.

    Example:
        >>> highlight_difference(Estimate(0.004, 0.002, 0.006))
        '**+0.004 [+0.002, +0.006]**'
    """
    text = format_difference(difference)
    return f'**{text}**' if is_significant(difference) else text
